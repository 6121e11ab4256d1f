package statuspage

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

const (
	// spacing is how far apart two points of a history are at the least, points how many it has
	// at the most: an hour.
	spacing = 15 * time.Second
	points  = 241
	hour    = spacing * (points - 1)
)

// A point is what the charts show of one answer.
type point struct {
	at                         time.Time
	known                      bool
	open                       [shown]int // by severity, as in [scale]
	opened, resolved, requests int        // since the start
}

// A moment is what a history holds at one. It is not written to once it is published.
type moment struct {
	*numbers
	since  map[string]time.Time // of each problem, when it was first seen without an end
	points []point              // of the last hour, the oldest first
}

// A History is what the answers about one tenant said in the last hour. It costs nothing while nobody
// asks: a point is taken off an answer that is given anyway. Its methods may be called at once; none of
// them waits for another.
type History struct {
	said  atomic.Pointer[moment]    // nil before the first answer
	asked atomic.Pointer[time.Time] // when a page last asked for a refresh
}

// Observe returns a gatherer that gathers what another does, and notes it.
func (h *History) Observe(from prometheus.Gatherer) prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, err := from.Gather()
		if err == nil {
			h.note(read(families, time.Now()))
		}
		return families, err
	})
}

// note takes in what an answer says, unless a later one was faster.
func (h *History) note(n *numbers) {
	for {
		before := h.said.Load()
		if before != nil && n.at.Before(before.at) || h.said.CompareAndSwap(before, before.then(n)) {
			return
		}
	}
}

// then returns what there is after one more answer.
func (m *moment) then(n *numbers) *moment {
	if m == nil {
		return &moment{n, sinceWhen(n, nil), []point{pointOf(n)}}
	}
	next := &moment{n, m.since, m.points}
	if !slices.Equal(n.problems, m.problems) {
		next.since = sinceWhen(n, m.since)
	}
	if n.at.Sub(m.points[len(m.points)-1].at) >= spacing {
		kept := m.points[max(0, len(m.points)+1-points):]
		next.points = append(slices.Clip(kept), pointOf(n))
	}
	return next
}

// sinceWhen returns since when each problem lasts. One that comes and goes does not shorten the others.
func sinceWhen(n *numbers, before map[string]time.Time) map[string]time.Time {
	since := make(map[string]time.Time, len(n.problems))
	for _, p := range n.problems {
		since[p] = n.at
		if at, ok := before[p]; ok {
			since[p] = at
		}
	}
	return since
}

func pointOf(n *numbers) point {
	p := point{at: n.at, known: n.known, opened: n.opened, resolved: n.resolved, requests: n.requests}
	for i, s := range scale {
		p.open[i] = n.open[rank{s, ""}]
	}
	return p
}

// last returns what the last answer said; nil numbers if there was none.
func (h *History) last() moment {
	if m := h.said.Load(); m != nil {
		return *m
	}
	return moment{}
}

// now returns what the last answer said, with a point of its own for the charts to end at.
func (h *History) now() moment {
	m := h.last()
	if m.numbers != nil && m.points[len(m.points)-1].at.Before(m.at) {
		m.points = append(slices.Clip(m.points), pointOf(m.numbers))
	}
	return m
}

// due reports whether a page may have the tenant refreshed, at most once in so long, however many
// pages are open.
func (h *History) due(now time.Time) bool {
	asked := h.asked.Load()
	return (asked == nil || now.Sub(*asked) >= spacing-time.Second) && h.asked.CompareAndSwap(asked, &now)
}

// requestsPerMinute returns how many requests were sent in the last minutes; false: not known yet.
func (m moment) requestsPerMinute() (float64, bool) {
	if len(m.points) < 2 {
		return 0, false
	}
	last := m.points[len(m.points)-1]
	first := m.points[max(0, len(m.points)-9)]
	took := last.at.Sub(first.at)
	if took < time.Second {
		return 0, false
	}
	return float64(last.requests-first.requests) / took.Minutes(), true
}
