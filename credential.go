package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/config/file"
)

// maxProof is longer than anything that one signs in with: a chain of certificates
// has a few KiB.
const maxProof = 64 << 10

// credential returns what the exporter signs in to the tenant with. All files are
// read anew each time that it is needed.
func (a *account) credential() graphclient.Credential {
	switch a.signIn.Method {
	case file.MethodCertificate:
		return graphclient.ClientCertificate(a.certificate)
	case file.MethodWorkloadIdentity:
		return graphclient.FederatedToken(func() (graphclient.Secret, error) {
			return readText("federated token file", a.signIn.FederatedTokenFile)
		})
	case file.MethodManagedIdentity:
		return graphclient.ManagedIdentity()
	case file.MethodAzureCLI:
		return graphclient.AzureCLI()
	}
	return graphclient.ClientSecret(a.signIn.clientSecret)
}

// readable reports why what the exporter signs in with cannot be read, as far as it
// is in files.
func (a *account) readable() error {
	var err error
	switch a.signIn.Method {
	case file.MethodSecret:
		_, err = a.signIn.clientSecret()
	case file.MethodCertificate:
		_, err = a.certificate()
	case file.MethodWorkloadIdentity:
		_, err = readText("federated token file", a.signIn.FederatedTokenFile)
	}
	return err
}

// ends returns when the credential ends, by its kind, as far as that is known: of a
// certificate since it was first read.
func (a *account) ends() map[string]time.Time {
	switch a.signIn.Method {
	case file.MethodSecret:
		return map[string]time.Time{"secret": a.SecretExpires}
	case file.MethodCertificate:
		if end := a.certificateEnds.Load(); end != nil {
			return map[string]time.Time{"certificate": *end}
		}
	}
	return nil
}

func (s *signIn) clientSecret() (graphclient.Secret, error) {
	if s.ClientSecretFile == "" {
		return s.secret, nil
	}
	return readText("client secret file", s.ClientSecretFile)
}

// certificate reads the certificate with its key, and notes when it ends.
func (a *account) certificate() (*graphclient.Certificate, error) {
	c, err := a.signIn.readCertificate()
	if err == nil {
		end := c.Ends()
		a.certificateEnds.Store(&end)
	}
	return c, err
}

func (s *signIn) readCertificate() (*graphclient.Certificate, error) {
	const what = "client certificate file"
	certificate, err := readProof(what, s.ClientCertificateFile)
	if err != nil {
		return nil, err
	}
	var key []byte
	if s.ClientKeyFile != "" {
		if key, err = readProof("client key file", s.ClientKeyFile); err != nil {
			return nil, err
		}
	}
	password := s.password
	if s.CertificatePasswordFile != "" {
		if password, err = readText("certificate password file", s.CertificatePasswordFile); err != nil {
			return nil, err
		}
	}
	c, err := graphclient.ParseCertificate(certificate, key, password)
	if err != nil {
		return nil, &proofError{what, s.ClientCertificateFile, err}
	}
	return c, nil
}

// A proofError says what is wrong with a file that one signs in with.
type proofError struct {
	what, path string
	cause      error
}

// Error implements error. It tells nothing of what is in the file.
func (e *proofError) Error() string { return fmt.Sprintf("%s %s: %v", e.what, e.path, e.cause) }

// Unwrap returns what was wrong, so that one can tell whether the file is there.
func (e *proofError) Unwrap() error { return e.cause }

// readText reads a secret, a password or a token from a file, without the line end
// that editors and echo add.
func readText(what, path string) (graphclient.Secret, error) {
	raw, err := readProof(what, path)
	if err != nil {
		return "", err
	}
	text := bytes.TrimRight(raw, "\r\n")
	if len(bytes.TrimSpace(text)) == 0 {
		return "", &proofError{what, path, errors.New("is empty")}
	}
	return graphclient.Secret(text), nil
}

// readProof reads what is in a file. Its errors are all of type *proofError.
func readProof(what, path string) ([]byte, error) {
	raw, err := readRegular(path, maxProof)
	if err != nil {
		return nil, &proofError{what, path, cause(err)}
	}
	return raw, nil
}

// readRegular reads a file of a limited size. Pipes are refused: one can be read a
// single time, and before anybody writes to it not at all.
func readRegular(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("is a directory")
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a regular file, which could be read anew at each sign-in")
	case info.Size() > limit:
		return nil, fmt.Errorf("is longer than %d KiB", limit>>10)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// cause returns what was wrong with a file without the file's name, which the
// message around it gives.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
