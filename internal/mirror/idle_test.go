package mirror

import (
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/defender"
)

// TestIdleTenant has nothing young for two hours: its newest window is swept no more often than
// any other. An incident that comes then is young from its first second, and its score is shown
// within half a minute; the wait before it came does not count.
func TestIdleTenant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
		for i := range 200 {
			sim.Add(graphsim.Incident{Severity: "low", Created: time.Now().Add(-time.Duration(2+i) * time.Hour)})
		}
		w := watch(t, sim, Config{})
		w.pullFor(20*time.Minute, 15*time.Second, nil)
		before := w.sent.since(spent{})
		w.pullFor(100*time.Minute, 15*time.Second, nil)
		if n := w.sent.since(before).sweep; n < 40 || n > 80 { // 5 or 6 windows, ten times
			t.Errorf("in 100 minutes %d sweep requests of a tenant without young incidents", n)
		}
		if p := w.m.Report().YoungPeriod; p != 0 {
			t.Errorf("without young incidents they are read after %s", p)
		}
		id := sim.Add(graphsim.Incident{Severity: "high"})
		pull(t, w.m)
		sim.Change(id, graphsim.Undated, func(in *graphsim.Incident) { in.Score = new(90) })
		w.pullFor(30*time.Second, time.Second, func(int) {
			if p := w.m.Report().YoungPeriod; p > 25*time.Second {
				t.Fatalf("the incident that has just come was not read for %s", p)
			}
		})
		if in := shown(pull(t, w.m))[id]; in.Priority() != defender.PriorityHigh {
			t.Errorf("half a minute after its score the incident is %+v", in)
		}
	})
}
