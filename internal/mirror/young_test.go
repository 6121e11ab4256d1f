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
				w := watch(t, sim, Config{})
				w.pullFor(2*time.Minute, 15*time.Second, nil)
				all := ids(sim)
				for i := range min(200, n/2) {
					sim.Change(all[i*3%len(all)], graphsim.Dated, func(in *graphsim.Incident) { in.AssignedTo = "a" })
				}
				scored := map[string]time.Time{}
				latest := ""
				w.pullFor(5*time.Minute, time.Second, func(i int) {
					switch {
					case i%15 == 0 && len(scored) < 20:
						latest = sim.Add(graphsim.Incident{Severity: "high"})
					case i%15 == 5 && len(scored) < 20:
						sim.Change(latest, graphsim.Undated, func(in *graphsim.Incident) { in.Score = new(90) })
						scored[latest] = time.Now()
					}
					for _, in := range w.m.Report().Snapshot.Open {
						if at, ok := scored[in.ID]; ok && in.Priority() != defender.PriorityHigh && time.Since(at) > 31*time.Second {
							t.Fatalf("a score is shown %s late", time.Since(at))
						}
					}
				})
			})
		})
	}
}
