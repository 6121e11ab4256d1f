package graphclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	endpoint  *url.URL
	http      *http.Client
}

// fetch signs in once. The configuration is made afresh each time, so that a
// rotated secret is used.
func (s signIn) fetch(ctx context.Context) (credential, *Error) {
	secret, err := s.cfg.Secret()
	if err != nil {
		return credential{}, &Error{Reason: ReasonCredential, Operation: OperationToken, Message: oneLine(err.Error())}
	}
	grant := clientcredentials.Config{
		ClientID:     s.cfg.ClientID,
		ClientSecret: string(secret),
		TokenURL:     s.authority.JoinPath(s.cfg.TenantID, "oauth2/v2.0/token").String(),
		Scopes:       []string{s.endpoint.String() + "/.default"},
		AuthStyle:    oauth2.AuthStyleInParams, // or each failure signs in twice
	}
	now := time.Now()
	token, err := grant.Token(context.WithValue(ctx, oauth2.HTTPClient, s.http))
	if err != nil {
		e := tokenError(ctx, err)
		e.Message = strings.ReplaceAll(e.Message, string(secret), hidden)
		return credential{}, e
	}
	held, err := newCredential(token.AccessToken, token.TokenType, lifetime(token), now)
	if err != nil {
		return credential{}, &Error{Reason: ReasonMalformed, Operation: OperationToken, Status: http.StatusOK, Message: "token endpoint sent " + err.Error()}
	}
	return held, nil
}

// lifetime returns the token's expires_in; the library's own Expiry is computed
// from it and hides a negative one.
func lifetime(t *oauth2.Token) time.Duration {
	if t.ExpiresIn != 0 {
		return time.Duration(min(t.ExpiresIn, int64(maxLifetime/time.Second))) * time.Second
	}
	if t.Expiry.IsZero() {
		return 0
	}
	return time.Until(t.Expiry)
}

func bearer(kind string) bool { return strings.EqualFold(kind, "Bearer") }

// tokenError translates the error of a sign-in. It never wraps it: it carries the
// response, whose request carries the secret.
func tokenError(ctx context.Context, err error) *Error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		if looksMalformed(err) {
			return &Error{Reason: ReasonMalformed, Operation: OperationToken, Status: http.StatusOK, Message: "token endpoint sent no token in JSON"}
		}
		return transportError(ctx, OperationToken, err)
	}
	e := &Error{Operation: OperationToken, Status: refused.Response.StatusCode, Message: "sign-in refused"}
	e.Reason = reasonOfStatus(e.Status)
	e.RetryAfter = retryAfter(refused.Response.Header, time.Now())
	if e.Status >= 300 && e.Status < 400 {
		e.Message = "token endpoint redirects elsewhere, not followed"
		return e
	}
	// {"error":"invalid_client","error_description":"AADSTS7000215: …","error_codes":[7000215],…}
	var body struct {
		Error       text `json:"error"`
		Description text `json:"error_description"`
	}
	if json.Unmarshal(refused.Body, &body) == nil && body.Error != "" {
		e.Code = oneLine(string(body.Error))
		e.Message = explain(oneLine(string(body.Description)))
		if e.Status < 500 && e.Status != http.StatusTooManyRequests {
			e.Reason = ReasonCredential
		}
	} else if e.Status == http.StatusUnauthorized || e.Status == http.StatusBadRequest {
		e.Reason = ReasonCredential
	}
	return e
}

// looksMalformed reports whether the endpoint did answer, but not with a token.
func looksMalformed(err error) bool {
	s := err.Error()
	return strings.HasPrefix(s, "oauth2: cannot parse") || strings.HasPrefix(s, "oauth2: server response missing")
}

var aadsts = regexp.MustCompile(`^AADSTS(\d+)`)

// causes of the sign-in errors that people meet, by AADSTS code.
var causes = map[string]string{
	"7000215": "wrong secret (often the secret's id was copied instead of its value)",
	"7000222": "the secret has expired",
	"700016":  "no such application in this tenant (wrong client id or tenant id)",
	"90002":   "no such tenant (wrong tenant id or cloud)",
	"900023":  "the tenant id is neither a GUID nor a domain",
	"7000112": "the application is disabled",
	"700027":  "the certificate or its assertion is not accepted",
	"700024":  "the assertion is not within its time of validity (clock)",
	"500011":  "the resource is not known in this tenant (wrong cloud)",
	"53003":   "blocked by conditional access",
}

// explain puts a known cause before Entra's own words.
func explain(description string) string {
	if code := aadsts.FindStringSubmatch(description); code != nil && causes[code[1]] != "" {
		return fmt.Sprintf("%s: %s", causes[code[1]], description)
	}
	return description
}
