package mirror

import (
	"context"
	"errors"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/history"
	"msgraph_security_exporter/internal/reading"
)

// A refresh is one in-flight request of pulls to bring the copy up to date.
type refresh struct {
	done      chan struct{} // closed when it has ended
	err       error         // valid then
	ended     time.Time
	began     time.Time // valid then, or zero if it never did
	abandoned bool      // somebody has stopped waiting for it
}

func (r *refresh) over() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// end may be called again without effect, but not at the same time.
func (r *refresh) end(err error) {
	if !r.over() {
		r.err, r.ended = err, time.Now()
		close(r.done)
	}
}

// Refresh brings the copy up to date and returns when that is done. Callers
// share the refresh that is under way, or one that ended within the minimum
// interval. When ctx ends first its error is returned and the refresh goes on by
// itself; the report says [Behind] as long as it does. While the copy is first
// being synchronised there is nothing to refresh and Refresh returns at once; if
// that had come to a halt, Refresh has it try again and waits a moment for the outcome.
func (m *Mirror) Refresh(ctx context.Context) error {
	m.mu.Lock()
	m.asked.note(m.elapsedLocked())
	synced, halted, attempt := m.synced, m.health.problems[taskSync] != "", m.attempt
	m.mu.Unlock()
	if !synced {
		if err := m.resume(ctx, halted, attempt); err != nil || !m.hasSynced() {
			return err
		} // or what ended just now may have taken long
	}
	then := time.Now().Add(-max(maxJoin, m.cfg.MinRefreshInterval))
	r := m.ask(then)
	err := m.await(ctx, r)
	if err == nil && r.began.Before(then) { // which nobody writes any more
		err = m.await(ctx, m.ask(then))
	}
	return err
}

// hasSynced reports whether there is a first snapshot.
func (m *Mirror) hasSynced() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.synced
}

// maxJoin is how long before a pull a refresh may have begun that it shares, or the minimum interval if that is longer.
const maxJoin = time.Second

// ask returns the refresh that is under way, one that has just ended and did not begin before
// then, or a new one.
func (m *Mirror) ask(then time.Time) *refresh {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.refresh
	if r == nil || r.over() && (time.Since(r.ended) >= m.cfg.MinRefreshInterval || r.began.Before(then)) {
		r = &refresh{done: make(chan struct{})}
		m.refresh = r
		m.asks <- r // never blocks: the one before is over
	}
	return r
}

// await waits for a refresh.
func (m *Mirror) await(ctx context.Context, r *refresh) error {
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !r.over() {
		r.abandoned = true
		m.announce()
	}
	return ctx.Err()
}

// carryOut does the refreshes that are asked for, one at a time.
func (m *Mirror) carryOut(ctx context.Context) {
	var unfinished *pass
	for {
		select {
		case r := <-m.asks:
			r.began = time.Now()
			err := m.carryOutOne(ctx, &unfinished)
			m.mu.Lock()
			r.end(err)
			m.announce()
			m.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// carryOutOne reads what was updated since the last pass and publishes the result. A pass
// that an earlier refresh could not finish comes first.
func (m *Mirror) carryOutOne(ctx context.Context, unfinished **pass) error {
	began := time.Now()
	older := *unfinished != nil
	err := m.update(ctx, unfinished, false)
	if err == nil && older {
		err = m.update(ctx, unfinished, false)
	}
	if ctx.Err() == nil {
		m.mu.Lock()
		m.health.count(err, time.Since(began))
		m.passless = unfiltered(err)
		m.mu.Unlock()
	}
	m.note(ctx, taskRefresh, err)
	return err
}

// unfiltered reports whether an error says that Graph refuses or ignores what a filter asks for.
func unfiltered(err error) bool {
	return graphclient.ReasonOf(err) == graphclient.ReasonBadRequest || errors.Is(err, reading.ErrIgnored)
}

// setPassless has sweeps do the work of passes, which Graph does not answer.
func (m *Mirror) setPassless(ctx context.Context, err error) {
	m.mu.Lock()
	m.passless = true
	m.mu.Unlock()
	m.note(ctx, taskRefresh, err)
}

// publish makes the open rows the snapshot, as of a time on Graph's clock, and tells what happened
// since the last one; began is when the reading did, on the local clock. The time is the watermark
// where passes are read, so that a lookback that took long does not set it back; the lock is held.
func (m *Mirror) publish(taken, began time.Time) {
	next := &Snapshot{Taken: taken}
	if last := m.snapshot; last != nil {
		next.Open = last.Open
	}
	if m.copy.dirty || m.snapshot == nil {
		next.Open = m.copy.list()
		m.copy.dirty = false
	}
	if m.synced {
		m.cfg.Observe(m.events(taken))
	}
	m.snapshot = next
	if began.After(m.asOf) {
		m.asOf = began
	}
}

// events returns what happened since the last snapshot; the lock is held.
func (m *Mirror) events(taken time.Time) []history.Event {
	last := m.snapshot
	events := m.history.Events(history.Step{Last: last.Taken, Next: taken, Open: last.Open, Touched: m.copy.touched}, m.copy)
	clear(m.copy.touched)
	return events
}
