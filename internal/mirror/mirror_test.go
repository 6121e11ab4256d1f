package mirror

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/defender"
)

// follow starts a mirror of the simulated tenant, for the time of the test.
func follow(t *testing.T, sim *graphsim.Sim, cfg Config) *Mirror {
	t.Helper()
	m := New(clientOf(sim), cfg)
	run(t, m)
	return m
}

// run runs a mirror for the time of the test.
func run(t *testing.T, m *Mirror) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		time.Sleep(2 * requestLimit) // a sign-in that nobody waits for any more ends by itself
	})
}

func clientOf(transport http.RoundTripper) *graphclient.Client {
	client, err := graphclient.New(graphclient.Config{
		Endpoint:          "https://graph.example",
		Authority:         "https://login.example",
		TenantID:          "tenant",
		ClientID:          "client",
		Credential:        graphclient.ClientSecret(func() (graphclient.Secret, error) { return "s", nil }),
		RequestsPerMinute: 100000,
		Transport:         transport,
	})
	if err != nil {
		panic(err)
	}
	return client
}

// synced waits for the first snapshot.
func synced(t *testing.T, m *Mirror) {
	t.Helper()
	for range 600 {
		if m.Report().Up {
			return
		}
		time.Sleep(time.Second)
	}
	t.Fatalf("not synchronised after 10 minutes: %+v", m.Report())
}

// pull refreshes and returns the report, which must be up.
func pull(t *testing.T, m *Mirror) Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := m.Refresh(ctx); err != nil {
		t.Fatalf("refreshing: %v", err)
	}
	r := m.Report()
	if !r.Up {
		t.Fatalf("not up: %v", r.Problems)
	}
	return r
}

// open returns the open incidents of the truth.
func open(sim *graphsim.Sim) map[string]defender.Incident {
	all := map[string]defender.Incident{}
	for _, in := range sim.Truth() {
		if in.Open() {
			all[in.ID] = fromSim(in)
		}
	}
	return all
}

func shown(r Report) map[string]defender.Incident {
	all := map[string]defender.Incident{}
	for _, in := range r.Snapshot.Open {
		all[in.ID] = in
	}
	return all
}

func equalTruth(t *testing.T, sim *graphsim.Sim, r Report) {
	t.Helper()
	if diff := cmp.Diff(open(sim), shown(r)); diff != "" {
		t.Errorf("open incidents differ from the truth (-want +got):\n%s", diff)
	}
}

// fill adds n open incidents created evenly over the last days, and as many that
// are resolved.
func fill(sim *graphsim.Sim, n int, over time.Duration) {
	for i := range n {
		at := time.Now().Add(-over / time.Duration(n) * time.Duration(i+1))
		sim.Add(graphsim.Incident{Created: at, Severity: []string{"low", "medium", "high"}[i%3], Score: new(i % 101)})
		sim.Add(graphsim.Incident{Created: at, Status: "resolved"})
	}
}

// TestFirstSynchronisation lists tenants of every size and order exactly, in
// few requests, even if Graph refuses or ignores the filter on status.
func TestFirstSynchronisation(t *testing.T) {
	for _, n := range []int{0, 1, 49, 50, 51, 700, 2000} {
		for _, cfg := range []graphsim.Config{
			{},
			{Order: graphsim.UpdatedDescending, NextLink: graphsim.SkipWithoutFilter, ExactNextLink: true},
			{Order: graphsim.Shuffled, RepeatIDs: 0.3, Spelling: graphsim.PascalCase, NullsForUnknown: true},
			{EmptyPages: 0.2, NextLink: graphsim.Token},
			{RefuseStatusFilter: true, DocumentationSpelling: true},
			{IgnoreStatusFilter: true, OmitDate: true},
		} {
			t.Run(fmt.Sprintf("%d %+v", n, cfg), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg.Latency = 100 * time.Millisecond
					sim := graphsim.New(cfg)
					fill(sim, n, 90*24*time.Hour)
					m := follow(t, sim, Config{})
					synced(t, m)
					equalTruth(t, sim, m.Report())
					for _, q := range sim.Requests() {
						if q.Query.Has("$orderby") || q.Query.Has("$select") || q.Query.Has("$expand") {
							t.Errorf("request depends on what is not certain: %v", q.Query)
						}
					}
				})
			})
		}
	}
}

// TestUndatedChanges are found by the sweep: within half a minute for young
// incidents, within one interval for others.
func TestUndatedChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond})
		fill(sim, 300, 30*24*time.Hour)
		m := follow(t, sim, Config{SweepInterval: 5 * time.Minute})
		synced(t, m)
		young := sim.Add(graphsim.Incident{Severity: "high"})
		pull(t, m)
		sim.Change(young, graphsim.Undated, func(in *graphsim.Incident) { in.Score = new(86) })
		gone := []string{}
		for id := range open(sim) {
			if id != young && len(gone) < 5 {
				gone = append(gone, id)
			}
		}
		for i, id := range gone {
			if i < 2 {
				sim.Delete(id)
			} else {
				sim.Change(id, graphsim.Undated, func(in *graphsim.Incident) { in.Severity = "informational" })
			}
		}
		time.Sleep(30 * time.Second)
		if got := shown(pull(t, m))[young]; got.Priority() != defender.PriorityHigh {
			t.Errorf("after 30 s the young incident is %+v", got)
		}
		for range 10 {
			time.Sleep(30 * time.Second)
			pull(t, m)
		}
		r := pull(t, m)
		equalTruth(t, sim, r)
		if r.Corrections[Removed] != 2 || r.Corrections[Changed] < 3 {
			t.Errorf("got corrections %v, want 2 removed and at least 3 changed", r.Corrections)
		}
		if r.SweepPeriod < 4*time.Minute || r.SweepPeriod > 5*time.Minute {
			t.Errorf("got a sweep period of %s", r.SweepPeriod)
		}
	})
}

// TestWarmPull costs one request, at any size.
func TestWarmPull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond})
		fill(sim, 1000, 30*24*time.Hour)
		m := follow(t, sim, Config{})
		synced(t, m)
		for range 20 {
			time.Sleep(15 * time.Second)
			began := time.Now()
			pull(t, m)
			if took := time.Since(began); took != 100*time.Millisecond {
				t.Errorf("a warm pull took %s, want one round trip", took)
			}
		}
		counts := map[graphsim.Operation]int{}
		sim.ForgetRequests()
		time.Sleep(10 * time.Second)
		for range 20 {
			time.Sleep(30 * time.Second)
			pull(t, m)
		}
		for _, q := range sim.Requests() {
			counts[q.Operation]++
		}
		// 20 narrow deltas, 13 wide ones, 24 young sweeps, 22 windows.
		if n := counts[graphsim.ListOperation]; n > 20+14+25+30 {
			t.Errorf("got %d listings in ten minutes of pulls", n)
		}
	})
}

// TestLapsedLicence shows that empty answers are not believed at once, and are
// when a whole sweep agrees.
func TestLapsedLicence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond})
		fill(sim, 500, 30*24*time.Hour)
		m := follow(t, sim, Config{})
		synced(t, m)
		truth := open(sim)
		sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultNoRows})
		sawIncomplete := false
		for range 25 {
			time.Sleep(30 * time.Second)
			_ = m.Refresh(t.Context())
			r := m.Report()
			if r.Up {
				if got := shown(r); !maps.Equal(got, truth) {
					t.Fatalf("served %d incidents with up 1 while the licence has lapsed", len(got))
				}
			} else if len(r.Problems) == 1 && r.Problems[0] == "incomplete" {
				sawIncomplete = true
			}
		}
		if !sawIncomplete {
			t.Error("never said incomplete")
		}
		sim.ClearFaults()
		for range 24 { // a period of ten minutes, and not another
			time.Sleep(30 * time.Second)
			_ = m.Refresh(t.Context())
		}
		equalTruth(t, sim, pull(t, m))
	})
}
