package mirror

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/graphclient/graphsim"
)

// A ledger notes what for each request was sent, and whether it was refused with 429.
type ledger struct {
	base http.RoundTripper
	mu   sync.Mutex
	spent
}

// A spent is what was sent.
type spent struct{ delta, sweep, get, refused int }

// RoundTrip implements [http.RoundTripper].
func (l *ledger) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.base.RoundTrip(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch graphclient.OperationOf(r.Context()) {
	case graphclient.OperationDelta:
		l.delta++
	case graphclient.OperationSweep:
		l.sweep++
	case graphclient.OperationGet:
		l.get++
	}
	if err == nil && resp.StatusCode == http.StatusTooManyRequests {
		l.refused++
	}
	return resp, err
}

// since returns what was sent since the ledger showed that.
func (l *ledger) since(then spent) spent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return spent{l.delta - then.delta, l.sweep - then.sweep, l.get - then.get, l.refused - then.refused}
}

// A squeeze is a tenant of so many open incidents whose Graph enforces a limit a minute.
type squeeze struct {
	open, limit int
	retry       graphsim.RetryAfter
	order       graphsim.Order
}

// watch watches the tenant, pulled each 15 s for two minutes.
func (s squeeze) watch(t *testing.T) *watcher {
	t.Helper()
	sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, RequestsPerMinute: s.limit, Terse: true, ThrottleRetryAfter: s.retry, Order: s.order})
	fill(sim, s.open, 90*24*time.Hour)
	w := watch(t, sim, Config{})
	w.pullFor(2*time.Minute, 15*time.Second, nil)
	return w
}

// A hurry is what pulls were answered with while much happened, and what it took.
type hurry struct {
	*watcher
	pulls []pulled
	sent  spent
	right time.Duration // from a closing until the pulls are right, and stay so
	at    time.Time     // of the closing, or when the updates were counted from
}

// close closes so many incidents at once, so long before the next pull, and pulls for five
// minutes.
func (s squeeze) close(t *testing.T, n int, before time.Duration) hurry {
	t.Helper()
	w := s.watch(t)
	time.Sleep(15*time.Second - before)
	h := hurry{watcher: w, at: time.Now()}
	then := w.sent.since(spent{})
	for _, id := range ids(w.sim)[:n] {
		w.sim.Change(id, graphsim.Dated, closeIncident)
	}
	time.Sleep(before)
	h.pulls = w.pullFor(5*time.Minute, 15*time.Second, nil)
	h.sent, h.right = w.sent.since(then), rightWithin(h.pulls, h.at)
	return h
}

// update updates so many incidents a minute and pulls for an hour.
func (s squeeze) update(t *testing.T, perMinute int) (h hurry, last Report) {
	t.Helper()
	w := s.watch(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	all := ids(w.sim)
	go func() {
		for i := 0; sleep(ctx, time.Minute/time.Duration(perMinute)); i++ {
			w.sim.Change(all[i*7919%len(all)], graphsim.Dated, func(in *graphsim.Incident) { in.AssignedTo = fmt.Sprint(i) })
		}
	}()
	w.pullFor(2*time.Minute, 15*time.Second, nil)
	then := w.sent.since(spent{})
	h.watcher, h.at = w, time.Now()
	h.pulls = w.pullFor(time.Hour, 15*time.Second, nil)
	h.sent = w.sent.since(then)
	return h, w.m.Report()
}

// took returns how long the pulls took that began in a stretch of time after the closing, sorted.
func (h hurry) took(from, to time.Duration) []time.Duration {
	var all []time.Duration
	for _, p := range h.pulls {
		if d := p.at.Sub(h.at); from <= d && d < to {
			all = append(all, p.took)
		}
	}
	slices.Sort(all)
	return all
}

// part returns the value below which a part of the sorted ones lies; the largest for 1.
func part[T any](sorted []T, of float64) T {
	return sorted[min(len(sorted)-1, int(of*float64(len(sorted))))]
}

// oldest returns the age of the oldest numbers, and how many pulls had none.
func (h hurry) oldest() (age time.Duration, none int) {
	for _, p := range h.pulls {
		age = max(age, p.age)
		if p.report.Snapshot == nil {
			none++
		}
	}
	return age, none
}
