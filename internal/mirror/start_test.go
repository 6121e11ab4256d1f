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
}

// startOf measures the first synchronisation of n open incidents of a shape, at the default
// limits and with so many changes a minute, and shows that it is right.
func startOf(t *testing.T, cfg graphsim.Config, n int, age func(i, n int) float64, perMinute int) startCost {
	t.Helper()
	var cost startCost
	synctest.Test(t, func(t *testing.T) {
		cfg.Latency, cfg.Terse = 100*time.Millisecond, true
		sim := graphsim.New(cfg)
		ids := make([]string, n)
		now := time.Now()
		for i := range n {
			created := now.Add(-time.Duration(age(i, n) * float64(time.Second)))
			ids[i] = sim.Add(graphsim.Incident{Created: created, Severity: []string{"low", "medium", "high"}[i%3], Score: new(i % 101)})
		}
		m := New(limited(sim), Config{})
		run(t, m)
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if perMinute > 0 {
			go func() {
				for i := 0; sleep(ctx, time.Minute/time.Duration(perMinute)); i++ {
					sim.Change(ids[(i*7919)%n], graphsim.Dated, func(in *graphsim.Incident) {
						if i%3 == 0 {
							in.Status = "resolved"
						} else {
							in.AssignedTo = fmt.Sprintf("a%d@example.com", i)
						}
					})
				}
			}()
		}
		for !m.Report().Up {
			time.Sleep(10 * time.Millisecond)
			if time.Since(began) > 30*time.Minute {
				t.Fatalf("not synchronised after %s: %+v", time.Since(began), m.Report())
			}
		}
		cost.took = time.Since(began)
		for _, q := range sim.Requests() {
			if q.Operation == graphsim.ListOperation {
				cost.requests++
			}
		}
		cancel()
		for m.Refresh(t.Context()) != nil { // the limiter may have nothing left for a minute
			time.Sleep(time.Second)
		}
		equalTruth(t, sim, m.Report())
	})
	return cost
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
		got := startOf(t, graphsim.Config{Order: c.order}, c.n, even, c.perMinute)
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
		{"310 in a second", shapes["310 in a second"](rand.New(rand.NewPCG(1, 1))), graphsim.CreatedDescending, 3},
		{"60 in a second", shapes["60 in a second"](rand.New(rand.NewPCG(1, 1))), graphsim.Shuffled, 5},
	} {
		got := startOf(t, graphsim.Config{Order: c.order}, 2000, c.age, 0)
		t.Logf("%s: %d requests, %s", c.name, got.requests, got.took)
		if float64(got.requests) > c.factor*40+3 {
			t.Errorf("%s: %d requests for 40 pages", c.name, got.requests)
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
