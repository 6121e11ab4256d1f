package statuspage

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

const (
	// spacing is how far apart two points of a history are at the least, points how many it has
	// at the most: an hour.
	spacing = 15 * time.Second
	points  = 240
	hour    = spacing * points
)

// A point is what the charts show of one answer.
type point struct {
	at                         time.Time
	known                      bool
	open                       [shown]int // by severity, as in [scale]
	opened, resolved, requests int        // since the start
}

// A History is what the answers about one tenant said in the last hour. It costs nothing while nobody
// asks: a point is taken off an answer that is given anyway. Its methods may be called at once; no lock
// is held while metrics are gathered.
type History struct {
	mu      sync.Mutex
	points  []point // the oldest first
	last    *numbers
	trouble string // the problems of the last answer
	since   time.Time
	asked   time.Time // when a page last asked for a refresh
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

// note takes in what an answer says.
func (h *History) note(n *numbers) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last != nil && n.at.Before(h.last.at) {
		return
	}
	if trouble := strings.Join(n.problems, " "); h.last == nil || trouble != h.trouble {
		h.trouble, h.since = trouble, n.at
	}
	h.last = n
	if len(h.points) > 0 && n.at.Sub(h.points[len(h.points)-1].at) < spacing {
		return
	}
	if len(h.points) == points {
		h.points = slices.Delete(h.points, 0, 1)
	}
	h.points = append(h.points, pointOf(n))
}

func pointOf(n *numbers) point {
	p := point{at: n.at, known: n.known, opened: n.opened, resolved: n.resolved, requests: n.requests}
	for i, s := range scale {
		p.open[i] = n.sum(s, "")
	}
	return p
}

// A moment is what a history holds at one.
type moment struct {
	*numbers
	stood  time.Time // since when the problems are as they are
	points []point   // of the last hour, and one more for the numbers
}

// now returns what the last answer said and what was before; nil numbers if there was none.
func (h *History) now() moment {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := moment{numbers: h.last, stood: h.since, points: slices.Clone(h.points)}
	if h.last != nil && (len(m.points) == 0 || m.points[len(m.points)-1].at.Before(h.last.at)) {
		m.points = append(m.points, pointOf(h.last))
	}
	return m
}

// due reports whether a page may have the tenant refreshed, at most once in so long, however many
// pages are open.
func (h *History) due(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Sub(h.asked) < spacing-time.Second {
		return false
	}
	h.asked = now
	return true
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
