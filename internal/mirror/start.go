package mirror

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
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

// An order is how Graph may sort a list. None is documented, so that it is never more than a
// hint.
type order struct {
	name       string
	of         func(*Incident) Ticks
	descending bool
}

var orders = []order{
	{"created, newest first", func(in *Incident) Ticks { return in.Created }, true},
	{"updated, newest first", func(in *Incident) Ticks { return in.Updated }, true},
	{"created, oldest first", func(in *Incident) Ticks { return in.Created }, false},
	{"updated, oldest first", func(in *Incident) Ticks { return in.Updated }, false},
}

// sorts reports whether rows are in the order.
func (o *order) sorts(rows []Incident) bool {
	return slices.IsSortedFunc(rows, func(a, b Incident) int {
		switch x, y := o.of(&a), o.of(&b); {
		case x == y:
			return 0
		case (x < y) != o.descending:
			return -1
		}
		return 1
	})
}

// span returns which span of a region the order goes by.
func (o *order) span(r *region) *span {
	var probe Incident
	if probe.Created = 1; o.of(&probe) == 1 {
		return &r.created
	}
	return &r.updated
}

// A start is the first synchronisation under way. It remembers what has been read, so that a
// failure costs only what failed.
//
// A page of a sorted list shows everything in it from its first row to its last one, at one
// moment: as long as each page is sorted, the next one is asked for with a filter that begins
// where the last ended, and no listing has a second page. Where no order is seen, the list is
// read in cells.
type start struct {
	began  time.Time // local
	orders []order   // that all pages so far agree with; the first is gone by
	left   region    // what has not been read in that order
	pages  int
	ended  bool
	cover  *cover // reads everything in cells, where there is no order
	// pending is a listing of everything that counted up: it holds if nothing that it showed
	// has changed by the time of a later pass.
	pending map[string]Incident
	sent    time.Time // of its first page, on Graph's clock
	pass    *pass     // unfinished
}

// synchronise reads every open incident and publishes the first snapshot. It returns an
// error only when ctx ends.
func (m *Mirror) synchronise(ctx context.Context) error {
	s := &start{began: time.Now(), orders: slices.Clone(orders), left: everything}
	for backoff := minBackoff; ; backoff = min(2*backoff, maxBackoff) {
		began := time.Now()
		before := s.pages
		err := s.run(ctx, m)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		m.halt(ctx, err, time.Since(began))
		if s.pages > before {
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
		s.fallBack(m, nil, 1)
	}
}

// read reads everything that is open, in pages, in a listing or in cells.
func (s *start) read(ctx context.Context, m *Mirror) error {
	for s.cover == nil && s.pending == nil && !s.ended {
		if err := s.page(ctx, m); err != nil {
			return err
		}
		s.pages++
		m.advance(ctx, s.progress(m))
	}
	if s.cover == nil {
		return nil
	}
	defer func() { s.pages += len(s.cover.cells) }()
	return s.cover.run(ctx, m)
}

func (m *Mirror) startQuery(r region) query {
	return query{region: r, operation: graphclient.OperationSweep, open: true}
}

// page reads the next page of a list that is sorted so far.
func (s *start) page(ctx context.Context, m *Mirror) error {
	if len(s.orders) == 0 {
		return s.list(ctx, m)
	}
	l, complete, err := m.whole(ctx, m.startQuery(s.left), 1)
	if err != nil {
		return fmt.Errorf("listing %s: %w", s.left, err)
	}
	if s.pages == 0 {
		m.beginAt(l.sent)
	}
	var rows []Incident
	for _, p := range l.pages {
		rows = append(rows, p...)
	}
	was := s.orders[0].name
	s.orders = slices.DeleteFunc(s.orders, func(o order) bool { return !o.sorts(rows) })
	switch {
	case complete && (s.pages == 0 || len(s.orders) > 0 && s.orders[0].name == was):
		s.ended = true
		return nil
	case len(s.orders) == 0 || len(rows) == 0:
		return s.list(ctx, m)
	case s.orders[0].name != was && s.pages > 0:
		s.left = everything // from the beginning, in the other order
		return nil
	}
	return s.step(ctx, m, rows)
}

// step moves past what a page has shown. What it ends in the midst of is left, by whole
// seconds.
func (s *start) step(ctx context.Context, m *Mirror, rows []Incident) error {
	o := &s.orders[0]
	left, last := o.span(&s.left), o.of(&rows[len(rows)-1])
	second := s.left
	part := o.span(&second)
	if o.descending {
		cut := floor(last) + oneSecond
		if cut < left.to && (left.to != maxTicks || cut <= o.of(&rows[0])) {
			left.to = cut
			return nil
		}
		*part = span{floor(last), cut}
	} else {
		cut := floor(last)
		if cut > left.from && (left.from != minTicks || cut > o.of(&rows[0])) {
			left.from = cut
			return nil
		}
		*part = span{cut, cut + oneSecond}
	}
	// More than a page in one second.
	c := newCover(m.startQuery(second), created((&listing{pages: [][]Incident{rows}}).each()), 2, false, m.now())
	if err := c.run(ctx, m); err != nil {
		return err
	}
	if o.descending {
		left.to = part.from
	} else {
		left.from = part.to
	}
	return nil
}

// list reads everything in one listing, if that counts up, and otherwise plans its cells by
// what it shows.
func (s *start) list(ctx context.Context, m *Mirror) error {
	q := m.startQuery(everything)
	l, complete, err := m.whole(ctx, q, maxPages)
	if err != nil {
		return fmt.Errorf("listing %s: %w", q.region, err)
	}
	ratio := 2.0
	if l.ended {
		ratio = 1
	}
	if complete {
		s.pending, s.sent = l.each(), l.sent
		return nil
	}
	s.fallBack(m, created(l.each()), ratio)
	return nil
}

// fallBack has everything read in cells.
func (s *start) fallBack(m *Mirror, times []Ticks, ratio float64) {
	if times == nil {
		m.mu.Lock()
		times = m.openTimes(allTime)
		m.mu.Unlock()
	}
	s.cover = newCover(m.startQuery(everything), times, ratio, false, m.now())
}

// proven reports whether what was read is certainly everything, after a pass. Cells are. A
// listing that counted up is if it still shows what is the case: had a row left it meanwhile,
// another could have slipped through. Pages are if the list is sorted as it seems, which a
// cell at random probes.
func (s *start) proven(ctx context.Context, m *Mirror) (bool, error) {
	switch {
	case s.cover != nil || s.pages <= 1 && s.pending == nil:
		return true, nil
	case s.pending != nil:
		return m.stands(s.pending, TicksOf(s.sent.Add(-overlap))), nil
	}
	m.mu.Lock()
	times := m.openTimes(allTime)
	m.mu.Unlock()
	if len(times) == 0 {
		return true, nil
	}
	i := rand.IntN(len(times))
	last := times[min(i+cellRows-6, len(times)-1)]
	q := m.startQuery(region{created: span{floor(times[i]), floor(last) + oneSecond}, updated: allTime})
	l, _, err := m.whole(ctx, q, 1)
	if err != nil {
		return false, fmt.Errorf("listing %s: %w", q.region, err)
	}
	return l.unknown == 0, nil
}

// stands reports whether the copy holds each row as a listing showed it, none of them
// contradicted or changed since shortly before.
func (m *Mirror) stands(rows map[string]Incident, before Ticks) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, in := range rows {
		r := m.copy.rows[id]
		if r.Incident != in || r.denied || r.rival != nil || in.Created >= before || in.Updated >= before {
			return false
		}
	}
	return true
}

// progress returns about how much of the time for which Graph keeps incidents has been read.
func (s *start) progress(m *Mirror) float64 {
	if s.cover != nil {
		return s.cover.progress()
	}
	now := m.now()
	left := min(s.left.created.to, s.left.updated.to, now) - max(s.left.created.from, s.left.updated.from, now-keptFor)
	return max(0, min(1, 1-float64(left)/float64(keptFor)))
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
	m.copy.touched = map[string]*Incident{}
	m.synced, m.progress = true, 1
	now := m.elapsedLocked()
	m.windows = newPartition(m.openTimes(allTime), now-passed(since, time.Now()), now, m.cfg.SweepInterval*95/100)
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
