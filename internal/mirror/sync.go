package mirror

import (
	"context"
	"math/rand/v2"
	"time"

	"msgraph_security_exporter/graphclient"
)

const (
	minBackoff = time.Second
	maxBackoff = 30 * time.Second
	// resumeWait is how long a pull waits for the outcome when it has the first
	// synchronisation try again.
	resumeWait = 2 * time.Second
)

// synchronise lists every open incident and publishes the first snapshot. A cell
// that fails is tried again alone: what has been read stays read, because the
// wide delta at the end starts before the first request. It returns when it began,
// and an error only when ctx ends.
func (m *Mirror) synchronise(ctx context.Context) (time.Time, error) {
	s, since := newSurvey(allTime, nil, false, m.now()), time.Now()
	for backoff := minBackoff; ; backoff = min(2*backoff, maxBackoff) {
		began := time.Now()
		before := s.progress()
		err := m.explore(ctx, s, query{operation: graphclient.OperationSweep, open: true})
		if err == nil {
			err = m.publishFirst(ctx, since)
		}
		if err == nil || ctx.Err() != nil {
			return since, ctx.Err()
		}
		m.halt(ctx, err, time.Since(began))
		if s.progress() > before {
			backoff = minBackoff
		}
		if !m.awaitRetry(ctx, backoff) {
			return since, ctx.Err()
		}
	}
}

// publishFirst brings in what changed while the cells were listed, none of them
// before since, and publishes. For changes without a date they are as old as that.
func (m *Mirror) publishFirst(ctx context.Context, since time.Time) error {
	began := time.Now()
	taken, err := m.pass(ctx, true)
	if err != nil {
		return err
	}
	m.note(ctx, taskSync, nil)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.publish(taken, began)
	m.book.touched = map[string]*Incident{}
	m.synced, m.progress = true, 1
	m.swept.begun, m.swept.oldest = since, since
	m.health.count(nil, time.Since(began))
	m.takeTurn()
	m.announce()
	m.cfg.Logger.InfoContext(ctx, "First synchronisation is complete", "open", m.book.open)
	return nil
}

// halt notes that the first synchronisation came to a halt.
func (m *Mirror) halt(ctx context.Context, err error, took time.Duration) {
	m.mu.Lock()
	m.health.count(err, took)
	m.mu.Unlock()
	m.note(ctx, taskSync, err)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.takeTurn()
}

// takeTurn wakes the pulls that wait for the first synchronisation to end or to
// fail; the lock is held.
func (m *Mirror) takeTurn() {
	close(m.turn)
	m.turn = make(chan struct{})
}

// advance notes the progress of the first synchronisation.
func (m *Mirror) advance(ctx context.Context, progress float64) {
	m.mu.Lock()
	if m.synced {
		m.mu.Unlock()
		return
	}
	m.progress = progress
	m.mu.Unlock()
	m.note(ctx, taskSync, nil)
}

// awaitRetry waits for about d, or until a pull asks for another try; without an
// end while nobody asks at all. It returns false when ctx ends.
func (m *Mirror) awaitRetry(ctx context.Context, d time.Duration) bool {
	if m.idle() >= m.cfg.MaxAge {
		return m.awaitPull(ctx)
	}
	t := time.NewTimer(d/2 + rand.N(d))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-m.kick:
		return true
	case <-ctx.Done():
		return false
	}
}

// awaitPull waits until somebody asks; false when ctx ends first.
func (m *Mirror) awaitPull(ctx context.Context) bool {
	select {
	case <-m.kick:
		return true
	case <-ctx.Done():
		return false
	}
}

// resume serves a pull before the first snapshot: at once while the
// synchronisation runs, after another try if it had come to a halt.
func (m *Mirror) resume(ctx context.Context, halted bool, turn <-chan struct{}) error {
	select {
	case m.kick <- struct{}{}:
	default:
	}
	if !halted {
		return nil
	}
	t := time.NewTimer(resumeWait)
	defer t.Stop()
	select {
	case <-turn:
	case <-t.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}
