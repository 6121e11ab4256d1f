package graphsim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// SetTokenLifetime sets how long tokens issued from now on are valid.
func (s *Sim) SetTokenLifetime(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lifetime = d
}

// RevokeTokens makes Graph answer 401 to every token issued so far.
func (s *Sim) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Tokens returns every token ever issued, for tests that look for leaks.
func (s *Sim) Tokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.issued)
}

// signIn answers a client-credentials request at the token endpoint.
func (s *Sim) signIn(c *call, now time.Time) *answer {
	if a := s.rejectSignIn(c); a != nil {
		return a
	}
	for token, until := range s.tokens {
		if now.After(until) {
			delete(s.tokens, token)
		}
	}
	token := s.newToken(c, now)
	s.tokens[token] = now.Add(s.lifetime)
	s.issued = append(s.issued, token)
	seconds := int(s.lifetime.Seconds())
	return answerJSON(http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token,
	}, 0)
}

// rejectSignIn returns the refusal of a request that is not in order, or else nil.
func (s *Sim) rejectSignIn(c *call) *answer {
	accepted := func(want, got string) bool { return got != "" && (want == "" || want == got) }
	switch {
	case c.Method != http.MethodPost:
		return s.refuseSignIn(900561)
	case c.form.Get("grant_type") == "":
		return s.refuseSignIn(900144)
	case c.form.Get("grant_type") != "client_credentials":
		return s.refuseSignIn(70003)
	case !strings.HasSuffix(c.form.Get("scope"), "/.default"):
		return s.refuseSignIn(1002012)
	case !accepted(s.cfg.TenantID, c.id):
		return s.refuseSignIn(90002)
	case !accepted(s.cfg.ClientID, c.form.Get("client_id")):
		return s.refuseSignIn(700016)
	case c.form.Has("client_assertion"):
		return s.rejectAssertion(c)
	case c.form.Get("client_secret") == "":
		return s.refuseSignIn(7000218)
	case !accepted(s.cfg.ClientSecret, c.form.Get("client_secret")):
		return s.refuseSignIn(7000215)
	}
	return nil
}

func (s *Sim) rejectAssertion(c *call) *answer {
	assertion := c.form.Get("client_assertion")
	if c.form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" ||
		strings.Count(assertion, ".") != 2 {
		return s.refuseSignIn(50027)
	}
	if s.cfg.CheckAssertion != nil && s.cfg.CheckAssertion(assertion) != nil {
		return s.refuseSignIn(700027)
	}
	return nil
}

// authorized reports whether a Graph request carries a token that is valid now.
func (s *Sim) authorized(c *call, now time.Time) bool {
	token, ok := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
	until, known := s.tokens[token]
	return ok && known && now.Before(until)
}

// newToken makes up a token that looks like Entra's: a JWT that says whose it is and what
// it permits, with a signature that nobody can verify.
func (s *Sim) newToken(c *call, now time.Time) string {
	roles := s.cfg.Roles
	if roles == nil {
		roles = []string{"SecurityIncident.Read.All"}
	}
	claims, _ := json.Marshal(map[string]any{
		"aud": "https://graph.microsoft.com", "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(s.lifetime).Unix(),
		"appid": c.form.Get("client_id"), "tid": c.id, "roles": roles, "uti": s.guid(),
	})
	var signature [64]byte
	for i := range signature {
		signature[i] = byte(s.rng.Uint32())
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"typ":"JWT","alg":"RS256","kid":"simulated"}`)) + "." + encode(claims) + "." + encode(signature[:])
}

// refusals are what the token endpoint says, by AADSTS number.
var refusals = map[int]struct{ code, text string }{
	50027:   {"invalid_client", "JWT token is invalid or malformed."},
	53003:   {"invalid_grant", "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."},
	70003:   {"unsupported_grant_type", "The app requested an unsupported grant type."},
	90002:   {"invalid_request", "Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."},
	500011:  {"invalid_resource", "The resource principal was not found in the tenant. You might have sent your authentication request to the wrong tenant."},
	700016:  {"unauthorized_client", "Application was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant."},
	700024:  {"invalid_client", "Client assertion is not within its valid time range."},
	700027:  {"invalid_client", "Client assertion failed signature validation."},
	900144:  {"invalid_request", "The request body must contain the following parameter: 'grant_type'."},
	900561:  {"invalid_request", "The endpoint only accepts POST requests. Received a GET request."},
	1002012: {"invalid_scope", "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier."},
	7000112: {"unauthorized_client", "Application is disabled."},
	7000215: {"invalid_client", "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to the app."},
	7000218: {"invalid_client", "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."},
	7000222: {"invalid_client", "The provided client secret keys are expired. Create new keys for your app."},
}

// refuseSignIn is the token endpoint's error answer, known by its AADSTS number.
func (s *Sim) refuseSignIn(number int) *answer {
	said, known := refusals[number]
	if !known {
		said.code, said.text = "invalid_request", "The request is refused."
	}
	trace, correlation, now := s.guid(), s.guid(), s.now().Format("2006-01-02 15:04:05Z")
	status := http.StatusBadRequest
	if said.code == "invalid_client" {
		status = http.StatusUnauthorized
	}
	return answerJSON(status, map[string]any{
		"error": said.code,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
			number, said.text, trace, correlation, now),
		"error_codes": []int{number}, "timestamp": now, "trace_id": trace, "correlation_id": correlation,
		"error_uri": fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", number),
	}, 0)
}
