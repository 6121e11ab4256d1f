package mirror

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestBulkClosing closes a large part of what is open at once while Graph lets 50 requests a
// minute through, and says when to come back or does not.
func TestBulkClosing(t *testing.T) {
	for _, retry := range []graphsim.RetryAfter{graphsim.RetryNone, graphsim.RetrySeconds} {
		for _, c := range []struct {
			closed, of int
			within     time.Duration
		}{{600, 1500, 75 * time.Second}, {1000, 3000, 120 * time.Second}} {
			t.Run(fmt.Sprintf("%d, Retry-After %d", c.closed, retry), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					h := squeeze{open: c.of, limit: 50, retry: retry}.close(t, c.closed, 10*time.Second)
					h.honest(h.pulls, "after the closing")
					if h.right > c.within {
						t.Errorf("right after %s", h.right)
					}
					if took := h.took(90*time.Second, 5*time.Minute); part(took, 0.5) >= 2*time.Second {
						t.Errorf("pulls take %s in the median", part(took, 0.5))
					}
				})
			})
		}
	}
}

// TestSteadyUpdates updates incidents all the time while Graph lets 50 requests a minute
// through: there are numbers at every pull, and they are current.
func TestSteadyUpdates(t *testing.T) {
	for _, c := range []struct {
		perMinute int
		retry     graphsim.RetryAfter
	}{{60, graphsim.RetrySeconds}, {120, graphsim.RetrySeconds}, {120, graphsim.RetryNone}} {
		t.Run(fmt.Sprintf("%d, Retry-After %d", c.perMinute, c.retry), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h, last := squeeze{open: 1500, limit: 50, retry: c.retry}.update(t, c.perMinute)
				h.honest(h.pulls, "under updates")
				if age, none := h.oldest(); age > time.Minute || none > 0 {
					t.Errorf("numbers of %s, and none in %d of %d pulls", age, none, len(h.pulls))
				}
				if took := h.took(0, 1<<62); c.perMinute == 60 && part(took, 0.95) > 1400*time.Millisecond {
					t.Errorf("95 of 100 pulls take %s", part(took, 0.95))
				}
				if last.SweepPeriod > 12*time.Minute || last.YoungPeriod > 35*time.Second {
					t.Errorf("the sweep takes %s, that of young incidents %s", last.SweepPeriod, last.YoungPeriod)
				}
			})
		})
	}
}

// TestStormOfDenials deletes two fifths of what is open at once and then a little less than a
// fifth in each sweep interval, for an hour, and merges as many without a date.
func TestStormOfDenials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
		fill(sim, 1000, 90*24*time.Hour)
		w := watch(t, sim, Config{})
		w.pullFor(2*time.Minute, 15*time.Second, nil)
		all := ids(sim)
		target, next := all[0], 1
		remove := func(n int) {
			for range n {
				if next%2 == 0 {
					sim.Delete(all[next])
				} else {
					sim.Merge(all[next], target, graphsim.Undated)
				}
				next++
			}
		}
		remove(400)
		pulls := w.pullFor(time.Hour, 15*time.Second, func(i int) {
			if open := len(all) - next; i%40 == 20 {
				remove(open * 15 / 100)
			}
		})
		w.honest(pulls, "in the storm")
		down := 0
		for _, p := range pulls {
			if !p.report.Up {
				down++
			}
		}
		t.Logf("%d of %d pulls down", down, len(pulls))
		if down > len(pulls)/3 || down == 0 {
			t.Errorf("%d of %d pulls had up 0", down, len(pulls))
		}
		after := w.pullFor(11*time.Minute, 15*time.Second, nil)
		if last := after[len(after)-1]; !last.right || !last.report.Up {
			t.Errorf("not right a sweep interval after the storm: %v", last.report.Problems)
		}
	})
}

// TestLapsedLicenceIsNeverBelieved: Graph answers 200 without rows for hours.
func TestLapsedLicenceIsNeverBelieved(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8, 12, 60, 1000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
				fill(sim, n, 90*24*time.Hour)
				w := watch(t, sim, Config{})
				w.pullFor(time.Minute, 15*time.Second, nil)
				sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultNoRows})
				sim.Fault(graphsim.Fault{Match: graphsim.GetOperation, Status: http.StatusNotFound})
				pulls := w.pullFor(2*time.Hour, time.Minute, nil)
				for _, p := range pulls {
					if p.report.Up && !p.right {
						t.Fatalf("%d of %d open at %s with up 1", len(p.report.Snapshot.Open), n, p.at.Format(time.TimeOnly))
					}
				}
				if last := pulls[len(pulls)-1]; last.report.Up || !slices.Contains(last.report.Problems, "incomplete") {
					t.Errorf("after two hours up %t, %v", last.report.Up, last.report.Problems)
				}
				sim.ClearFaults()
				after := w.pullFor(11*time.Minute, 15*time.Second, nil)
				if last := after[len(after)-1]; !last.right || !last.report.Up {
					t.Errorf("not right after the licence is back: %v", last.report.Problems)
				}
			})
		})
	}
}
