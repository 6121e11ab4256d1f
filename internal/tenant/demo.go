package tenant

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/graphclient/graphsim"
)

// speedup is how much faster than real time the demo runs: a day of a security team passes in
// minutes. The limit of requests grows by the same factor.
const speedup = 60

// simulate puts a simulated tenant in place of Graph. It returns the transport to it, on which
// no request leaves the process, and the story of the tenant, which runs beside the mirror.
func simulate(graph *graphclient.Config) (transport http.RoundTripper, story func(context.Context)) {
	seed := rand.Uint64()
	sim := graphsim.New(graphsim.Config{
		Seed:         seed,
		Latency:      60 * time.Millisecond,
		Jitter:       120 * time.Millisecond,
		KeepRequests: 1000,
	})
	graph.Endpoint, graph.Authority = "https://graph.demo.invalid", "https://login.demo.invalid"
	graph.TenantID, graph.ClientID = "demo.invalid", "demo"
	graph.RequestsPerMinute *= speedup
	graph.Credential = graphclient.ClientSecret(func() (graphclient.Secret, error) { return "invented", nil })
	return sim, graphsim.NewStory(sim, seed).Run
}
