package mirror

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestLongScrapeIntervals: each pull after the first has numbers, and current ones.
func TestLongScrapeIntervals(t *testing.T) {
	for _, every := range []time.Duration{6 * time.Minute, 10 * time.Minute, time.Hour, 2 * time.Hour} {
		t.Run(every.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
				fill(sim, 300, 90*24*time.Hour)
				m := New(limited(sim), Config{})
				run(t, m)
				w := &watcher{t: t, sim: sim, m: m}
				w.pull()
				all := ids(sim)
				for i := range 8 {
					if every > 15*time.Minute { // there is time to sweep, if nothing pauses
						sim.Change(all[i*37], graphsim.Undated, func(in *graphsim.Incident) { in.Score = new(77) })
					}
					time.Sleep(every - time.Minute)
					young := sim.Add(graphsim.Incident{Severity: "high"})
					time.Sleep(20 * time.Second)
					sim.Change(young, graphsim.Undated, func(in *graphsim.Incident) { in.Score = new(90) })
					time.Sleep(40 * time.Second)
					if p := w.pull(); !p.right || !p.report.Up || p.age > 5*time.Second {
						t.Errorf("up %t, right %t, %s old, %v", p.report.Up, p.right, p.age, p.report.Problems)
					}
				}
			})
		})
	}
}

// TestSecondLongerThanPaging creates more incidents in one second than Graph pages: at the
// start and while the mirror runs it is right or says why not.
func TestSecondLongerThanPaging(t *testing.T) {
	for _, depth := range []int{200, 300, 500, 1000} {
		for _, n := range []int{depth + 200, depth + 333} {
			for _, order := range []graphsim.Order{graphsim.CreatedDescending, graphsim.Shuffled} {
				t.Run(fmt.Sprintf("%d of %d in order %d", depth, n, order), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true, DeepSkip: depth, Order: order})
						fill(sim, 60, 90*24*time.Hour)
						storm := func() {
							at := time.Now()
							for i := range n {
								sim.Add(graphsim.Incident{Created: at, Severity: []string{"high", "medium"}[i%2]})
							}
						}
						m := New(limited(sim), Config{})
						run(t, m)
						w := &watcher{t: t, sim: sim, m: m}
						w.pullFor(time.Minute, 15*time.Second, nil)
						storm()
						check := func(pulls []pulled) {
							for _, p := range pulls {
								if r := &p.report; r.Up && len(r.Problems) == 0 && !p.right {
									t.Fatalf("%d open at %s with up 1 and no reason", len(r.Snapshot.Open), p.at.Format(time.TimeOnly))
								}
							}
						}
						check(w.pullFor(4*time.Minute, 15*time.Second, nil))
						sim.ForgetRequests()
						again := New(limited(sim), Config{})
						run(t, again)
						w = &watcher{t: t, sim: sim, m: again}
						check(w.pullFor(4*time.Minute, 15*time.Second, nil))
						if n := len(sim.Requests()); n > 2*4*120 {
							t.Errorf("%d requests in four minutes", n)
						}
					})
				})
			}
		}
	}
}

// TestPagingThatEnds: where Graph pages no deeper than so many incidents, and says so with a 400 or
// not at all, more of one second are read by their attributes.
func TestPagingThatEnds(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		t.Run(fmt.Sprintf("refused %t", refuse), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true, DeepSkip: 200, RefuseDeepSkip: refuse})
				fill(sim, 60, 90*24*time.Hour)
				at := time.Now().Add(-24 * time.Hour)
				for i := range 350 {
					sim.Add(graphsim.Incident{Created: at, Severity: []string{"high", "medium", "low", "informational"}[i%4]})
				}
				w := &watcher{t: t, sim: sim, m: New(limited(sim), Config{})}
				run(t, w.m)
				pulls := w.pullFor(3*time.Minute, 15*time.Second, nil)
				if last := pulls[len(pulls)-1]; !last.right || !last.report.Up {
					t.Errorf("up %t, right %t, %v", last.report.Up, last.right, last.report.Problems)
				}
			})
		})
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
