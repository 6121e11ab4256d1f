// Package credential reads the secrets, certificates and tokens that the exporter signs in
// with. It reads their files again at each sign-in.
package credential

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/configfile"
)

// A SignIn is how the exporter signs in to a tenant. Sources are the names of the flags,
// variables or fields that say so.
type SignIn struct {
	configfile.Auth
	Secret   graphclient.Secret // the secret itself, if no file holds it
	Password graphclient.Secret // of the certificate's file, if no file holds it
	Sources  []string
}

// String returns the method and its sources. It shows no secret.
func (s SignIn) String() string {
	if s.Method == "" {
		return "signs in nowhere"
	}
	return fmt.Sprintf("signs in by %s (%s)", s.Method, strings.Join(s.Sources, ", "))
}

// A Source reads the credential of one tenant. Its methods may be called concurrently.
type Source struct {
	SignIn
	expires time.Time // declared end of the secret
	// certificateEnds is the end of the certificate that was last read without an error.
	certificateEnds atomic.Pointer[time.Time]
}

// NewSource returns the source for a way to sign in. expires is the declared end of the
// secret, zero if none is declared.
func NewSource(s SignIn, expires time.Time) *Source { return &Source{SignIn: s, expires: expires} }

// Credential returns the credential for the client of Graph, which reads the files each time
// that it signs in.
func (s *Source) Credential() graphclient.Credential {
	switch s.Method {
	case configfile.MethodCertificate:
		return graphclient.ClientCertificate(s.certificate)
	case configfile.MethodWorkloadIdentity:
		return graphclient.FederatedToken(func() (graphclient.Secret, error) {
			return readText("federated token file", s.FederatedTokenFile)
		})
	case configfile.MethodManagedIdentity:
		return graphclient.ManagedIdentity()
	case configfile.MethodAzureCLI:
		return graphclient.AzureCLI()
	}
	return graphclient.ClientSecret(s.clientSecret)
}

// CheckFiles reads the files of the credential. It returns an error if one cannot be read or
// does not hold what it should.
func (s *Source) CheckFiles() error {
	var err error
	switch s.Method {
	case configfile.MethodSecret:
		_, err = s.clientSecret()
	case configfile.MethodCertificate:
		_, err = s.certificate()
	case configfile.MethodWorkloadIdentity:
		_, err = readText("federated token file", s.FederatedTokenFile)
	}
	return err
}

// Ends returns when the credential ends, by its kind, secret or certificate. The end of a
// certificate is known once it has been read.
func (s *Source) Ends() map[string]time.Time {
	switch s.Method {
	case configfile.MethodSecret:
		return map[string]time.Time{"secret": s.expires}
	case configfile.MethodCertificate:
		if end := s.certificateEnds.Load(); end != nil {
			return map[string]time.Time{"certificate": *end}
		}
	}
	return nil
}

func (s *SignIn) clientSecret() (graphclient.Secret, error) {
	if s.ClientSecretFile == "" {
		return s.Secret, nil
	}
	return readText("client secret file", s.ClientSecretFile)
}

// certificate reads the certificate with its key, and stores its end.
func (s *Source) certificate() (*graphclient.Certificate, error) {
	c, err := s.readCertificate()
	if err == nil {
		end := c.Ends()
		s.certificateEnds.Store(&end)
	}
	return c, err
}

func (s *SignIn) readCertificate() (*graphclient.Certificate, error) {
	const what = "client certificate file"
	certificate, err := readFile(what, s.ClientCertificateFile)
	if err != nil {
		return nil, err
	}
	var key []byte
	if s.ClientKeyFile != "" {
		if key, err = readFile("client key file", s.ClientKeyFile); err != nil {
			return nil, err
		}
	}
	password := s.Password
	if s.CertificatePasswordFile != "" {
		if password, err = readText("certificate password file", s.CertificatePasswordFile); err != nil {
			return nil, err
		}
	}
	c, err := graphclient.ParseCertificate(certificate, key, password)
	if err != nil {
		return nil, &FileError{what, s.ClientCertificateFile, err}
	}
	return c, nil
}
