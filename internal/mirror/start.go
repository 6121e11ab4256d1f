package mirror

import (
	"context"
	"fmt"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/reading"
)

const (
	minBackoff, maxBackoff = time.Second, 30 * time.Second
	// allPages bounds a listing of everything.
	allPages = 200
)

// A start is the first synchronisation under way. It walks through the list of what is open.
// Where that is not sorted, it reads it in cells. It remembers what has been read.
type start struct {
	began time.Time // local
	walk  *reading.Walk
	cover *reading.Cover // reads everything in cells, where there is no order
	// pending is a listing of everything that counted up: it holds if nothing that it showed
	// has changed by the time of a later pass.
	pending  map[string]defender.Incident
	sent     time.Time // of its first page, on Graph's clock
	refused  error     // why nothing shorter than that listing was possible
	pass     *pass     // unfinished
	parts    int       // that have been read
	failures int       // in a row, of what was to be read next
}

// synchronise reads every open incident and publishes the first snapshot. It returns an
// error only when ctx ends. What was read before a halt of more than a sweep interval is read
// anew.
func (m *Mirror) synchronise(ctx context.Context) error {
	s, moved := newStart(), time.Now()
	for backoff := minBackoff; ; backoff = min(2*backoff, maxBackoff) {
		if time.Since(moved) > m.cfg.SweepInterval {
			m.mu.Lock()
			why := m.health.problems[taskSync]
			m.forget()
			m.health.problems[taskSync] = why // which holds until a part has been read
			m.announce()
			m.mu.Unlock()
			s, moved = newStart(), time.Now()
		}
		began := time.Now()
		before := s.parts
		err := s.run(ctx, m)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		m.halt(ctx, err, time.Since(began))
		if s.parts > before {
			backoff, moved = minBackoff, time.Now()
		}
		if !m.awaitRetry(ctx, backoff) {
			return ctx.Err()
		}
	}
}

func newStart() *start {
	q := reading.Query{Region: reading.Everything, Operation: graphclient.OperationSweep, Open: true}
	return &start{began: time.Now(), walk: reading.NewWalk(q)}
}

// run does what is left of the synchronisation. Where Graph does not filter by update there is no
// pass, and what was read is as of its first request.
func (s *start) run(ctx context.Context, m *Mirror) error {
	for {
		if err := s.read(ctx, m); err != nil {
			return err
		}
		began := time.Now()
		unread := m.update(ctx, &s.pass, false)
		if unread != nil && !unfiltered(unread) {
			return unread
		}
		ok, err := s.proven(ctx, m, unread == nil)
		switch {
		case err != nil:
			return err
		case ok && unread != nil:
			m.setPassless(ctx, unread)
			began = s.began
			fallthrough
		case ok:
			m.publishFirst(ctx, s.began, began, s.pending != nil)
			return nil
		}
		if s.pending = nil; s.refused != nil {
			return s.refused
		}
		s.fallBack(m, 1)
	}
}

// read reads everything that is open: in pages, in cells where that goes no further, and in
// one listing where cells do not either.
func (s *start) read(ctx context.Context, m *Mirror) error {
	if s.cover == nil && s.pending == nil {
		before := s.walk.Pages
		if err := s.readPages(ctx, m); err != nil {
			if !s.stuck(err, s.walk.Pages > before) {
				return err
			}
			s.fallBack(m, 3)
		}
	}
	if s.cover == nil {
		return nil
	}
	before := len(s.cover.Cells)
	err := s.cover.Run(ctx, m.reader)
	if s.parts += len(s.cover.Cells) - before; err != nil && s.stuck(err, false) {
		return s.listAll(ctx, m, err)
	}
	return err
}

// readPages walks through the list and, where that is not sorted, lists it.
func (s *start) readPages(ctx context.Context, m *Mirror) error {
	sorted, err := s.walk.Run(ctx, m.reader, func() {
		if s.parts++; s.walk.Pages == 1 {
			m.beginAt(s.walk.Sent)
		}
		m.advance(ctx, s.walk.Progress(m.now()))
	})
	if err != nil || sorted {
		return err
	}
	return s.list(ctx, m)
}

// stuck reports whether Graph refuses, ignores or fails what is to be read next, although it has
// answered before, and not for the first time.
func (s *start) stuck(err error, moved bool) bool {
	if s.walk.Pages == 0 || !unfiltered(err) && graphclient.ReasonOf(err) != graphclient.ReasonServerError {
		return false
	}
	if moved {
		s.failures = 0
	}
	s.failures++
	return s.failures > 1
}

// listAll reads everything in one listing, however long, which asks for nothing but a status.
// Where that does not count up, what stood in the way of anything shorter is the reason.
func (s *start) listAll(ctx context.Context, m *Mirror, refused error) error {
	l, complete, err := m.reader.Whole(ctx, s.walk.Query, allPages)
	if err != nil || !complete {
		return refused
	}
	s.cover, s.pending, s.sent, s.refused = nil, l.Each(), l.Sent, refused
	return nil
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
	s.cover = reading.NewCover(s.walk.Query, m.known(&s.walk.Query), ratio, false, m.now())
}

// proven reports whether what was read is certainly everything, after a pass. Cells are. A
// listing that counted up is if it still shows what is the case: had a row left it meanwhile,
// another could have slipped through. That takes a pass. A walk is if the list is sorted as it
// seems.
func (s *start) proven(ctx context.Context, m *Mirror, passed bool) (bool, error) {
	switch {
	case s.cover != nil:
		return true, nil
	case s.pending != nil:
		return passed && m.stands(s.pending, defender.TicksOf(s.sent.Add(-overlap))), nil
	}
	return s.walk.Probe(ctx, m.reader, m.known(&s.walk.Query), s.walk.Sent.Add(-lookbackReach)) // later ones are for the lookback
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
// date the copy is as old as its first request. What was listed is read again at once: an incident that
// was deleted meanwhile may have hidden another.
func (m *Mirror) publishFirst(ctx context.Context, since, began time.Time, listed bool) {
	m.note(ctx, taskSync, nil)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.publish(m.watermark, began)
	m.copy.touched = map[string]*defender.Incident{}
	m.synced, m.progress = true, 1
	now := m.elapsedLocked()
	m.windows = newPartition(m.openTimes(reading.AllTime), now-passed(since, time.Now()), now, m.cfg.SweepInterval*95/100)
	if listed {
		m.windows.rush(now, func(*window) bool { return true })
	}
	m.health.count(nil, time.Since(began))
	m.endAttempt()
	m.announce()
	m.cfg.Logger.InfoContext(ctx, "First synchronisation is complete", "open", m.copy.open)
}

// halt notes that the first synchronisation came to a halt.
func (m *Mirror) halt(ctx context.Context, err error, took time.Duration) {
	m.note(ctx, taskSync, err)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.health.count(err, took)
	m.announce()
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
