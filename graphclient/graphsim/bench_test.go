package graphsim_test

import (
	"net/url"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// BenchmarkList measures a page out of 100,000 open incidents, since the client's own
// benchmarks run against it.
func BenchmarkList(b *testing.B) {
	at := &clock{epoch}
	sim := graphsim.New(graphsim.Config{Now: at.now})
	for i := range 100_000 {
		sim.Add(graphsim.Incident{Created: epoch.Add(-time.Duration(i) * time.Minute)})
	}
	c := newCaller(b, sim)
	for name, query := range map[string]string{
		"open":    "status ne 'resolved' and status ne 'redirected'",
		"delta":   "lastUpdateDateTime ge " + epoch.Add(-30*time.Minute).Format(time.RFC3339),
		"created": "createdDateTime ge 2026-02-01T00:00:00Z and createdDateTime lt 2026-02-01T00:50:00Z and status ne 'resolved'",
	} {
		r := c.request(root + "/v1.0/security/incidents?$top=50&$filter=" + url.QueryEscape(query))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				resp, err := sim.RoundTrip(r)
				if err != nil || resp.StatusCode != 200 {
					b.Fatal(err, resp)
				}
			}
		})
	}
	r := c.request(root + "/v1.0/security/incidents?$top=50&$count=true&$filter=" + url.QueryEscape("status ne 'resolved'"))
	b.Run("count", func(b *testing.B) {
		for b.Loop() {
			sim.RoundTrip(r)
		}
	})
}
