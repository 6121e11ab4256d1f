package mirror

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/reading"
)

// limited returns a client with the limiter as it is by default.
func limited(graph http.RoundTripper) *graphclient.Client {
	client, err := graphclient.New(graphclient.Config{
		Endpoint: "https://graph.example", Authority: "https://login.example", TenantID: "tenant", ClientID: "client",
		Credential: graphclient.ClientSecret(func() (graphclient.Secret, error) { return "s", nil }),
		Transport:  graph,
	})
	if err != nil {
		panic(err)
	}
	return client
}

// A startCost is what the first synchronisation took.
type startCost struct {
	requests int
	took     time.Duration
	problems []Problem // why there were no numbers after half an hour
}

// A tenancy is a tenant to begin with.
type tenancy struct {
	graphsim.Config
	open      int
	age       func(i, n int) float64 // of the i-th of n open incidents, in seconds
	perMinute int                    // changes
}

// play has the tenant served at 100 ms an answer while do runs: on a fake clock, with the default
// limits, and with its changes.
func (c tenancy) play(t *testing.T, do func(t *testing.T, sim *graphsim.Sim, client *graphclient.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg := c.Config
		cfg.Latency, cfg.Terse = 100*time.Millisecond, true
		sim := graphsim.New(cfg)
		ids := make([]string, c.open)
		now, rng := time.Now(), rand.New(rand.NewPCG(1, uint64(c.open)))
		for i := range c.open {
			age := time.Duration(c.age(i, c.open) * float64(time.Second))
			in := graphsim.Incident{Created: now.Add(-age), Severity: []string{"low", "medium", "high"}[i%3], Score: new(i % 101)}
			if i%2 == 0 { // somebody has worked on it since
				in.Updated = now.Add(-time.Duration(rng.Float64() * float64(age)))
			}
			ids[i] = sim.Add(in)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if c.perMinute > 0 {
			go func() {
				for i := 0; sleep(ctx, time.Minute/time.Duration(c.perMinute)); i++ {
					sim.Change(ids[(i*7919)%c.open], graphsim.Dated, func(in *graphsim.Incident) {
						if i%3 == 0 {
							in.Status = "resolved"
						} else {
							in.AssignedTo = fmt.Sprintf("a%d@example.com", i)
						}
					})
				}
			}()
		}
		do(t, sim, limited(sim))
	})
}

// start measures the first synchronisation and shows that it is right. It gives up after half an hour.
func (c tenancy) start(t *testing.T) (cost startCost) {
	t.Helper()
	c.play(t, func(t *testing.T, sim *graphsim.Sim, client *graphclient.Client) {
		m := New(client, Config{})
		run(t, m)
		began := time.Now()
		for !m.Report().Up {
			time.Sleep(10 * time.Millisecond)
			if time.Since(began) > 30*time.Minute {
				cost = startCost{listings(sim), time.Since(began), m.Report().Problems}
				return
			}
		}
		cost = startCost{requests: listings(sim), took: time.Since(began)}
		for m.Refresh(t.Context()) != nil { // the limiter may have nothing left for a minute
			time.Sleep(time.Second)
		}
		equalTruth(t, sim, m.Report())
	})
	return cost
}

// listings counts the lists that a tenant was asked for.
func listings(sim *graphsim.Sim) (n int) {
	for _, q := range sim.Requests() {
		if q.Operation == graphsim.ListOperation {
			n++
		}
	}
	return n
}

// TestStartCost holds the first synchronisation to its price.
func TestStartCost(t *testing.T) {
	even := evenly(90)(nil)
	for _, c := range []struct {
		n         int
		order     graphsim.Order
		perMinute int
		factor    float64
		within    time.Duration
	}{
		{103, graphsim.CreatedDescending, 0, 1.15, time.Second},
		{713, graphsim.CreatedDescending, 0, 1.15, 4 * time.Second},
		{2017, graphsim.CreatedDescending, 0, 1.15, 40 * time.Second},
		{5009, graphsim.CreatedDescending, 0, 1.15, 3 * time.Minute},
		{713, graphsim.CreatedDescending, 10, 1.35, 5 * time.Second},
		{2017, graphsim.CreatedDescending, 10, 1.35, time.Minute},
		{5009, graphsim.CreatedDescending, 10, 1.35, 3 * time.Minute},
		{2017, graphsim.UpdatedDescending, 10, 1.7, 2 * time.Minute},
		{2017, graphsim.CreatedAscending, 10, 1.7, 2 * time.Minute},
		{103, graphsim.Shuffled, 0, 2.3, time.Minute},
		{713, graphsim.Shuffled, 0, 2.3, time.Minute},
		{2017, graphsim.Shuffled, 0, 2.3, 3 * time.Minute},
		{5009, graphsim.Shuffled, 0, 2.3, 10 * time.Minute},
		{2017, graphsim.ByID, 0, 2.3, 3 * time.Minute},
		{2017, graphsim.Unstable, 0, 5, 10 * time.Minute},
	} {
		got := tenancy{graphsim.Config{Order: c.order}, c.n, even, c.perMinute}.start(t)
		pages := (c.n + reading.PageSize - 1) / reading.PageSize
		t.Logf("%d open, order %d, %d changes a minute: %d requests (%.2f a page), %s", c.n, c.order, c.perMinute, got.requests, float64(got.requests)/float64(pages), got.took)
		if most := c.factor*float64(pages) + 3; float64(got.requests) > most || got.took > c.within {
			t.Errorf("%d open, order %d, %d changes a minute: %d requests in %s, want %.0f in %s", c.n, c.order, c.perMinute, got.requests, got.took, most, c.within)
		}
	}
}

// TestStartInAStorm starts while everything is new: the worst moment.
func TestStartInAStorm(t *testing.T) {
	for _, c := range []struct {
		name   string
		age    func(i, n int) float64
		order  graphsim.Order
		factor float64
	}{
		{"within ten minutes", func(i, n int) float64 { return 600 * (float64(i) + 0.5) / float64(n) }, graphsim.CreatedDescending, 2},
		{"within two minutes", func(i, n int) float64 { return 120 * (float64(i) + 0.5) / float64(n) }, graphsim.CreatedDescending, 3},
		{"within two minutes, shuffled", func(i, n int) float64 { return 120 * (float64(i) + 0.5) / float64(n) }, graphsim.Shuffled, 6},
		{"310 in a second", shapes["310 in a second"](rand.New(rand.NewPCG(1, 1))), graphsim.CreatedDescending, 2},
		{"310 in a second, oldest first", shapes["310 in a second"](rand.New(rand.NewPCG(1, 1))), graphsim.CreatedAscending, 2},
		{"310 in a second, by update", shapes["310 in a second"](rand.New(rand.NewPCG(1, 1))), graphsim.UpdatedDescending, 3},
		{"60 in a second", shapes["60 in a second"](rand.New(rand.NewPCG(1, 1))), graphsim.Shuffled, 5},
	} {
		got := tenancy{graphsim.Config{Order: c.order}, 2000, c.age, 0}.start(t)
		t.Logf("%s: %d requests, %s", c.name, got.requests, got.took)
		if float64(got.requests) > c.factor*40+3 || got.problems != nil {
			t.Errorf("%s: %d requests for 40 pages, %v", c.name, got.requests, got.problems)
		}
	}
}

// TestHaltedStart: a start that comes to a halt for longer than a sweep interval begins anew,
// since what it had read may have gone without a date.
func TestHaltedStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
		fill(sim, 713, 90*24*time.Hour)
		calls := 0
		sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Status: 503, Where: func(*http.Request) bool { calls++; return calls > 8 }})
		w := &watcher{t: t, sim: sim, m: New(limited(sim), Config{})}
		run(t, w.m)
		w.pullFor(30*time.Minute, 15*time.Second, nil)
		for _, id := range ids(sim) {
			sim.Change(id, graphsim.Undated, func(in *graphsim.Incident) { in.Score = new(88) })
		}
		sim.ClearFaults()
		synced(t, w.m)
		if p := w.pull(); !p.right {
			t.Error("the first snapshot shows what was read before the halt")
		}
	})
}
