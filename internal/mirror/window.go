package mirror

import (
	"context"
	"slices"
	"time"
)

// windowRows is how many known incidents a window of the sweep is cut to hold: a
// page, less what may come to lie in it without being known.
const windowRows = 46

// windows cuts a span so that each part holds at most a page of the known open
// incidents, newest first.
func (m *Mirror) windows(s span) []span {
	created := m.created(s)
	slices.Sort(created)
	parts := (len(created) + windowRows - 1) / windowRows
	var cuts []Ticks
	for i := 1; i < parts; i++ {
		at := cutNear(created, i*len(created)/parts)
		if n := len(cuts); s.holds(at) && at > s.from && (n == 0 || at > cuts[n-1]) {
			cuts = append(cuts, at)
		}
	}
	windows := []span{}
	to := s.to
	for _, at := range slices.Backward(cuts) {
		windows = append(windows, span{at, to})
		to = at
	}
	return append(windows, span{s.from, to})
}

// cutNear returns a whole second that separates created[i-1] from created[i], or
// a pair close by that lies further apart: a cell is read a second wider than it
// is, and rows within that second would be read twice.
func cutNear(created []Ticks, i int) Ticks {
	best := i
	for j := max(1, i-2); j <= min(len(created)-1, i+2); j++ {
		if created[j]-created[j-1] > created[best]-created[best-1] {
			best = j
		}
	}
	middle := created[best-1] + (created[best]-created[best-1])/2
	return middle - middle%Ticks(ticksPerSecond)
}

// created returns when the open incidents in s were created, in no order.
func (m *Mirror) created(s span) []Ticks {
	m.mu.Lock()
	defer m.mu.Unlock()
	var created []Ticks
	for _, r := range m.book.rows {
		if r.open() && s.holds(r.Created) {
			created = append(created, r.Created)
		}
	}
	return created
}

// youngSince returns the whole second, on Graph's clock, since which incidents
// count as young.
func (m *Mirror) youngSince() Ticks {
	return TicksOf(m.now().Time().Add(-youngAge).Truncate(time.Second))
}

// now returns what Graph's clock shows, as far as is known.
func (m *Mirror) now() Ticks {
	m.mu.Lock()
	defer m.mu.Unlock()
	return TicksOf(m.clock.predict(time.Now()))
}

// bulkSlot waits until the sweeps may send again: together they take at most half
// of what the limiter allows. It returns false when ctx ends.
func (m *Mirror) bulkSlot(ctx context.Context) bool {
	spacing := time.Duration(2 * float64(time.Minute) / max(1, m.client.RequestsPerMinute()))
	m.mu.Lock()
	now := time.Now()
	at := m.nextBulk
	if at.Before(now) {
		at = now
	}
	m.nextBulk = at.Add(spacing)
	m.mu.Unlock()
	return sleep(ctx, time.Until(at))
}
