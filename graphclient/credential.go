package graphclient

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// A Credential is how a client shows who it is. Make one with [ClientSecret],
// [ClientCertificate], [FederatedToken], [ManagedIdentity] or [AzureCLI], one for each
// client: it remembers what was accepted last.
type Credential interface {
	// requestToken signs in once. It is called by one goroutine at a time.
	requestToken(ctx context.Context, s *signIn, x *exchange) (accessToken, *Error)
}

// A CredentialState says what a client signs in with.
type CredentialState struct {
	// Ends is when the certificate in use ends: the one that was accepted last, or, before any
	// was, the one that was read last. Zero if that is not known, as of a secret.
	Ends time.Time
	// Fallback reports that the configured credential cannot be used, and that the client signs
	// in with the one that was accepted last.
	Fallback bool
	// Retry is when a configured credential that was refused is shown again, unless it changes
	// before; zero if it was not refused.
	Retry time.Time
}

// SignInRetry returns when signing in, which has failed, is tried again at the earliest; the zero time
// while it works. It may be over already.
func (c *Client) SignInRetry() time.Time { return c.tokens.retry() }

// CredentialState returns what the client signs in with, as of the last sign-in.
func (c *Client) CredentialState() CredentialState {
	if r, ok := c.credential.(*rereadCredential); ok {
		if state := r.state.Load(); state != nil {
			return *state
		}
	}
	return CredentialState{}
}

// ClientSecret returns the credential that is the secret of an application. read is called
// at each sign-in, so that a rotated one is noticed.
func ClientSecret(read func() (Secret, error)) Credential {
	return &rereadCredential{read: func() (clientAuth, error) {
		secret, err := read()
		if err == nil && secret == "" {
			err = errors.New("the client secret is empty")
		}
		return clientAuth{id: secret, params: func(string, string) (url.Values, error) {
			return url.Values{"client_secret": {string(secret)}}, nil
		}}, err
	}}
}

// FederatedToken returns the credential that is a token of another issuer which the
// application trusts, such as the token that Kubernetes gives a service account. read is
// called at each sign-in: such tokens are replaced every hour or so.
func FederatedToken(read func() (Secret, error)) Credential {
	return &rereadCredential{read: func() (clientAuth, error) {
		token, err := read()
		if err == nil && strings.Count(string(token), ".") != 2 {
			err = errors.New("the federated token is not one: want a JWT, three parts with dots between")
		}
		return clientAuth{id: token, params: func(string, string) (url.Values, error) {
			return assertion(string(token)), nil
		}}, err
	}}
}

// A clientAuth is how a client authenticates in one request for a token (RFC 6749, section 2.3).
type clientAuth struct {
	id       Secret    // is equal where the secret, the token or the certificate is
	password Secret    // of the file that it is from
	ends     time.Time // zero: not known
	// params returns the parameters of a request to that token endpoint for that
	// application: a client_secret, or a client_assertion and its type.
	params func(audience, clientID string) (url.Values, error)
}

// assertion returns the parameters that carry a JWT in place of a secret.
func assertion(token string) url.Values {
	return url.Values{
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {token},
	}
}

// A rereadCredential is a credential that is read again at each sign-in. It may be replaced at any
// time, and may be found half written: until the new one is accepted, the last one that was serves.
// A file that is gone is no half written one.
type rereadCredential struct {
	read       func() (clientAuth, error)
	reading    chan readResult // of a read that has not ended yet; nil: there is none
	accepted   *clientAuth     // last, since the file was there
	rejections map[Secret]rejection
	state      atomic.Pointer[CredentialState]
}

// requestToken implements [Credential].
func (c *rereadCredential) requestToken(ctx context.Context, s *signIn, x *exchange) (accessToken, *Error) {
	now, err := c.readWithin(ctx, maxRead)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.accepted = nil // it was taken away, and so is what it permitted
		c.publish(CredentialState{})
		return accessToken{}, credentialError(err)
	case err != nil:
		return c.fallBack(ctx, s, x, clientAuth{}, credentialError(err))
	}
	held, failure := c.ask(ctx, s, x, now)
	switch {
	case failure == nil:
		c.accepted = &now
		c.publish(CredentialState{Ends: now.ends})
	case failure.Reason == ReasonCredential:
		return c.fallBack(ctx, s, x, now, failure)
	}
	return held, failure
}

// fallBack signs in with the credential that was accepted last, because the configured one cannot be
// used. If both fail, the error is that of the configured one, which a person can correct.
func (c *rereadCredential) fallBack(ctx context.Context, s *signIn, x *exchange, now clientAuth, why *Error) (accessToken, *Error) {
	state := CredentialState{Ends: now.ends, Retry: c.rejections[now.id].retry}
	if c.accepted == nil || c.accepted.id == now.id {
		c.publish(state)
		return accessToken{}, why
	}
	held, failure := c.ask(ctx, s, x, *c.accepted)
	switch {
	case failure == nil:
		s.cfg.Logger.WarnContext(ctx, "The configured credential cannot be used, signing in with the last accepted one", "err", s.redact.scrub(why))
		c.publish(CredentialState{Ends: c.accepted.ends, Fallback: true, Retry: state.Retry})
		return held, nil
	case failure.Reason == ReasonCredential:
		c.publish(state)
		return accessToken{}, why
	}
	return accessToken{}, failure
}

// publish makes the state what [Client.CredentialState] returns.
func (c *rereadCredential) publish(state CredentialState) { c.state.Store(&state) }

// A readResult is what reading a credential has brought.
type readResult struct {
	auth clientAuth
	err  error
}

// maxRead bounds how long a sign-in waits for its credential to be read: the file may be on a
// network that hangs.
const maxRead = 10 * time.Second

// readWithin reads the credential, or goes on waiting for a read that has not ended yet: however
// long it takes, there is one.
func (c *rereadCredential) readWithin(ctx context.Context, limit time.Duration) (clientAuth, error) {
	if c.reading == nil {
		done := make(chan readResult, 1)
		go func() {
			auth, err := c.read()
			done <- readResult{auth, err}
		}()
		c.reading = done
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	select {
	case r := <-c.reading:
		c.reading = nil
		return r.auth, r.err
	case <-ctx.Done():
		return clientAuth{}, errors.New("reading the credential has not ended within " + limit.String())
	}
}
