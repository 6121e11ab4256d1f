// Package credential reads the secrets, certificates and tokens that the exporter signs in
// with. It reads their files again at each sign-in.
package credential

import (
	"cmp"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/configfile"
	"msgraph_security_exporter/internal/show"
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
	logger  *slog.Logger

	mu sync.Mutex
	// hints are the last ones about each file.
	hints map[string]string
	// certificateEnds is the end of the certificate that was last read without an error.
	certificateEnds atomic.Pointer[time.Time]
}

// NewSource returns the source for a way to sign in. expires is the declared end of the
// secret, zero if none is declared. The logger gets a warning about each file, or variable, that
// is read well and looks wrong; nil: nobody does.
func NewSource(s SignIn, expires time.Time, logger *slog.Logger) *Source {
	return &Source{SignIn: s, expires: expires, logger: cmp.Or(logger, slog.New(slog.DiscardHandler)), hints: map[string]string{}}
}

// hint warns of what is doubtful about a file, or a variable, once and again when that changes.
func (s *Source) hint(what, name string, hints []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.Join(hints, "; ")
	if s.hints[what+name] == text {
		return
	}
	s.hints[what+name] = text
	if text != "" {
		s.logger.Warn("What the exporter signs in with looks wrong", "from", show.Path(name), "hint", text)
	}
}

// Credential returns the credential for the client of Graph, which reads the files each time
// that it signs in.
func (s *Source) Credential() graphclient.Credential {
	switch s.Method {
	case configfile.MethodCertificate:
		return graphclient.ClientCertificate(s.certificate)
	case configfile.MethodWorkloadIdentity:
		return graphclient.FederatedToken(func() (graphclient.Secret, error) {
			return s.readText("federated token file", s.FederatedTokenFile, everyone)
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
		_, err = s.readText("federated token file", s.FederatedTokenFile, everyone)
	}
	return err
}

// Ends returns when the credential ends, by its kind, secret or certificate. The state is that of
// the client, of which the end of a certificate is: of the one in use. Before it has signed in, it
// is of the certificate that was read. What is declared of a secret holds for the configured one.
func (s *Source) Ends(state graphclient.CredentialState) map[string]time.Time {
	switch s.Method {
	case configfile.MethodSecret:
		if state.Fallback {
			return nil
		}
		return map[string]time.Time{"secret": s.expires}
	case configfile.MethodCertificate:
		if !state.Ends.IsZero() {
			return map[string]time.Time{"certificate": state.Ends}
		}
		if end := s.certificateEnds.Load(); end != nil {
			return map[string]time.Time{"certificate": *end}
		}
	}
	return nil
}

func (s *Source) clientSecret() (graphclient.Secret, error) {
	if s.ClientSecretFile == "" {
		if s.Secret != "" {
			s.hint("client secret", strings.Join(s.Sources, " "), textHints([]byte(s.Secret)))
		}
		return s.Secret, nil
	}
	return s.readText("client secret file", s.ClientSecretFile, owner)
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

func (s *Source) readCertificate() (*graphclient.Certificate, error) {
	const what = "client certificate file"
	readers := owner
	if s.ClientKeyFile != "" {
		readers = everyone // the certificate itself is public
	}
	certificate, err := s.readFile(what, s.ClientCertificateFile, readers)
	if err != nil {
		return nil, err
	}
	var key []byte
	if s.ClientKeyFile != "" {
		if key, err = s.readFile("client key file", s.ClientKeyFile, owner); err != nil {
			return nil, err
		}
	}
	password := s.Password
	if s.CertificatePasswordFile != "" {
		if password, err = s.readText("certificate password file", s.CertificatePasswordFile, owner); err != nil {
			return nil, err
		}
	}
	c, err := graphclient.ParseCertificate(certificate, key, password)
	if err != nil {
		return nil, &FileError{what, s.ClientCertificateFile, err}
	}
	return c, nil
}
