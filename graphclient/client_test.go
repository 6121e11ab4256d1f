package graphclient

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

const (
	graphHost = "graph.test"
	loginHost = "login.test"
	planted   = "pl4nted~secret+with/odd=characters"
)

// A roundTrip is a transport that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer makes an answer to r; each header is "Name: value".
func answer(r *http.Request, status int, body string, headers ...string) (*http.Response, error) {
	h := http.Header{}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

const (
	tokenBody = `{"token_type":"Bearer","expires_in":3599,"access_token":"the-token"}`
	emptyBody = `{"value":[]}`
)

// graphOnly signs everybody in, and leaves what is for Graph to f.
func graphOnly(f roundTrip) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == loginHost {
			return answer(r, http.StatusOK, tokenBody, "Content-Type: application/json")
		}
		return f(r)
	}
}

// connect returns a client whose requests all go to the transport.
func connect(t *testing.T, transport http.RoundTripper, changes ...func(*Config)) *Client {
	t.Helper()
	cfg := Config{
		Endpoint: "https://" + graphHost, Authority: "https://" + loginHost, TenantID: "contoso.example", ClientID: "app",
		Credential: ClientSecret(func() (Secret, error) { return planted, nil }),
		Transport:  transport,
	}
	for _, change := range changes {
		change(&cfg)
	}
	client, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// unlimited is for tests to which the limiter does not matter.
func unlimited(c *Config) { c.RequestsPerMinute = 1_000_000 }

// list reads a whole list.
func list(ctx context.Context, c *Client, q Query) (incidents []Incident, pages int, err error) {
	for page, err := range c.Incidents(ctx, q) {
		if err != nil {
			return incidents, pages, err
		}
		pages++
		incidents = append(incidents, page.Incidents...)
	}
	return incidents, pages, nil
}

// operations counts the requests of each kind that the simulator has seen.
func operations(sim *graphsim.Sim) map[graphsim.Operation]int {
	counts := map[graphsim.Operation]int{}
	for _, r := range sim.Requests() {
		counts[r.Operation]++
	}
	return counts
}

// ids returns the ids of incidents, in order.
func ids[T any](incidents []T, id func(T) string) []string {
	var out []string
	for _, in := range incidents {
		out = append(out, id(in))
	}
	return out
}

// TestNewReportsEveryMistake: all that is wrong with a configuration is said at once.
func TestNewReportsEveryMistake(t *testing.T) {
	_, err := New(Config{
		Endpoint: "http://graph.microsoft.com", Authority: "login.microsoftonline.com", TenantID: "../x",
		RequestsPerMinute: -1,
	})
	want := strings.Join([]string{
		`endpoint "http://graph.microsoft.com": want https, or http to a loopback address or localhost`,
		`endpoint "login.microsoftonline.com": want scheme://host or scheme://host:port`,
		`tenant id "../x": want a GUID or a domain`,
		`client id: missing`,
		`credential: missing`,
		`-1 requests a minute: want at least 1`,
	}, "\n")
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

// TestRequests: each request carries what Graph wants to be told, the token goes to Graph and
// the secret to the sign-in service, in the body of a POST and nowhere else, and whoever wraps
// the transport learns what a request is for.
func TestRequests(t *testing.T) {
	type seen struct {
		Operation                              Operation
		Method, URL, Body                      string
		Authorization, Accept, Prefer, Program string
	}
	var got []seen
	client := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		var body []byte
		if r.Body != nil {
			body, _ = io.ReadAll(r.Body)
		}
		got = append(got, seen{
			OperationOf(r.Context()), r.Method, r.URL.String(), string(body),
			r.Header.Get("Authorization"), r.Header.Get("Accept"), r.Header.Get("Prefer"), r.Header.Get("User-Agent"),
		})
		switch {
		case r.URL.Host == loginHost:
			return answer(r, http.StatusOK, tokenBody)
		case strings.HasSuffix(r.URL.Path, "/7"):
			return answer(r, http.StatusOK, `{"id":"7","createdDateTime":"2026-01-17T09:11:59.3Z","lastUpdateDateTime":"2026-01-17T09:12:35Z"}`)
		}
		return answer(r, http.StatusOK, emptyBody)
	}), func(c *Config) { c.UserAgent = "program/1" })

	query := Query{Operation: OperationSweep, Filter: "status ne 'resolved' and createdDateTime ge 2026-01-17T09:11:59Z"}
	if _, _, err := list(t.Context(), client, query); err != nil {
		t.Fatal(err)
	}
	if _, _, err := client.Incident(t.Context(), "7"); err != nil {
		t.Fatal(err)
	}
	bearer, prefer := "Bearer the-token", "include-unknown-enum-members"
	want := []seen{
		{
			OperationToken, "POST", "https://login.test/contoso.example/oauth2/v2.0/token",
			url.Values{
				"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {planted},
				"scope": {"https://graph.test/.default"},
			}.Encode(),
			"", "application/json", "", "program/1",
		},
		{
			OperationSweep, "GET",
			"https://graph.test/v1.0/security/incidents?$filter=status%20ne%20%27resolved%27%20and%20createdDateTime%20ge%202026-01-17T09%3A11%3A59Z&$top=50",
			"", bearer, "application/json", prefer, "program/1",
		},
		{OperationGet, "GET", "https://graph.test/v1.0/security/incidents/7", "", bearer, "application/json", prefer, "program/1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestOperationOfAnyContext: a context that is none of ours has no operation.
func TestOperationOfAnyContext(t *testing.T) {
	if got := OperationOf(context.Background()); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestAnswerTimes: an answer is dated by Graph in whole seconds, and by the local clock when
// it was sent and when all of it was there.
func TestAnswerTimes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		began := time.Now()
		sim := graphsim.New(graphsim.Config{Latency: 2500 * time.Millisecond})
		id := sim.Add(graphsim.Incident{})
		client := connect(t, sim)
		_, got, err := client.Incident(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		signedIn := began.Add(2500 * time.Millisecond)
		want := Answer{Date: began.Add(5 * time.Second).UTC(), Sent: signedIn, Arrived: signedIn.Add(2500 * time.Millisecond)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
