package mirror

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// says reports whether a pull gave that reason, and no other.
func says(p pulled, reason Problem) bool {
	return p.report.Up && slices.Equal(p.report.Problems, []Problem{reason})
}

// TestBehindAfterABurst closes 300 of 1,000 at once. The next passes leave late changes to the
// lookback, and say so until one has caught up. A handful of closings is no burst.
func TestBehindAfterABurst(t *testing.T) {
	for _, n := range []int{5, 300} {
		synctest.Test(t, func(t *testing.T) {
			sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
			fill(sim, 1000, 90*24*time.Hour)
			w := watch(t, sim, Config{})
			w.pullFor(2*time.Minute, 15*time.Second, nil)
			for _, id := range ids(sim)[:n] {
				sim.Change(id, graphsim.Dated, closeIncident)
			}
			pulls := w.pullFor(10*time.Minute, 15*time.Second, nil)
			behind := 0
			for _, p := range pulls {
				if says(p, Behind) {
					behind++
				}
				if !p.right {
					t.Errorf("%d closed at once: a pull is not right", n)
				}
			}
			if want := n > burst; (behind > 0) != want || behind > 20 {
				t.Errorf("%d closed at once: %d pulls of %d said behind", n, behind, len(pulls))
			}
			if last := pulls[len(pulls)-1]; len(last.report.Problems) > 0 {
				t.Errorf("%d closed at once: ten minutes later the report says %v", n, last.report.Problems)
			}
		})
	}
}

// TestLateSweeps has far more young incidents, or far more incidents, than the limit lets the sweep
// read in time: the report says so, and only then.
func TestLateSweeps(t *testing.T) {
	for _, c := range []struct {
		name   string
		open   int
		age    time.Duration // of the oldest
		cfg    Config
		behind bool
	}{
		{"calm", 1000, 90 * 24 * time.Hour, Config{}, false},
		{"many young ones", 3000, 30 * time.Minute, Config{}, true},
		{"an interval too short", 3000, 90 * 24 * time.Hour, Config{SweepInterval: 30 * time.Second}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
				fill(sim, c.open, c.age)
				w := watch(t, sim, c.cfg)
				w.pullFor(10*time.Minute, 15*time.Second, nil)
				behind := 0
				pulls := w.pullFor(5*time.Minute, 15*time.Second, nil)
				for _, p := range pulls {
					if says(p, Behind) {
						behind++
					}
				}
				if want := len(pulls); c.behind && behind < want || !c.behind && behind > 0 {
					r := w.m.Report()
					t.Errorf("%d pulls of %d said behind; sweeps take %s, of young ones %s", behind, len(pulls), r.SweepPeriod, r.YoungPeriod)
				}
			})
		})
	}
}
