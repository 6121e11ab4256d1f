package graphclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// signIn obtains tokens by the client credentials grant with a secret.
type signIn struct {
	cfg       Config
	authority *url.URL
	scope     string
	redact    *redactor
}

// fetch signs in once, and logs it. All is made afresh each time, so that a rotated secret
// is used.
func (s signIn) fetch(ctx context.Context) (credential, *Error) {
	secret, err := s.cfg.Secret()
	if err == nil && secret == "" {
		err = errors.New("the client secret is empty")
	}
	if err != nil {
		return credential{}, &Error{Reason: ReasonCredential, Operation: OperationToken, Message: s.redact.clean(err.Error())}
	}
	s.redact.hide(string(secret))
	x := &exchange{base: s.cfg.Transport, agent: s.cfg.UserAgent}
	sent := time.Now()
	held, failure := s.grant(ctx, x, secret)
	attrs := []slog.Attr{slog.String("operation", string(OperationToken)), slog.Duration("duration", time.Since(sent)), slog.Int("status", x.status)}
	if failure != nil {
		failure.Code, failure.Message = s.redact.clean(failure.Code), s.redact.clean(failure.Message)
		failure.RequestID = s.redact.clean(x.header.Get("X-Ms-Request-Id"))
		attrs = append(attrs, slog.Any("err", failure))
	} else {
		attrs = append(attrs, slog.Duration("lifetime", held.expires.Sub(sent)))
	}
	s.cfg.Logger.LogAttrs(ctx, slog.LevelDebug, "Asked for a token", attrs...)
	return held, failure
}

func (s signIn) grant(ctx context.Context, x *exchange, secret Secret) (credential, *Error) {
	grant := clientcredentials.Config{
		ClientID:     s.cfg.ClientID,
		ClientSecret: string(secret),
		TokenURL:     s.authority.JoinPath(s.cfg.TenantID, "oauth2/v2.0/token").String(),
		Scopes:       []string{s.scope},
		AuthStyle:    oauth2.AuthStyleInParams, // or each failure signs in twice
	}
	sent := time.Now()
	token, err := grant.Token(context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: x, CheckRedirect: stay}))
	if err != nil {
		return credential{}, failure(ctx, x, err)
	}
	s.redact.hide(token.AccessToken)
	held, err := newCredential(token.AccessToken, token.TokenType, lifetime(token), sent)
	if err != nil {
		return credential{}, malformedToken(x, err.Error())
	}
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

// exchange carries the library's one request: it adds what the library does not set, and
// keeps what it does not tell.
type exchange struct {
	base   http.RoundTripper
	agent  string
	status int // 0: no answer
	header http.Header
}

// RoundTrip implements [http.RoundTripper].
func (x *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", x.agent)
	r.Header.Set("Accept", "application/json")
	resp, err := x.base.RoundTrip(r)
	if err == nil {
		x.status, x.header = resp.StatusCode, resp.Header
	}
	return resp, err
}

// failure translates the error of a sign-in. It never wraps it: it carries the response,
// whose request carries the secret.
func failure(ctx context.Context, x *exchange, err error) *Error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case ok:
		return refusedToken(x, refused.Body)
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

// tokenError is the body of a sign-in refused by Entra:
//
//	{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. …","error_codes":[7000215],…}
type tokenError struct {
	Error       text          `json:"error"`
	Description text          `json:"error_description"`
	Codes       []json.Number `json:"error_codes"`
}

// refusedToken judges an answer other than a token.
func refusedToken(x *exchange, body []byte) *Error {
	e := &Error{Operation: OperationToken, Status: x.status, Reason: reasonOf(x.status, OperationToken), RetryAfter: retryAfter(x.header, time.Now())}
	if x.status >= 300 && x.status < 400 {
		e.Message = elsewhere(x.header)
		return e
	}
	var wire tokenError
	if json.Unmarshal(body, &wire) != nil || wire.Error == "" {
		e.Message = fmt.Sprintf("answer of type %q: is this the sign-in service?", x.header.Get("Content-Type"))
		return e
	}
	e.Code, e.Message = string(wire.Error), string(wire.Description)
	if number := wire.number(); number != "" {
		e.Code = "AADSTS" + number
		e.Message = explained(number, strings.TrimPrefix(e.Message, e.Code+": "))
	}
	if e.Reason != ReasonThrottled && e.Reason != ReasonServerError {
		e.Reason = ReasonCredential
	}
	return e
}

var aadsts = regexp.MustCompile(`^AADSTS(\d+)`)

// number returns Entra's number of the error, empty when it has none.
func (t *tokenError) number() string {
	if m := aadsts.FindStringSubmatch(string(t.Description)); m != nil {
		return m[1]
	}
	if len(t.Codes) > 0 {
		return t.Codes[0].String()
	}
	return ""
}

// causes are the sign-in errors that people meet, in plain words.
var causes = map[string]string{
	"7000215": "wrong client secret (often the secret's id in place of its value)",
	"7000222": "the client secret has expired",
	"700016":  "no such application in this tenant (wrong client id, or wrong tenant)",
	"90002":   "no such tenant (wrong tenant id, or wrong cloud)",
	"900023":  "the tenant id is neither a GUID nor a domain",
	"7000112": "the application is disabled",
	"700027":  "the certificate or its assertion is not accepted",
	"700024":  "the assertion is not within its time of validity (is the clock right?)",
	"500011":  "Graph is not known in this tenant (wrong cloud)",
	"53003":   "blocked by conditional access",
}

// explained puts a known cause before Entra's own words.
func explained(number, description string) string {
	if cause, ok := causes[number]; ok {
		return cause + ": " + description
	}
	return description
}
