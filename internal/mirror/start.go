package mirror

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/reading"
)

const (
	minBackoff = time.Second
	maxBackoff = 30 * time.Second
	// resumeWait is how long a pull waits for the outcome when it has the first
	// synchronisation try again.
	resumeWait = 2 * time.Second
)

// A start is the first synchronisation under way. It walks through the list of what is open.
// Where that is not sorted, it reads it in cells. It remembers what has been read.
type start struct {
	began time.Time // local
	walk  *reading.Walk
	cover *reading.Cover // reads everything in cells, where there is no order
	// pending is a listing of everything that counted up: it holds if nothing that it showed
	// has changed by the time of a later pass.
	pending map[string]defender.Incident
	sent    time.Time // of its first page, on Graph's clock
	pass    *pass     // unfinished
	parts   int       // that have been read
}

// synchronise reads every open incident and publishes the first snapshot. It returns an
// error only when ctx ends.
func (m *Mirror) synchronise(ctx context.Context) error {
	q := reading.Query{Region: reading.Everything, Operation: graphclient.OperationSweep, Open: true}
	s := &start{began: time.Now(), walk: reading.NewWalk(q)}
	for backoff := minBackoff; ; backoff = min(2*backoff, maxBackoff) {
		began := time.Now()
		before := s.parts
		err := s.run(ctx, m)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		m.halt(ctx, err, time.Since(began))
		if s.parts > before {
			backoff = minBackoff
		}
		if !m.awaitRetry(ctx, backoff) {
			return ctx.Err()
		}
	}
}

// run does what is left of the synchronisation.
func (s *start) run(ctx context.Context, m *Mirror) error {
	for {
		if err := s.read(ctx, m); err != nil {
			return err
		}
		began := time.Now()
		if err := m.update(ctx, &s.pass, false); err != nil {
			return err
		}
		ok, err := s.proven(ctx, m)
		if err != nil {
			return err
		}
		if ok {
			m.publishFirst(ctx, s.began, began)
			return nil
		}
		s.pending = nil
		s.fallBack(m, 1)
	}
}

// read reads everything that is open, in pages, in a listing or in cells.
func (s *start) read(ctx context.Context, m *Mirror) error {
	if s.cover == nil && s.pending == nil {
		sorted, err := s.walk.Run(ctx, m.reader, func() {
			if s.parts++; s.walk.Pages == 1 {
				m.beginAt(s.walk.Sent)
			}
			m.advance(ctx, s.walk.Progress(m.now()))
		})
		if err != nil {
			return err
		}
		if !sorted {
			if err := s.list(ctx, m); err != nil {
				return err
			}
		}
	}
	if s.cover == nil {
		return nil
	}
	defer func() { s.parts += len(s.cover.Cells) }()
	return s.cover.Run(ctx, m.reader)
}

// list reads everything in one listing, if that counts up, and otherwise plans its cells by
// what it shows. Where a walk got far before it lost its way, that shows enough.
func (s *start) list(ctx context.Context, m *Mirror) error {
	if s.walk.Pages > 3 {
		s.fallBack(m, 3)
		return nil
	}
	l, complete, err := m.reader.Whole(ctx, s.walk.Query, reading.MaxPages)
	if err != nil {
		return fmt.Errorf("listing %s: %w", s.walk.Region, err)
	}
	switch {
	case complete:
		s.pending, s.sent = l.Each(), l.Sent
	case l.Ended:
		s.fallBack(m, 1)
	default:
		s.fallBack(m, 2)
	}
	return nil
}

// fallBack has everything read in cells, with so many rows for each that is known.
func (s *start) fallBack(m *Mirror, ratio float64) {
	m.mu.Lock()
	times := m.openTimes(reading.AllTime)
	m.mu.Unlock()
	s.cover = reading.NewCover(s.walk.Query, times, ratio, false, m.now())
}

// proven reports whether what was read is certainly everything, after a pass. Cells are. A
// listing that counted up is if it still shows what is the case: had a row left it meanwhile,
// another could have slipped through. A walk is if the list is sorted as it seems.
func (s *start) proven(ctx context.Context, m *Mirror) (bool, error) {
	switch {
	case s.cover != nil:
		return true, nil
	case s.pending != nil:
		return m.stands(s.pending, defender.TicksOf(s.sent.Add(-overlap))), nil
	}
	m.mu.Lock()
	times := m.openTimes(reading.AllTime)
	m.mu.Unlock()
	return s.walk.Probe(ctx, m.reader, times, s.walk.Sent.Add(-lookbackReach)) // later ones are for the lookback
}

// stands reports whether the copy holds each row as a listing showed it, none of them
// contradicted or changed since shortly before.
func (m *Mirror) stands(rows map[string]defender.Incident, before defender.Ticks) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, in := range rows {
		r := m.copy.rows[id]
		_, contradicted := m.copy.conflicts[id]
		if r.Incident != in || r.denied || contradicted || in.Created >= before || in.Updated >= before {
			return false
		}
	}
	return true
}

// beginAt sets the watermark: whatever changes from now on is for the pass at the end.
func (m *Mirror) beginAt(sent time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watermark, m.lookbackFrom = sent, sent
	m.copy.horizon = horizon(sent)
}

// publishFirst publishes the first snapshot, after a pass begun then. For changes without a
// date the copy is as old as its first request.
func (m *Mirror) publishFirst(ctx context.Context, since, began time.Time) {
	m.note(ctx, taskSync, nil)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.publish(m.watermark, began)
	m.copy.touched = map[string]*defender.Incident{}
	m.synced, m.progress = true, 1
	now := m.elapsedLocked()
	m.windows = newPartition(m.openTimes(reading.AllTime), now-passed(since, time.Now()), now, m.cfg.SweepInterval*95/100)
	m.health.count(nil, time.Since(began))
	m.endAttempt()
	m.announce()
	m.cfg.Logger.InfoContext(ctx, "First synchronisation is complete", "open", m.copy.open)
}

// halt notes that the first synchronisation came to a halt.
func (m *Mirror) halt(ctx context.Context, err error, took time.Duration) {
	m.mu.Lock()
	m.health.count(err, took)
	m.mu.Unlock()
	m.note(ctx, taskSync, err)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.endAttempt()
}

// endAttempt wakes the pulls that wait for the first synchronisation to end or to
// fail; the lock is held.
func (m *Mirror) endAttempt() {
	close(m.attempt)
	m.attempt = make(chan struct{})
}

// advance notes the progress of the first synchronisation.
func (m *Mirror) advance(ctx context.Context, progress float64) {
	m.mu.Lock()
	m.progress = max(m.progress, progress)
	m.mu.Unlock()
	m.note(ctx, taskSync, nil)
}

// awaitRetry waits for about d, or until a pull asks for another try; without an
// end while nobody asks at all. It returns false when ctx ends.
func (m *Mirror) awaitRetry(ctx context.Context, d time.Duration) bool {
	if m.unwatched() {
		return m.awaitPull(ctx)
	}
	t := time.NewTimer(d/2 + rand.N(d))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-m.wake:
		return true
	case <-ctx.Done():
		return false
	}
}

// awaitPull waits until somebody asks; false when ctx ends first.
func (m *Mirror) awaitPull(ctx context.Context) bool {
	select {
	case <-m.wake:
		return true
	case <-ctx.Done():
		return false
	}
}

// resume serves a pull before the first snapshot: at once while the
// synchronisation runs, after another try if it had come to a halt.
func (m *Mirror) resume(ctx context.Context, halted bool, attempt <-chan struct{}) error {
	select {
	case m.wake <- struct{}{}:
	default:
	}
	if !halted {
		return nil
	}
	t := time.NewTimer(resumeWait)
	defer t.Stop()
	select {
	case <-attempt:
	case <-t.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}
