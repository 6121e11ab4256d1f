package graphclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// signIn obtains tokens for one client.
type signIn struct {
	cfg      Config
	url      string // of the token endpoint
	resource string // the root of Graph
	scope    string
	redact   *redactor
}

func newSignIn(cfg Config, endpoint, authority *url.URL) *signIn {
	redact := &redactor{}
	redact.pin(roleOther, plainTexts(cfg.Hidden)...)
	return &signIn{
		cfg:      cfg,
		url:      authority.JoinPath(cfg.TenantID, "oauth2/v2.0/token").String(),
		resource: endpoint.String(),
		scope:    endpoint.String() + "/.default",
		redact:   redact,
	}
}

// newToken signs in once, and logs it.
func (s *signIn) newToken(ctx context.Context) (accessToken, *Error) {
	x := &exchange{base: s.cfg.Transport, agent: s.cfg.UserAgent, redact: s.redact}
	sent := time.Now()
	held, failure := s.cfg.Credential.requestToken(ctx, s, x)
	if x.status == 0 && x.err == nil && failure != nil {
		return accessToken{}, s.redact.scrub(failure) // nobody was asked
	}
	attrs := []slog.Attr{slog.String("operation", string(OperationToken)), slog.Duration("duration", time.Since(sent)), slog.Int("status", x.status)}
	if failure != nil {
		failure.RequestID = x.header.Get("X-Ms-Request-Id")
		failure = s.redact.scrub(failure)
		attrs = append(attrs, slog.Any("err", failure))
	} else {
		attrs = append(attrs, slog.Duration("lifetime", held.expires.Sub(sent)))
	}
	s.cfg.Logger.LogAttrs(ctx, slog.LevelDebug, "Asked for a token", attrs...)
	return held, failure
}

// ask makes one client credentials request. All is made afresh each time:
// what the library keeps between requests is kept by [tokenCache], and better.
func (s *signIn) ask(ctx context.Context, x *exchange, p clientAuth) (accessToken, *Error) {
	params, err := p.params(s.url, s.cfg.ClientID)
	if err != nil {
		return accessToken{}, credentialError(err)
	}
	s.redact.pin(rolePassword, string(p.password))
	shown := params.Get("client_secret") + params.Get("client_assertion")
	s.redact.hide(shown)
	request := clientcredentials.Config{
		ClientID:       s.cfg.ClientID,
		TokenURL:       s.url,
		Scopes:         []string{s.scope},
		EndpointParams: params,
		AuthStyle:      oauth2.AuthStyleInParams, // or each failure signs in twice
	}
	sent := time.Now()
	token, err := request.Token(context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: x, CheckRedirect: noRedirects}))
	if err != nil {
		return accessToken{}, signInError(ctx, x, err)
	}
	s.redact.pin(roleCredential, shown)
	return s.checkToken(x, token.AccessToken, token.TokenType, lifetime(token), sent)
}

// checkToken checks the token that answers a request sent then.
func (s *signIn) checkToken(x *exchange, token, kind string, lifetime time.Duration, sent time.Time) (accessToken, *Error) {
	s.redact.hide(token)
	held, err := newAccessToken(token, kind, lifetime, sent)
	if err != nil {
		return accessToken{}, malformedToken(x, err.Error())
	}
	s.redact.pin(roleToken, token)
	return held, nil
}

// lifetime returns the token's expires_in, 0 where there was none. The library hands it on
// as a point in time, from which it is computed back.
func lifetime(t *oauth2.Token) time.Duration {
	if t.Expiry.IsZero() {
		return 0
	}
	return time.Until(t.Expiry)
}

// signInError translates the error of a sign-in. It never wraps it: it carries the response,
// whose request carries the secret.
func signInError(ctx context.Context, x *exchange, err error) *Error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	long, tooLong := errors.AsType[lengthError](x.err)
	switch {
	case tooLong:
		return malformedToken(x, long.Error())
	case ok:
		return tokenResponseError(x, refused.Body)
	case ctx.Err() == nil && (strings.HasPrefix(err.Error(), "oauth2: cannot parse") || strings.HasPrefix(err.Error(), "oauth2: server response")):
		// What the library could not parse it does not show, and neither does this.
		return malformedToken(x, errNoToken.Error())
	}
	return exchangeError(ctx, OperationToken, err)
}

func malformedToken(x *exchange, what string) *Error {
	return &Error{
		Reason: ReasonMalformed, Operation: OperationToken, Status: x.status,
		Message: fmt.Sprintf("answer of type %q: %s", x.header.Get("Content-Type"), what),
	}
}

// credentialError is the error of a credential that cannot be sent.
func credentialError(err error) *Error {
	return &Error{Reason: ReasonCredential, Operation: OperationToken, Message: err.Error()}
}
