package mirror

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestBulkClosing closes a large part of what is open at once while Graph lets 50 requests a
// minute through.
func TestBulkClosing(t *testing.T) {
	for _, c := range []struct {
		closed, of int
		within     time.Duration
	}{{600, 1500, 75 * time.Second}, {1000, 3000, 120 * time.Second}} {
		t.Run(fmt.Sprint(c.closed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, RequestsPerMinute: 50, Terse: true, ThrottleRetryAfter: graphsim.RetrySeconds})
				fill(sim, c.of, 90*24*time.Hour)
				w := watch(t, sim, Config{})
				w.pullFor(2*time.Minute, 15*time.Second, nil)
				time.Sleep(5 * time.Second)
				at := time.Now()
				for _, id := range ids(sim)[:c.closed] {
					sim.Change(id, graphsim.Dated, closeIncident)
				}
				time.Sleep(10 * time.Second)
				pulls := w.pullFor(5*time.Minute, 15*time.Second, nil)
				w.honest(pulls, "after the closing")
				if d := rightWithin(pulls, at); d > c.within {
					t.Errorf("right after %s", d)
				}
				var took []time.Duration
				for _, p := range pulls {
					if p.at.Sub(at) > 90*time.Second {
						took = append(took, p.took)
					}
				}
				slices.Sort(took)
				if took[len(took)/2] > 2*time.Second {
					t.Errorf("pulls take %s in the median", took[len(took)/2])
				}
			})
		})
	}
}

// TestSteadyUpdates updates incidents all the time while Graph lets 50 requests a minute
// through.
func TestSteadyUpdates(t *testing.T) {
	for _, perMinute := range []int{60, 120} {
		t.Run(fmt.Sprint(perMinute), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, RequestsPerMinute: 50, Terse: true, ThrottleRetryAfter: graphsim.RetrySeconds})
				fill(sim, 1500, 90*24*time.Hour)
				w := watch(t, sim, Config{})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				all := ids(sim)
				go func() {
					for i := 0; sleep(ctx, time.Minute/time.Duration(perMinute)); i++ {
						sim.Change(all[i*7919%len(all)], graphsim.Dated, func(in *graphsim.Incident) { in.AssignedTo = fmt.Sprint(i) })
					}
				}()
				w.pullFor(2*time.Minute, 15*time.Second, nil)
				pulls := w.pullFor(time.Hour, 15*time.Second, nil)
				w.honest(pulls, "under updates")
				slow := 0
				for _, p := range pulls {
					if p.age > time.Minute {
						t.Errorf("numbers of %s at %s", p.age, p.at.Format(time.TimeOnly))
					}
					if p.took > 1400*time.Millisecond {
						slow++
					}
				}
				if perMinute == 60 && slow > len(pulls)/20 {
					t.Errorf("%d of %d pulls were slow", slow, len(pulls))
				}
				t.Logf("%d of %d pulls were slow", slow, len(pulls))
				if r := w.m.Report(); r.SweepPeriod > 12*time.Minute || r.YoungPeriod > 35*time.Second {
					t.Errorf("the sweep takes %s, that of young incidents %s", r.SweepPeriod, r.YoungPeriod)
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
