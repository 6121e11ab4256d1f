package mirror

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// refreshLimit is how long a refresh may go on without any answer from Graph.
const refreshLimit = time.Minute

var (
	errStalled    = errors.New("no answer for a minute")
	errIncomplete = errors.New("incomplete")
)

// A flight is one refresh and those who wait for it.
type flight struct {
	done  chan struct{} // closed when the refresh has ended
	err   error         // valid then
	ended time.Time
}

func newFlight() *flight { return &flight{done: make(chan struct{})} }

func (f *flight) over() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// end may be called again without effect, but not at the same time.
func (f *flight) end(err error) {
	if !f.over() {
		f.err, f.ended = err, time.Now()
		close(f.done)
	}
}

// Refresh brings the copy up to date and returns when that is done. Callers
// share the refresh that is under way, or one that ended within the minimum
// interval. When ctx ends first its error is returned and the refresh goes on by
// itself. While the copy is first being synchronised there is nothing to refresh
// and Refresh returns at once; if that had come to a halt, Refresh has it try
// again and waits a moment for the outcome.
func (m *Mirror) Refresh(ctx context.Context) error {
	m.mu.Lock()
	m.asked = time.Now()
	if !m.synced {
		halted, turn := m.health.failing(taskSync), m.turn
		m.mu.Unlock()
		return m.resume(ctx, halted, turn)
	}
	f := m.flight
	if f == nil || f.over() && time.Since(f.ended) >= m.cfg.MinRefreshInterval {
		f = newFlight()
		m.flight = f
		m.asks <- f // never blocks: the one before is over
	}
	m.mu.Unlock()
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// carryOut does the refreshes that are asked for, one at a time.
func (m *Mirror) carryOut(ctx context.Context) {
	for {
		select {
		case f := <-m.asks:
			err := m.refresh(ctx)
			m.mu.Lock()
			f.end(err)
			m.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// refresh reads what was updated since the last pass and publishes the result.
func (m *Mirror) refresh(ctx context.Context) error {
	began := time.Now()
	m.mu.Lock()
	wide := time.Since(m.marks.wideAt) >= wideLimit
	m.mu.Unlock()
	taken, err := m.pass(ctx, wide)
	m.mu.Lock()
	if err == nil && m.vanished.suspect {
		err = fmt.Errorf("%d open incidents vanished without an update and a second sweep has not confirmed it: %w",
			m.vanished.count, errIncomplete)
	}
	var events []Event
	if err == nil {
		events = m.events(taken)
		m.publish(taken, began)
	}
	if ctx.Err() == nil {
		m.health.count(err, time.Since(began))
	}
	m.mu.Unlock()
	m.note(ctx, taskRefresh, err)
	m.cfg.Observe(events)
	return err
}

// publish makes the open rows the snapshot; the lock is held.
func (m *Mirror) publish(taken, began time.Time) {
	next := &Snapshot{Taken: taken}
	if last := m.snapshot; last != nil {
		next.Open = last.Open
		if last.Taken.After(taken) { // a node whose clock is behind
			next.Taken = last.Taken
		}
	}
	if m.book.dirty || m.snapshot == nil {
		next.Open = m.book.list()
		m.book.dirty = false
	}
	m.snapshot, m.asOf = next, began
}
