package mirror

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// A watcher pulls a mirror as a Prometheus does and keeps what each pull was answered with.
type watcher struct {
	t     *testing.T
	sim   *graphsim.Sim
	m     *Mirror
	pulls []pulled
}

// A pulled is one pull.
type pulled struct {
	at     time.Time
	took   time.Duration
	age    time.Duration
	report Report
	right  bool // it shows exactly what is the case
}

// watch starts a mirror at the default limits and waits until it is synchronised.
func watch(t *testing.T, sim *graphsim.Sim, cfg Config) *watcher {
	t.Helper()
	m := New(limited(sim), cfg)
	run(t, m)
	synced(t, m)
	return &watcher{t: t, sim: sim, m: m}
}

// pull pulls once, with the patience of a Prometheus.
func (w *watcher) pull() pulled {
	ctx, cancel := context.WithTimeout(w.t.Context(), 9500*time.Millisecond)
	defer cancel()
	p := pulled{at: time.Now()}
	_ = w.m.Refresh(ctx)
	p.took, p.report = time.Since(p.at), w.m.Report()
	p.age = p.at.Sub(p.report.Taken)
	if s := p.report.Snapshot; s != nil {
		truth := open(w.sim)
		p.right = len(truth) == len(s.Open) && !slices.ContainsFunc(s.Open, func(in Incident) bool { return truth[in.ID] != in })
	}
	w.pulls = append(w.pulls, p)
	return p
}

// pullFor pulls at an interval for so long, does something before each pull, and returns the
// pulls.
func (w *watcher) pullFor(d, every time.Duration, before func(i int)) []pulled {
	first := len(w.pulls)
	began := time.Now()
	for i := 0; time.Since(began) < d; i++ {
		if before != nil {
			before(i)
		}
		at := time.Now()
		w.pull()
		time.Sleep(every - time.Since(at)%every)
	}
	return w.pulls[first:]
}

// honest fails the test where a pull had no numbers, or old or wrong ones without a reason.
func (w *watcher) honest(pulls []pulled, what string) {
	w.t.Helper()
	for _, p := range pulls {
		r := &p.report
		quiet := r.Up && len(r.Problems) == 0
		switch {
		case r.Snapshot == nil:
			w.t.Errorf("%s: no numbers at %s: %v", what, p.at.Format(time.TimeOnly), r.Problems)
		case quiet && p.age > 20*time.Second:
			w.t.Errorf("%s: numbers of %s at %s and not a word", what, p.age, p.at.Format(time.TimeOnly))
		case !r.Up && len(r.Problems) == 0:
			w.t.Errorf("%s: not up at %s and no reason", what, p.at.Format(time.TimeOnly))
		}
	}
}

// rightWithin returns how long after a time the pulls are right, and stay so.
func rightWithin(pulls []pulled, since time.Time) time.Duration {
	right := time.Duration(1 << 62)
	for _, p := range slices.Backward(pulls) {
		if !p.right {
			break
		}
		right = p.at.Add(p.took).Sub(since)
	}
	return right
}

func ids(sim *graphsim.Sim) []string {
	var all []string
	for id := range open(sim) {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

func closeIncident(in *graphsim.Incident) { in.Status = "resolved" }

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
	for _, n := range []int{12, 60, 1000} {
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

// TestLongScrapeIntervals: each pull after the first has numbers, and current ones.
func TestLongScrapeIntervals(t *testing.T) {
	for _, every := range []time.Duration{6 * time.Minute, 10 * time.Minute, time.Hour, 2 * time.Hour} {
		t.Run(every.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
				fill(sim, 300, 90*24*time.Hour)
				m := New(limited(sim), Config{})
				run(t, m)
				w := &watcher{t: t, sim: sim, m: m}
				w.pull()
				for range 8 {
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

// TestRefusedAndIgnored has Graph fail in one way for ever, or once: numbers stay, with a
// reason where they may be old, and all is well when it ends.
func TestRefusedAndIgnored(t *testing.T) {
	of := func(word string) func(*http.Request) bool {
		return func(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, word) }
	}
	for _, c := range []struct {
		name   string
		fault  graphsim.Fault
		reason Problem // "": none
	}{
		{"by id for ever", graphsim.Fault{Match: graphsim.GetOperation, Status: 500}, ""},
		{"one 400", graphsim.Fault{Match: graphsim.ListOperation, Status: 400, Where: of("status"), Times: 1}, ""},
		{"update refused", graphsim.Fault{Match: graphsim.ListOperation, Status: 400, Where: of("lastUpdateDateTime")}, "bad_request"},
		{"created refused", graphsim.Fault{Match: graphsim.ListOperation, Status: 400, Where: of("createdDateTime")}, "bad_request"},
		{"status refused", graphsim.Fault{Match: graphsim.ListOperation, Status: 400, Where: of("status")}, ""},
		{"created fails", graphsim.Fault{Match: graphsim.ListOperation, Status: 500, Where: of("createdDateTime")}, "server_error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
				fill(sim, 300, 90*24*time.Hour)
				w := watch(t, sim, Config{})
				w.pullFor(2*time.Minute, 15*time.Second, nil)
				sim.Fault(c.fault)
				sim.ForgetRequests()
				all := ids(sim)
				change := func(i int) {
					if i%4 == 0 {
						sim.Change(all[i], graphsim.Dated, closeIncident)
					}
				}
				pulls := w.pullFor(15*time.Minute, 15*time.Second, change)
				told := false
				for _, p := range pulls {
					if p.report.Snapshot == nil {
						t.Errorf("no numbers at %s: %v", p.at.Format(time.TimeOnly), p.report.Problems)
					}
					if p.report.Up && len(p.report.Problems) == 0 && !p.right {
						t.Errorf("wrong at %s and no reason", p.at.Format(time.TimeOnly))
					}
					told = told || slices.Contains(p.report.Problems, c.reason)
				}
				if !told && c.reason != "" {
					t.Errorf("never said %s", c.reason)
				}
				if n := len(sim.Requests()); n > 15*60 {
					t.Errorf("%d requests in a quarter of an hour", n)
				}
				sim.ClearFaults()
				after := w.pullFor(11*time.Minute, 15*time.Second, nil)
				if last := after[len(after)-1]; !last.right || !last.report.Up || len(last.report.Problems) > 0 {
					t.Errorf("after the fault: right %t, up %t, %v", last.right, last.report.Up, last.report.Problems)
				}
			})
		})
	}
}
