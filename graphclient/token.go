package graphclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	minTokenPause = time.Second
	maxTokenPause = 15 * time.Second
	// maxLifetime is a little more than the day that Entra grants at most.
	maxLifetime = 25 * time.Hour
	// maxRenewAhead is how long before its end a token is renewed at most, and margin how long
	// before it is no longer sent: the way to Graph takes time, and clocks differ.
	maxRenewAhead = 5 * time.Minute
	sendMargin    = 2 * time.Second
)

// A accessToken is what a sign-in brings.
type accessToken struct {
	token   string
	renew   time.Time // when to sign in again, while the token still serves
	expires time.Time
}

// A renewal is one sign-in under way, for those who wait for it.
type renewal struct {
	done chan struct{}
	// Valid once done:
	token string
	err   *Error
}

// A tokenCache signs in when a token is needed: one sign-in at a time, shared by all who wait,
// each of which leaves when its own context ends. While the old token is valid, a sign-in that
// fails costs nothing. After a failure there is a pause, in which every caller gets its error.
// All methods may be called at once.
//
// oauth2.ReuseTokenSource does none of this: ten callers behind a token endpoint that hangs
// wait for ten timeouts, one after the other.
type tokenCache struct {
	signIn func(context.Context) (accessToken, *Error)
	log    *slog.Logger

	mu       sync.Mutex
	held     accessToken
	renewing *renewal
	failed   *Error    // why there is a pause
	pause    time.Time // until then
	failures int       // of sign-ins in a row
	rejected int       // tokens in a row that Graph never accepted
}

// token returns a token to send.
func (c *tokenCache) token(ctx context.Context) (string, *Error) {
	token, f, err := c.current(time.Now())
	if f == nil {
		return token, err
	}
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return "", waitError(ctx, OperationToken)
	}
}

// current returns the token at hand, or the sign-in to wait for, or why there is neither. It
// starts a sign-in if one is due.
func (c *tokenCache) current(now time.Time) (string, *renewal, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	valid := now.Before(c.held.expires)
	if valid && now.Before(c.held.renew) {
		return c.held.token, nil, nil
	}
	if c.renewing == nil && !now.Before(c.pause) {
		c.renewing = &renewal{done: make(chan struct{})}
		go c.renew(c.renewing)
	}
	switch {
	case valid:
		return c.held.token, nil, nil
	case c.renewing != nil:
		return "", c.renewing, nil
	}
	return "", nil, c.failed
}

// renew signs in on behalf of everybody: no caller's context may end it, but the time for one
// request does.
func (c *tokenCache) renew(f *renewal) {
	defer close(f.done)
	ctx, cancel := context.WithTimeout(withOperation(context.Background(), OperationToken), requestLimit)
	defer cancel()
	held, err := c.signIn(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	f.token, f.err, c.renewing = held.token, err, nil
	if err != nil {
		c.fail(ctx, err)
		return
	}
	if c.failures > 0 {
		c.log.InfoContext(ctx, "Signing in works again", "failures", c.failures)
	}
	c.held, c.failed, c.pause, c.failures = held, nil, time.Time{}, 0
}

// fail notes a sign-in that failed. Callers get its error and log it; while
// the old token serves, nobody else would.
func (c *tokenCache) fail(ctx context.Context, err *Error) {
	c.failures++
	if now := time.Now(); c.failures == 1 && now.Before(c.held.expires) {
		c.log.WarnContext(ctx, "Signing in fails, the old token serves meanwhile", "remaining", c.held.expires.Sub(now).Round(time.Second), "err", err)
	}
	c.failed, c.pause = err, time.Now().Add(tokenPause(c.failures, err.RetryAfter))
}

// retry returns when signing in, which has failed, is tried again at the earliest; zero while it works.
func (c *tokenCache) retry() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed == nil {
		return time.Time{}
	}
	return c.pause
}

// tokenPause returns how long not to sign in after so many failures in a row.
func tokenPause(failures int, retryAfter time.Duration) time.Duration {
	return max(retryAfter, jittered(min(minTokenPause<<min(failures-1, 10), maxTokenPause)))
}

// accept notes that Graph took a token.
func (c *tokenCache) accept(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held.token == token {
		c.rejected = 0
	}
}

// reject drops a token that Graph refused, unless it has been replaced already. The next one
// may be had at once; if Graph refuses that too, they come at the pace of failures.
func (c *tokenCache) reject(token string, why *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held.token != token {
		return
	}
	c.held = accessToken{}
	if c.rejected++; c.rejected > 1 {
		c.failed, c.pause = why, time.Now().Add(tokenPause(c.rejected-1, 0))
	}
}

// The faults of a token that came with status 200.
var (
	errNoToken   = errors.New("no token in it")
	errTokenLong = fmt.Errorf("a token of more than %d KiB", maxToken>>10)
	errTokenText = errors.New("a token that no header can carry")
	errTokenType = errors.New("a token that is not of type Bearer")
	errLifetime  = errors.New("a token without a lifetime (expires_in): it would never be renewed")
)

// newAccessToken judges what was granted to a request sent then.
func newAccessToken(token, kind string, lifetime time.Duration, sent time.Time) (accessToken, error) {
	switch {
	case token == "":
		return accessToken{}, errNoToken
	case len(token) > maxToken:
		return accessToken{}, errTokenLong
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return accessToken{}, errTokenText
	case !strings.EqualFold(kind, "Bearer"):
		return accessToken{}, errTokenType
	case lifetime <= 0:
		return accessToken{}, errLifetime
	}
	lifetime = min(lifetime, maxLifetime)
	ahead := min(maxRenewAhead, lifetime/5)
	return accessToken{
		token:   token,
		renew:   sent.Add(lifetime - ahead),
		expires: sent.Add(lifetime - min(sendMargin, ahead)),
	}, nil
}
