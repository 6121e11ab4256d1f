package graphsim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

const root = "https://graph.test"

// epoch is when most tests begin.
var epoch = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// A clock is a service clock that stands still until it is set.
type clock struct{ time.Time }

func (c *clock) now() time.Time          { return c.Time }
func (c *clock) advance(d time.Duration) { c.Time = c.Add(d) }

// A caller is a client of the simulator as simple as can be, without any judgement.
type caller struct {
	t     testing.TB
	sim   *graphsim.Sim
	token string
}

// row is an incident as JSON, by property.
type row = map[string]any

type listing struct {
	status   int
	header   http.Header
	text     string
	rows     []row
	count    *int
	nextLink string
}

func newCaller(t testing.TB, sim *graphsim.Sim) *caller {
	c := &caller{t: t, sim: sim}
	var body struct {
		AccessToken string `json:"access_token"`
	}
	resp := c.signIn(url.Values{"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"secret"},
		"scope": {root + "/.default"}})
	if err := json.Unmarshal([]byte(read(t, resp)), &body); err != nil {
		t.Fatal(err)
	}
	c.token = body.AccessToken
	return c
}

func (c *caller) signIn(form url.Values) *http.Response {
	r := httptest.NewRequest("POST", root+"/tenant/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	resp, err := c.sim.RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp
}

func (c *caller) request(link string) *http.Request {
	r := httptest.NewRequestWithContext(c.t.Context(), "GET", link, nil)
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Prefer", "include-unknown-enum-members")
	return r
}

func (c *caller) do(r *http.Request) listing {
	c.t.Helper()
	resp, err := c.sim.RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	l := listing{status: resp.StatusCode, header: resp.Header, text: read(c.t, resp)}
	var body struct {
		Count    *int   `json:"@odata.count"`
		NextLink string `json:"@odata.nextLink"`
		Value    []row  `json:"value"`
	}
	if resp.StatusCode < 300 {
		if err := json.Unmarshal([]byte(l.text), &body); err != nil {
			c.t.Fatalf("%v in %s", err, l.text)
		}
	}
	l.rows, l.count, l.nextLink = body.Value, body.Count, body.NextLink
	return l
}

func (c *caller) get(link string) listing { c.t.Helper(); return c.do(c.request(link)) }

// list asks for a page with the given options, name by name.
func (c *caller) list(options ...string) listing {
	c.t.Helper()
	query := url.Values{}
	for i := 0; i < len(options); i += 2 {
		query.Set(options[i], options[i+1])
	}
	return c.get(root + "/v1.0/security/incidents?" + query.Encode())
}

// pages follows nextLink to the end.
func (c *caller) pages(first listing) []listing {
	c.t.Helper()
	all := []listing{first}
	for l := first; l.nextLink != ""; all = append(all, l) {
		if l = c.get(l.nextLink); l.status != http.StatusOK || len(all) > 1000 {
			c.t.Fatalf("page %d: %d %s", len(all), l.status, l.text)
		}
	}
	return all
}

func read(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func ids(pages ...listing) []string {
	var all []string
	for _, p := range pages {
		for _, r := range p.rows {
			all = append(all, r["id"].(string))
		}
	}
	return all
}
