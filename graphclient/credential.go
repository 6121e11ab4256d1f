package graphclient

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"strings"
)

// A Credential is how a client shows who it is. Make one with [ClientSecret],
// [ClientCertificate], [FederatedToken], [ManagedIdentity] or [AzureCLI], one for each
// client: it remembers what was accepted last.
type Credential interface {
	// grant signs in once. It is called by one goroutine at a time.
	grant(ctx context.Context, s *signIn, x *exchange) (grant, *Error)
}

// ClientSecret returns the credential that is the secret of an application. read is called
// at each sign-in, so that a rotated one is noticed.
func ClientSecret(read func() (Secret, error)) Credential {
	return &proven{read: func() (proof, error) {
		secret, err := read()
		if err == nil && secret == "" {
			err = errors.New("the client secret is empty")
		}
		return secretProof(secret), err
	}}
}

// FederatedToken returns the credential that is a token of another issuer which the
// application trusts, such as the token that Kubernetes gives a service account. read is
// called at each sign-in: such tokens are replaced every hour or so.
func FederatedToken(read func() (Secret, error)) Credential {
	return &proven{read: func() (proof, error) {
		token, err := read()
		if err == nil && strings.Count(string(token), ".") != 2 {
			err = errors.New("the federated token is not one: want a JWT, three parts with dots between")
		}
		return assertionProof(token), err
	}}
}

// A proof is what a client credentials request shows.
type proof struct {
	id       Secret // is equal where proofs are
	password Secret // of the file that it is from
	// params returns the parameters of a request to that token endpoint for that
	// application: a client_secret, or a client_assertion and its type.
	params func(audience, clientID string) (url.Values, error)
}

func secretProof(secret Secret) proof {
	return proof{id: secret, params: func(string, string) (url.Values, error) {
		return url.Values{"client_secret": {string(secret)}}, nil
	}}
}

func assertionProof(token Secret) proof {
	return proof{id: token, params: func(string, string) (url.Values, error) { return assertion(string(token)), nil }}
}

// assertion returns the parameters that carry a JWT in place of a secret.
func assertion(token string) url.Values {
	return url.Values{
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {token},
	}
}

// proven is a credential of the client credentials grant. What it shows may be replaced at
// any time, and may be found half written: until the new proof is accepted, the last one
// that was serves. A file that is gone is no half written one.
type proven struct {
	read func() (proof, error)
	last *proof // that was accepted
}

func (c *proven) grant(ctx context.Context, s *signIn, x *exchange) (grant, *Error) {
	now, err := c.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return grant{}, unusable(err) // it was taken away, and so is what it permitted
	case err != nil:
		return c.fall(ctx, s, x, unusable(err))
	}
	held, failure := s.ask(ctx, x, now)
	switch {
	case failure == nil:
		c.last = &now
	case failure.Reason == ReasonCredential && c.last != nil && c.last.id != now.id:
		return c.fall(ctx, s, x, failure)
	}
	return held, failure
}

// fall signs in with the last proof that was accepted, because the one of now is of no use.
// If that is of no use either, the error is that of the new one, which a person put there.
func (c *proven) fall(ctx context.Context, s *signIn, x *exchange, why *Error) (grant, *Error) {
	if c.last == nil {
		return grant{}, why
	}
	held, failure := s.ask(ctx, x, *c.last)
	switch {
	case failure == nil:
		s.cfg.Logger.WarnContext(ctx, "The credential is of no use as it is now, the last one that was accepted serves", "err", s.redact.scrub(why))
		return held, nil
	case failure.Reason == ReasonCredential:
		return grant{}, why
	}
	return grant{}, failure
}
