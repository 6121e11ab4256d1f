package graphsim_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// form is an acceptable token request with some of its fields changed.
func form(changes ...string) url.Values {
	f := url.Values{"grant_type": {"client_credentials"}, "scope": {root + "/.default"}, "client_id": {"app"}, "client_secret": {"secret"}}
	for i := 0; i < len(changes); i += 2 {
		if f.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			f.Del(changes[i])
		}
	}
	return f
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

func TestSignIn(t *testing.T) {
	sim := graphsim.New(graphsim.Config{TenantID: "tenant", ClientID: "app", ClientSecret: "secret",
		CheckAssertion: func(a string) error {
			if a != "a.b.c" {
				return errors.New("wrong")
			}
			return nil
		}})
	elsewhere := graphsim.New(graphsim.Config{TenantID: "another"})
	for _, test := range []struct {
		name string
		sim  *graphsim.Sim
		form url.Values
		want int // AADSTS number, 0: a token
	}{
		{"right", sim, form(), 0},
		{"anything", graphsim.New(graphsim.Config{}), form("client_id", "x", "client_secret", "y"), 0},
		{"another cloud's scope", sim, form("scope", "https://graph.microsoft.us/.default"), 0},
		{"no grant type", sim, form("grant_type", ""), 900144},
		{"another grant type", sim, form("grant_type", "password"), 70003},
		{"a permission as the scope", sim, form("scope", "SecurityIncident.Read.All"), 1002012},
		{"no scope", sim, form("scope", ""), 1002012},
		{"another tenant", elsewhere, form(), 90002},
		{"another client", sim, form("client_id", "x"), 700016},
		{"another secret", sim, form("client_secret", "x"), 7000215},
		{"no secret", sim, form("client_secret", ""), 7000218},
		{"an assertion", sim, form("client_secret", "", "client_assertion", "a.b.c", "client_assertion_type", assertionType), 0},
		{"a wrong assertion", sim, form("client_secret", "", "client_assertion", "a.b.d", "client_assertion_type", assertionType), 700027},
		{"no JWT", sim, form("client_secret", "", "client_assertion", "a", "client_assertion_type", assertionType), 50027},
		{"no assertion type", sim, form("client_secret", "", "client_assertion", "a.b.c"), 50027},
	} {
		c := &caller{t: t, sim: test.sim}
		resp := c.signIn(test.form)
		expectSignIn(t, test.name, resp, read(t, resp), test.want)
	}
}

func expectSignIn(t *testing.T, name string, resp *http.Response, text string, want int) {
	t.Helper()
	var body struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
		Error       string
		Description string `json:"error_description"`
		Codes       []int  `json:"error_codes"`
		TraceID     string `json:"trace_id"`
	}
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		t.Errorf("%s: %v in %s", name, err, text)
		return
	}
	if want == 0 {
		if resp.StatusCode != 200 || body.AccessToken == "" || body.TokenType != "Bearer" || body.ExpiresIn != 3600 {
			t.Errorf("%s: got %d %s", name, resp.StatusCode, text)
		}
		return
	}
	if resp.StatusCode < 400 || body.Error == "" || !slices.Equal(body.Codes, []int{want}) || !strings.HasPrefix(body.Description, "AADSTS") || body.TraceID == "" {
		t.Errorf("%s: got %d %s, want AADSTS%d", name, resp.StatusCode, text, want)
	}
}

func TestSignInByGet(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 0)
	c := newCaller(t, sim)
	if l := c.get(root + "/tenant/oauth2/v2.0/token"); l.status != http.StatusBadRequest || !strings.Contains(l.text, "AADSTS900561") {
		t.Errorf("got %d %s", l.status, l.text)
	}
}

func TestTokensExpireAndAreRevoked(t *testing.T) {
	sim, at := tenant(graphsim.Config{TokenLifetime: time.Minute}, 1)
	expect := func(c *caller, when string, want int) {
		t.Helper()
		l := c.list()
		if l.status != want || want == 401 && (!strings.Contains(l.text, "InvalidAuthenticationToken") || l.header.Get("WWW-Authenticate") == "") {
			t.Errorf("%s: got %d %s, want %d", when, l.status, l.text, want)
		}
	}
	expect(&caller{t: t, sim: sim}, "with an empty token", 401)
	expect(&caller{t: t, sim: sim, token: "x"}, "with a made-up token", 401)
	c := newCaller(t, sim)
	at.advance(time.Minute - 1)
	expect(c, "before the end", 200)
	at.advance(1)
	expect(c, "at the end", 401)
	sim.SetTokenLifetime(24 * time.Hour)
	c, other := newCaller(t, sim), newCaller(t, sim)
	at.advance(23 * time.Hour)
	expect(c, "within a longer lifetime", 200)
	sim.RevokeTokens()
	expect(c, "once revoked", 401)
	expect(other, "once all are revoked", 401)
	expect(newCaller(t, sim), "anew", 200)
	if got := sim.Tokens(); len(got) != 4 || !slices.Contains(got, c.token) {
		t.Errorf("got %d tokens issued, want 4", len(got))
	}
}

// The log tells what a test wants to know, and no secret.
func TestRequestLog(t *testing.T) {
	sim, at := tenant(graphsim.Config{}, 3)
	c := newCaller(t, sim)
	at.advance(time.Second)
	r := c.request(root + "/v1.0/security/incidents?$top=2")
	r.Header.Set("User-Agent", "test/1")
	c.do(r)
	c.get(root + "/v1.0/security/incidents/9")
	(&caller{t: t, sim: sim}).do(c.request(root + "/elsewhere"))
	log := sim.Requests()
	if len(log) != 4 {
		t.Fatalf("got %d entries", len(log))
	}
	if e := log[0]; e.Operation != graphsim.TokenOperation || e.Method != "POST" || e.Scope != root+"/.default" || e.Authorization || e.Status != 200 {
		t.Errorf("got %+v", e)
	}
	if e := log[1]; e.Operation != graphsim.ListOperation || e.Query.Get("$top") != "2" || e.Rows != 2 || !e.Authorization ||
		e.UserAgent != "test/1" || e.Prefer == "" || !e.At.Equal(at.Time) || e.Host != "graph.test" {
		t.Errorf("got %+v", e)
	}
	if e := log[2]; e.Operation != graphsim.GetOperation || e.Status != 404 || e.Rows != 0 {
		t.Errorf("got %+v", e)
	}
	if text, _ := json.Marshal(log); strings.Contains(string(text), c.token) || strings.Contains(string(text), "secret") {
		t.Errorf("got a secret in %s", text)
	}
	if sim.ForgetRequests(); len(sim.Requests()) != 0 {
		t.Error("got entries after ForgetRequests")
	}
	sim, _ = tenant(graphsim.Config{KeepRequests: 10}, 1)
	c = newCaller(t, sim)
	for range 100 {
		c.list()
	}
	if got := len(sim.Requests()); got < 10 || got > 20 {
		t.Errorf("got %d entries, want 10 to 20", got)
	}
}
