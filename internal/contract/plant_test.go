package contract

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// planted are what stands for everything that a report must not hold: ids, titles, names, addresses, tenants.
var planted = []string{
	"4815162342", "Mimikatz on WKS-0412", "Amara Okafor", "amara.okafor@contoso.example", "contoso.example", "fabrikam-tag",
	"<script>alert(1)</script>", "99999999-8888-7777-6666-555555555555", tenantID, clientID, secret,
}

// everything is all of them in one string.
var everything = strings.Join(planted, " | ")

// A gardener is a Graph that plants what it knows in every string that it sends: in values, names of
// properties, links, headers and errors. What is sent to it comes back as well.
type gardener struct {
	next http.RoundTripper
	mu   sync.Mutex
	seen []string // tokens
	turn int
	// lie says how an answer to the given request to Graph is spoiled; nil: not beyond the planting.
	lie func(turn int, r *http.Request, resp *http.Response, body []byte) []byte
}

// RoundTrip implements [http.RoundTripper].
func (g *gardener) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := g.next.RoundTrip(r)
	if err != nil || strings.Contains(r.URL.Path, "oauth2") {
		return resp, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn++
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	g.seen = append(g.seen, token)
	body, _ := io.ReadAll(resp.Body)
	for _, name := range []string{"Request-Id", "Client-Request-Id", "X-Ms-Ags-Diagnostic", "X-Ms-Throttle-Scope", "RateLimit-Limit", "Preference-Applied", "X-" + planted[0]} {
		resp.Header.Set(name, everything+token)
	}
	if g.lie != nil {
		body = g.lie(g.turn, r, resp, body)
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// wants returns what the report must not hold: what is planted, the token, and what the tenant really has.
func (g *gardener) wants(sim *graphsim.Sim) []string {
	words := append([]string{}, planted...)
	for _, token := range g.seen {
		words = append(words, token, token[:40], base64.StdEncoding.EncodeToString([]byte(token)))
	}
	for _, in := range sim.Truth() {
		words = append(words, in.ID, in.DisplayName, in.AssignedTo, in.Created.Format("2006-01-02T15"))
	}
	return words
}

// expectNothing reports everything in a text that must not be there.
func expectNothing(t *testing.T, text string, words []string) {
	t.Helper()
	reported := map[string]bool{}
	for _, w := range words {
		if w != "" && strings.Contains(text, w) && !reported[w] {
			reported[w] = true
			t.Errorf("%q is in the report", w)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// plantedTenant has what is planted in every property that is text, and in the names of some.
func plantedTenant(cfg graphsim.Config) *graphsim.Sim {
	text, _ := json.Marshal(everything)
	list := fmt.Sprintf("[%s,%s]", text, text)
	turn := 0
	return tenantOf(cfg, 130, func(in *graphsim.Incident) {
		turn++
		in.ID = fmt.Sprint(4815162342000 + turn*7)
		in.DisplayName, in.AssignedTo, in.Tags = planted[1], planted[3], []string{planted[5]}
		in.Created = in.Created.Truncate(time.Second)
		for _, p := range []string{"tenantId", "incidentWebUrl", "redirectIncidentId", "description", "lastModifiedBy", "resolvingComment", "summary", "comments", planted[2], "@odata." + planted[1]} {
			override(p, string(text))(in)
		}
		switch turn % 9 {
		case 0: // and now and then in those that mean something
			for _, p := range []string{"severity", "status", "classification", "determination", "priorityScore"} {
				override(p, string(text))(in)
			}
		case 1:
			override("customTags", list)(in)
			override("systemTags", list)(in)
		}
	})
}

// lies are what the gardener does besides: to all answers from some turn on, or to every other one.
func lies() map[string]func(int, *http.Request, *http.Response, []byte) []byte {
	words, _ := json.Marshal(everything)
	refuse := func(status int, kind, body string) func(int, *http.Request, *http.Response, []byte) []byte {
		return func(turn int, r *http.Request, resp *http.Response, own []byte) []byte {
			if turn%2 == 1 && turn > 1 {
				resp.StatusCode = status
				resp.Header.Set("Content-Type", kind)
				resp.Header.Set("Retry-After", "1")
				return []byte(strings.ReplaceAll(body, "TOKEN", r.Header.Get("Authorization")))
			}
			return own
		}
	}
	replaced := func(name, value string) func(int, *http.Request, *http.Response, []byte) []byte {
		return func(_ int, _ *http.Request, _ *http.Response, own []byte) []byte {
			var page map[string]json.RawMessage
			if json.Unmarshal(own, &page) != nil || page["value"] == nil {
				return own
			}
			page[name] = json.RawMessage(value)
			changed, _ := json.Marshal(page)
			return changed
		}
	}
	graphs := `{"error":{"code":` + string(words) + `,"message":` + string(words) + `,"innerError":{"request-id":` + string(words) + `,"x":"TOKEN"}}}`
	const path = "https://graph.test/v1.0/security/incidents?"
	return map[string]func(int, *http.Request, *http.Response, []byte) []byte{
		"":                   nil,
		"errors":             refuse(400, "application/json", graphs),
		"throttled":          refuse(429, "application/json", graphs),
		"plain errors":       refuse(400, "text/plain", everything+" TOKEN"),
		"errors of no type":  refuse(418, everything, everything+" TOKEN"),
		"partial":            refuse(206, "application/json", `{"value":[]}`),
		"nothing of use":     refuse(200, "application/json", everything+" TOKEN"),
		"no list":            refuse(200, "application/json", string(words)),
		"links of words":     replaced("@odata.nextLink", `"`+path+`%24skiptoken=`+strings.ReplaceAll(everything, " ", "%20")+`&Amara%20Okafor=contoso.example"`),
		"links elsewhere":    replaced("@odata.nextLink", `"https://contoso.example/Amara%20Okafor?$skip=50"`),
		"links of no use":    replaced("@odata.nextLink", `"https://contoso.example/%zz amara.okafor@contoso.example"`),
		"links of no text":   replaced("@odata.nextLink", `{"Amara Okafor":4815162342}`),
		"counts of words":    replaced("@odata.count", string(words)),
		"counts":             replaced("@odata.count", `4815162342`),
		"contexts":           replaced("@odata.context", string(words)),
		"rows of other kind": replaced("value", `[{"id":4815162342,"createdDateTime":4815162342,"status":["Amara Okafor"],"Amara Okafor":{"contoso.example":1}},{}]`),
		"rows of no kind":    replaced("value", `["Amara Okafor",4815162342]`),
		"redirects": func(_ int, _ *http.Request, resp *http.Response, own []byte) []byte {
			resp.StatusCode = http.StatusFound
			resp.Header.Set("Location", "https://contoso.example/Amara%20Okafor")
			return own
		},
	}
}

// TestNothingIsTold: whatever is planted, wherever Graph puts it, is not in the report, nor is anything that
// the tenant has.
func TestNothingIsTold(t *testing.T) {
	t.Parallel()
	for name, lie := range lies() {
		for _, form := range []graphsim.Form{graphsim.SkipWithFilter, graphsim.Token} {
			if lie != nil && form == graphsim.Token {
				continue
			}
			t.Run(fmt.Sprint(name, form), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					sim := plantedTenant(graphsim.Config{NextLink: form})
					g := &gardener{next: sim, lie: lie}
					report, err := ask(t, g)
					if err != nil {
						t.Logf("it ended with %v", err)
						expectNothing(t, err.Error(), []string{secret, g.seen[0]})
					}
					expectNothing(t, report.String(), g.wants(sim))
					if g.turn == 0 || report.Requests > maxRequests || g.turn > maxRequests {
						t.Errorf("%d requests", g.turn)
					}
				})
			})
		}
	}
}

// TestCut: a Graph that cannot be reached, or that refuses everything, ends the report with an error, which
// says so.
func TestCut(t *testing.T) {
	t.Parallel()
	list, token := graphsim.ListOperation, graphsim.TokenOperation
	for name, c := range map[string]struct {
		fault   graphsim.Fault
		want    string // error
		says    string // in the report
		entries bool
	}{
		"unreachable":       {graphsim.Fault{Match: list, Kind: graphsim.FaultUnreachable}, "unreachable", "unreachable", false},
		"lost later":        {graphsim.Fault{Match: list, Skip: 9, Kind: graphsim.FaultDisconnect}, "unreachable", "of 41 questions: unreachable", true},
		"hangs":             {graphsim.Fault{Match: list, Skip: 4, Kind: graphsim.FaultHang}, "timeout", "timeout", true},
		"no sign-in":        {graphsim.Fault{Match: token, AADSTS: 7000215}, "credential (HTTP 401): AADSTS7000215", "credential (HTTP 401)", false},
		"no token accepted": {graphsim.Fault{Match: list, Status: 401}, "unauthorized", "unauthorized (HTTP 401)", false},
		"forbidden":         {graphsim.Fault{Match: list, Status: 403}, "a plain list of incidents is refused: 403, no code", "forbidden (HTTP 403)", false},
		"broken":            {graphsim.Fault{Match: list, Status: 500}, "a plain list of incidents is refused: 500, no code", "server_error (HTTP 500)", false},
		"throttled":         {graphsim.Fault{Match: list, Skip: 6, Status: 429}, "throttled", "throttled (HTTP 429)", true},
		"a proxy's page":    {graphsim.Fault{Match: list, Kind: graphsim.FaultHTML}, "a plain list of incidents is answered with 200, and not with", "malformed (HTTP 200)", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := tenantOf(graphsim.Config{}, 130)
				sim.Fault(c.fault)
				report, err := ask(t, sim)
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("got %v, want %s", err, c.want)
				}
				asked := 0
				for _, r := range sim.Requests() {
					if r.Operation == list {
						asked++
					}
				}
				if report.Requests < asked || report.Requests > asked+1 {
					t.Errorf("%d requests, told as %d", asked, report.Requests)
				}
				text := report.String()
				if !strings.Contains(text, "Not complete: it ended after ") || !strings.Contains(text, c.says) || c.entries != strings.Contains(text, "order of the list") {
					t.Errorf("want %s in\n%s", c.says, text)
				}
			})
		})
	}
}

// TestInterrupted: a Graph that is so slow that it would take too long ends the questions, and so does
// whoever asks.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report, err := ask(t, tenantOf(graphsim.Config{Latency: 29 * time.Second}, 700))
		if took := time.Since(report.On); err == nil || took < maxDuration-time.Minute || took > maxDuration || len(report.entries) == 0 {
			t.Errorf("got %v after %s", err, took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		report, err = Ask(ctx, Subject{Graph: connect(t, tenantOf(graphsim.Config{Latency: 29 * time.Second}, 10))})
		if took := time.Since(report.On); !errors.Is(err, context.Canceled) || took != time.Minute {
			t.Errorf("got %v after %s", err, took)
		}
	})
}
