package mirror

import (
	"strconv"
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

// TestTimesAllocate finds among ten thousand rows those of the last minute: what it allocates
// is what it finds, whatever else there is.
func TestTimesAllocate(t *testing.T) {
	m := &Mirror{copy: newCopy()}
	for i := range 10_000 {
		m.copy.put(defender.Incident{ID: strconv.Itoa(i), Updated: defender.Ticks(i), Status: defender.StatusActive}, moment{})
	}
	if n := testing.AllocsPerRun(5, func() { m.times(func(r row) bool { return r.Updated >= 9_990 }) }); n > 10 {
		t.Errorf("%v allocations to find ten rows of ten thousand", n)
	}
}

// TestMinRefreshInterval pulls more often than refreshes are wanted: those within the interval
// share one, also when it is longer than a second.
func TestMinRefreshInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
		fill(sim, 100, 90*24*time.Hour)
		w := watch(t, sim, Config{MinRefreshInterval: 9 * time.Second})
		time.Sleep(2 * time.Second) // the first lookback has asked, and the next comes after 45 s
		before := w.sent.since(spent{})
		w.pullFor(40*time.Second, 4*time.Second, nil)
		if n := w.sent.since(before).delta; n != 4 {
			t.Errorf("ten pulls in 40 s sent %d deltas, want one in 9 s or more", n)
		}
	})
}
