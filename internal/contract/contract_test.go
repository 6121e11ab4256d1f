package contract

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/graphclient/graphsim"
)

var update = flag.Bool("update", false, "write what the simulator's report says to docs/contract.md")

// What the simulated tenant is signed in to with.
const (
	tenantID = "11111111-2222-3333-4444-555555555555"
	clientID = "66666666-7777-8888-9999-000000000000"
	secret   = "planted~Secret-8Q3x"
)

// connect returns a client of a transport, at a pace that no test waits for.
func connect(t *testing.T, transport http.RoundTripper) *graphclient.Client {
	t.Helper()
	client, err := graphclient.New(graphclient.Config{
		Endpoint: "https://graph.test", Authority: "https://login.test", TenantID: tenantID, ClientID: clientID,
		Credential:        graphclient.ClientSecret(func() (graphclient.Secret, error) { return secret, nil }),
		RequestsPerMinute: 1_000_000, Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// ask asks a transport everything.
func ask(t *testing.T, transport http.RoundTripper) (*Report, error) {
	t.Helper()
	return Ask(t.Context(), Subject{Graph: connect(t, transport), Cloud: "the public cloud", Version: "1.2.3"})
}

// said returns the answer to a question, with its verdict.
func (r *Report) said(t *testing.T, name string) string {
	t.Helper()
	for _, e := range r.entries {
		if e.name == name {
			return string(e.verdict) + ": " + e.text
		}
	}
	t.Fatalf("%q was not asked", name)
	return ""
}

// demo returns the simulator of the demo, with the incidents that its day begins with.
func demo(t *testing.T) *graphsim.Sim {
	t.Helper()
	sim := graphsim.New(graphsim.Config{Seed: 1})
	graphsim.NewStory(sim, 1)
	return sim
}

// generated is what the test writes into the page.
var generated = regexp.MustCompile(`(?s)<!-- from the simulator, by go test \./internal/contract -update -->\n.*?<!-- to here -->\n`)

// TestPage compares docs/contract.md with the questions, and with what the demo's simulator answers.
func TestPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report, err := ask(t, demo(t))
		if err != nil {
			t.Fatal(err)
		}
		const name = "../../docs/contract.md"
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(generated.FindAll(page, -1)) != 2 {
			t.Fatal("the page does not have two places to write to")
		}
		parts := []string{table(report), "```text\n" + report.String() + "```\n"}
		want := generated.ReplaceAllStringFunc(string(page), func(string) string {
			part := parts[0]
			parts = parts[1:]
			return "<!-- from the simulator, by go test ./internal/contract -update -->\n" + part + "<!-- to here -->\n"
		})
		if *update {
			if err := os.WriteFile(name, []byte(want), 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
		if diff := cmp.Diff(string(page), want); diff != "" {
			t.Errorf("-page +simulator; go test ./internal/contract -update\n%s", diff)
		}
	})
}

// table returns the questions as Markdown.
func table(r *Report) string {
	var b strings.Builder
	b.WriteString("| question | assumed | sure | where it matters | the simulator's report |\n|---|---|---|---|---|\n")
	link := regexp.MustCompile(`[a-z/]+\.go`)
	for _, e := range r.entries {
		where := link.ReplaceAllString(e.matters, "[`$0`](../$0)")
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s: %s |\n", code(e.name), code(e.assumed), e.sure, where, e.verdict, code(e.text))
	}
	return b.String()
}

// code marks what is an option of OData.
func code(s string) string {
	return regexp.MustCompile(`[$@][a-zA-Z.]+(=\w+)?`).ReplaceAllString(s, "`$0`")
}

// TestOnlyGets: of Graph the questions only get, within the bound, and they sign in once.
func TestOnlyGets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, cfg := range map[string]graphsim.Config{"as it is": {}, "deep": {DeepSkip: 300_000}, "refusing": {DeepSkip: 600, RefuseDeepSkip: true}} {
			sim := graphsim.New(cfg)
			for i := range 1500 {
				sim.Add(graphsim.Incident{Created: time.Now().Add(-time.Duration(i) * 7 * time.Minute), Severity: []string{"high", "low"}[i%2]})
			}
			report, err := ask(t, sim)
			if err != nil {
				t.Fatal(err)
			}
			signIns, gets := 0, 0
			for _, r := range sim.Requests() {
				switch {
				case r.Operation == graphsim.TokenOperation && r.Method == http.MethodPost:
					signIns++
				case r.Method == http.MethodGet && strings.HasPrefix(r.Path, "/v1.0/security/incidents"):
					gets++
				default:
					t.Errorf("%s: asked %s %s", name, r.Method, r.Path)
				}
			}
			if signIns != 1 || gets != report.Requests || gets > maxRequests || gets < 30 {
				t.Errorf("%s: %d sign-ins, %d requests of which the report tells %d", name, signIns, gets, report.Requests)
			}
			t.Logf("%s: %d requests", name, gets)
		}
	})
}

// TestQuestions: each question has all that a reader needs, and a name of its own; where it matters is a file.
func TestQuestions(t *testing.T) {
	names := map[string]bool{}
	for _, q := range questions() {
		if q.name == "" || q.assumed == "" || q.asked == "" || q.tell == nil || !strings.Contains("HML?", string(q.sure)) || names[q.name] {
			t.Errorf("got %+v", q)
		}
		names[q.name] = true
		files := regexp.MustCompile(`\S+\.go`).FindAllString(q.matters, -1)
		if files == nil && !strings.HasPrefix(q.matters, "nowhere: ") {
			t.Errorf("%s matters in %q", q.name, q.matters)
		}
		for _, f := range files {
			if _, err := os.Stat("../../" + f); err != nil {
				t.Errorf("%s: %v", q.name, err)
			}
		}
	}
}
