package graphclient

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	minTokenBackoff = time.Second
	maxTokenBackoff = 15 * time.Second
	// maxLifetime is more than Entra grants (up to 24 hours and a bit).
	maxLifetime = 25 * time.Hour
	// maxAhead is how long before its end a token is renewed at most.
	maxAhead = 5 * time.Minute
)

// A credential is what a sign-in brings.
type credential struct {
	token   string
	expires time.Time
	renew   time.Time // when to sign in again, while the token still serves
}

// A fetch is one sign-in under way and those who wait for it.
type fetch struct {
	done chan struct{}
	err  *Error // valid once done
}

// A tokenCache signs in when a token is needed: one sign-in at a time, shared by
// all who wait, each of whom leaves when its own context ends. While the old token
// is valid, a sign-in that fails costs nothing.
type tokenCache struct {
	signIn func(context.Context) (credential, *Error)

	mu       sync.Mutex
	held     credential
	fetching *fetch
	failed   *Error // the last sign-in's, nil if it succeeded
	failures int    // in a row
	retry    time.Time
}

func newTokenCache(s signIn) *tokenCache { return &tokenCache{signIn: s.fetch} }

// token returns a valid token.
func (c *tokenCache) token(ctx context.Context) (string, *Error) {
	for {
		token, f, err := c.current(time.Now())
		if token != "" || err != nil {
			return token, err
		}
		select {
		case <-f.done:
			if f.err != nil {
				return "", f.err
			}
		case <-ctx.Done():
			return "", transportError(ctx, OperationToken, ctx.Err())
		}
	}
}

// current returns the token at hand, or the sign-in to wait for, or why there is
// neither. It starts a sign-in if one is due.
func (c *tokenCache) current(now time.Time) (string, *fetch, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	valid := now.Before(c.held.expires)
	if valid && now.Before(c.held.renew) {
		return c.held.token, nil, nil
	}
	if c.fetching == nil && !now.Before(c.retry) {
		c.fetching = &fetch{done: make(chan struct{})}
		go c.renew(c.fetching)
	}
	switch {
	case valid:
		return c.held.token, nil, nil
	case c.fetching != nil:
		return "", c.fetching, nil
	}
	return "", nil, c.failed
}

// renew signs in on behalf of everybody: no single caller's context may end it,
// but the time for one request does.
func (c *tokenCache) renew(f *fetch) {
	ctx, cancel := context.WithTimeout(withOperation(context.Background(), OperationToken), requestLimit)
	defer cancel()
	held, err := c.signIn(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fetching, f.err = nil, err
	if err == nil {
		c.held, c.failed, c.failures, c.retry = held, nil, 0, time.Time{}
	} else {
		c.failed, c.failures = err, c.failures+1
		c.retry = time.Now().Add(tokenBackoff(c.failures, err.RetryAfter))
	}
	close(f.done)
}

// tokenBackoff returns how long not to sign in after so many failures in a row.
func tokenBackoff(failures int, retryAfter time.Duration) time.Duration {
	if retryAfter > 0 {
		return retryAfter
	}
	d := min(minTokenBackoff<<min(failures-1, 10), maxTokenBackoff)
	return d/2 + rand.N(d/2)
}

// reject drops a token that Graph refused, unless it has been replaced already.
func (c *tokenCache) reject(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held.token == token {
		c.held = credential{}
	}
}

var (
	errLifetime  = errors.New("a token without a sane lifetime (expires_in)")
	errTokenType = errors.New("a token that is not of type Bearer")
	errNoToken   = errors.New("an answer without a token")
)

// newCredential judges what the token endpoint granted. A token that does not say
// when it ends is no token for ever.
func newCredential(token, kind string, lifetime time.Duration, now time.Time) (credential, error) {
	switch {
	case token == "":
		return credential{}, errNoToken
	case !bearer(kind):
		return credential{}, errTokenType
	case lifetime <= 0:
		return credential{}, errLifetime
	}
	lifetime = min(lifetime, maxLifetime)
	ahead := min(maxAhead, lifetime/5)
	return credential{token: token, expires: now.Add(lifetime - min(ahead, 10*time.Second)), renew: now.Add(lifetime - ahead)}, nil
}
