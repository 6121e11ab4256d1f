package mirror

import (
	"context"
	"slices"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/defender"
)

// A watcher pulls a mirror as a Prometheus does and keeps what each pull was answered with.
type watcher struct {
	t     *testing.T
	sim   *graphsim.Sim
	m     *Mirror
	pulls []pulled
	sent  *ledger // what the mirror sent, if it was started by [watch]
}

// A pulled is one pull.
type pulled struct {
	at     time.Time
	took   time.Duration
	age    time.Duration
	before time.Time // the stamp of the snapshot as the pull began
	report Report
	right  bool // it shows exactly what is the case
}

// watch starts a mirror at the default limits and waits until it is synchronised.
func watch(t *testing.T, sim *graphsim.Sim, cfg Config) *watcher {
	t.Helper()
	sent := &ledger{base: sim}
	m := New(limited(sent), cfg)
	run(t, m)
	synced(t, m)
	return &watcher{t: t, sim: sim, m: m, sent: sent}
}

// pull pulls once, with the patience of a Prometheus.
func (w *watcher) pull() pulled {
	ctx, cancel := context.WithTimeout(w.t.Context(), 9500*time.Millisecond)
	defer cancel()
	p := pulled{at: time.Now(), before: w.m.Report().Taken}
	_ = w.m.Refresh(ctx)
	p.took, p.report = time.Since(p.at), w.m.Report()
	p.age = p.at.Sub(p.report.Taken)
	if s := p.report.Snapshot; s != nil {
		truth := open(w.sim)
		p.right = len(truth) == len(s.Open) && !slices.ContainsFunc(s.Open, func(in defender.Incident) bool { return truth[in.ID] != in })
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
	for i, p := range pulls {
		r := &p.report
		if i > 0 && p.before.Before(pulls[i-1].report.Taken) {
			w.t.Errorf("%s: the snapshot went from %s back to %s", what, pulls[i-1].report.Taken, p.before)
		}
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
