package tenant

import (
	"math/rand/v2"
	"net/http"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/graphclient/graphsim"
)

// haste is how much faster than in life things happen in the demo, where a day of a
// security team passes in minutes; requests may come as much faster.
const haste = 60

// simulate puts a simulated tenant in place of Graph, has its story happen beside
// the mirror, and returns the way there. No request leaves the process.
func (t *Tenant) simulate(graph *graphclient.Config) http.RoundTripper {
	seed := rand.Uint64()
	sim := graphsim.New(graphsim.Config{
		Seed:         seed,
		Latency:      60 * time.Millisecond,
		Jitter:       120 * time.Millisecond,
		KeepRequests: 1000,
	})
	t.tasks = append(t.tasks, graphsim.NewStory(sim, seed).Run)
	graph.Endpoint, graph.Authority = "https://graph.demo.invalid", "https://login.demo.invalid"
	graph.TenantID, graph.ClientID = "demo.invalid", "demo"
	graph.RequestsPerMinute *= haste
	graph.Credential = graphclient.ClientSecret(func() (graphclient.Secret, error) { return "invented", nil })
	return sim
}
