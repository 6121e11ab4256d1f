package graphclient

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

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
