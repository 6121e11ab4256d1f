package mirror

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/defender"
)

// TestYoungScores scores young incidents without a date in tenants of every size, at the default
// limits and while much else changes: each score is shown within half a minute.
func TestYoungScores(t *testing.T) {
	for _, n := range []int{100, 1000, 5000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
				fill(sim, n, 90*24*time.Hour)
				var young []string // but older than what a lookback lists
				for i := range 20 {
					young = append(young, sim.Add(graphsim.Incident{Severity: "high", Created: time.Now().Add(-20*time.Minute - time.Duration(i)*time.Second)}))
				}
				w := watch(t, sim, Config{})
				w.pullFor(2*time.Minute, 15*time.Second, nil)
				all := ids(sim)
				for i := range min(200, n/2) {
					sim.Change(all[i*3%len(all)], graphsim.Dated, func(in *graphsim.Incident) { in.AssignedTo = "a" })
				}
				scored := map[string]time.Time{}
				w.pullFor(6*time.Minute, 5*time.Second, func(i int) {
					if i%3 == 0 && len(scored) < len(young) {
						id := young[len(scored)]
						sim.Change(id, graphsim.Undated, func(in *graphsim.Incident) { in.Score = new(90) })
						scored[id] = time.Now()
					}
					for _, in := range w.m.Report().Snapshot.Open {
						if at, ok := scored[in.ID]; ok && in.Priority() != defender.PriorityHigh && i > 36 && time.Since(at) > 35*time.Second { // by then the limiter has got over the changes
							t.Fatalf("a score is shown %s late", time.Since(at))
						}
					}
				})
			})
		})
	}
}

// TestSweepUnderChurn opens and closes incidents all the time: every window is read again within
// the sweep interval, however the windows are cut meanwhile.
func TestSweepUnderChurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
		fill(sim, 3000, 90*24*time.Hour)
		w := watch(t, sim, Config{})
		all := ids(sim)
		w.pullFor(45*time.Minute, 15*time.Second, func(i int) {
			sim.Add(graphsim.Incident{Severity: "low"})
			for _, at := range []int{i, len(all)/2 + 2*i, len(all) - 1 - i} {
				sim.Change(all[at], graphsim.Dated, closeIncident)
			}
			r := w.m.Report()
			if r.SweepPeriod > 12*time.Minute || i > 60 && r.YoungPeriod > 35*time.Second {
				t.Fatalf("after %d pulls the sweep takes %s, that of young incidents %s", i, r.SweepPeriod, r.YoungPeriod)
			}
		})
	})
}
