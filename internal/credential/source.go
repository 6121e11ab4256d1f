// Package credential reads what the exporter signs in to a tenant with from its files,
// anew each time that it is needed.
package credential

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/configfile"
)

// A SignIn is how the exporter signs in to a tenant, and what says so: the names of
// flags, of variables or of fields.
type SignIn struct {
	configfile.Auth
	Secret   graphclient.Secret // itself, where no file holds it
	Password graphclient.Secret // of the certificate's file, likewise
	Sources  []string
}

// String returns the method and what says so, and no secret.
func (s SignIn) String() string {
	if s.Method == "" {
		return "signs in nowhere"
	}
	return fmt.Sprintf("signs in by %s (%s)", s.Method, strings.Join(s.Sources, ", "))
}

// A Source is where what the exporter signs in to one tenant with is read from.
type Source struct {
	SignIn
	expires time.Time // declared of the secret
	// certificateEnds is when the certificate that was last read well ends.
	certificateEnds atomic.Pointer[time.Time]
}

// NewSource returns the source of a way to sign in. If that is a secret, expires is the
// end that was declared for it, zero if none was.
func NewSource(s SignIn, expires time.Time) *Source { return &Source{SignIn: s, expires: expires} }

// Credential returns what the exporter signs in to the tenant with. All files are
// read anew each time that it is needed.
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

// CheckFiles reports why what the exporter signs in with cannot be read, as far as it
// is in files.
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

// Ends returns when the credential ends, by its kind, as far as that is known: of a
// certificate since it was first read.
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

// certificate reads the certificate with its key, and notes when it ends.
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
