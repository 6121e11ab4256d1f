package graphclient

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestCutAnywhere: an answer that ends too early, or goes on after its end, is an error and no shorter
// list, wherever it was cut.
func TestCutAnywhere(t *testing.T) {
	incident := row("assignedTo", `"a@contoso.example"`)
	page := `{"@odata.context":"x","extra":{"a":[1,{}]},"value":[` + incident + `,` + incident + `],"@odata.nextLink":"https://x"}`
	if got, next, err := parsePage([]byte(page)); err != nil || len(got.Incidents) != 2 || next != "https://x" {
		t.Fatalf("whole: %v, %q, %v", got, next, err)
	}
	for i := range len(page) {
		if got, _, err := parsePage([]byte(page[:i])); err == nil || got != nil {
			t.Errorf("a page cut after %s: %v, %v", page[:i], got, err)
		}
	}
	for i := range len(incident) {
		if got, err := parseIncident([]byte(incident[:i])); err == nil || got.ID != "" {
			t.Errorf("an incident cut after %s: %v, %v", incident[:i], got, err)
		}
	}
	for _, more := range []string{"{}", "x", "]", page} {
		if _, _, err := parsePage([]byte(page + more)); err == nil {
			t.Errorf("a page followed by %s is taken", more)
		}
	}
	for _, wrong := range []string{`{"value":[` + incident + ` ` + incident + `]}`, `{"value":[` + incident + `,]}`, `{"value":[` + incident + `,7]}`, `{"value":{}}`, `{"value":[` + incident + `}`, `{"value":[]]`} {
		if got, _, err := parsePage([]byte(wrong)); err == nil {
			t.Errorf("%s is taken for %v", wrong, got)
		}
	}
}

// BenchmarkParsePage parses a page of fifty incidents with all of their text.
func BenchmarkParsePage(b *testing.B) {
	sim := graphsim.New(graphsim.Config{Seed: 1, ExactNextLink: true})
	for i := range 50 {
		sim.Add(graphsim.Incident{Created: time.Now().Add(-time.Duration(i) * time.Hour), Severity: "high", Score: new(i)})
	}
	var body []byte
	client, err := New(Config{
		Endpoint: "https://" + graphHost, Authority: "https://" + loginHost, TenantID: "contoso.example", ClientID: "app",
		Credential: ClientSecret(func() (Secret, error) { return planted, nil }),
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			resp, err := sim.RoundTrip(r)
			if err == nil && r.URL.Host == graphHost {
				body, _ = io.ReadAll(resp.Body)
				resp.Body = io.NopCloser(bytes.NewReader(body))
			}
			return resp, err
		}),
	})
	if err != nil {
		b.Fatal(err)
	}
	if _, _, err := list(b.Context(), client, Query{}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if page, _, err := parsePage(body); err != nil || len(page.Incidents) != 50 {
			b.Fatal(err)
		}
	}
}
