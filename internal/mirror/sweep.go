package mirror

import (
	"context"
	"slices"
	"time"

	"msgraph_security_exporter/graphclient"
)

const (
	// youngAge is how long an incident counts as young: while scores appear and
	// alerts are still being correlated.
	youngAge = time.Hour + time.Minute
	// youngPace is how often the young incidents are read again.
	youngPace = 25 * time.Second
	// maxTries is how often a window is tried in one period, after 0, 1, 4 and 9 s.
	maxTries = 4
)

// sweepYoung reads the young incidents again at their pace, which were read since
// the first synchronisation began.
func (m *Mirror) sweepYoung(ctx context.Context, since time.Time) {
	for next := since.Add(youngPace); m.pause(ctx, time.Until(next)); {
		next = time.Now().Add(youngPace)
		var err error
		for _, w := range m.windows(span{m.youngSince(), maxTicks}) {
			if !m.bulkSlot(ctx) {
				return
			}
			if err = m.sweep(ctx, w); err != nil {
				break
			}
		}
		m.note(ctx, taskYoung, err)
		if err != nil {
			next = time.Now().Add(failingPace)
		}
	}
}

// sweepOld reads all other incidents again, one period after the other, evenly
// spread over the sweep interval.
func (m *Mirror) sweepOld(ctx context.Context) {
	for ctx.Err() == nil {
		begun := time.Now()
		windows := m.windows(span{minTicks, m.youngSince()})
		period := m.sweepPeriod(len(windows))
		plan := m.beginSweep(windows, begun, period)
		if m.sweepWindows(ctx, plan) && m.pauseSweep(ctx, begun.Add(period)) {
			m.note(ctx, taskSweep, m.endSweep(ctx))
		}
	}
}

// sweepPeriod returns how long a period over so many windows should take: a bit
// less than the interval that was promised, unless that would cost more than one
// and a half times the fewest requests that list all open incidents. There is no time
// to lose while incidents that had vanished come back.
func (m *Mirror) sweepPeriod(windows int) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.vanished.returned {
		return 0
	}
	fewest := max(1, (m.book.open+pageSize-1)/pageSize)
	share := max(0.95, float64(windows)/(1.5*float64(fewest)))
	return time.Duration(share * float64(m.cfg.SweepInterval))
}

// sweepWindows reads the windows of one period, each in its time. It reports
// whether all of them were read and the period need not begin anew.
func (m *Mirror) sweepWindows(ctx context.Context, plan []visit) bool {
	all := true
	for i := range plan {
		v := &plan[i]
		m.awaitVisit(v)
		if !m.pauseSweep(ctx, v.at) {
			return false
		}
		began := time.Now()
		err := m.sweepPatiently(ctx, v.span)
		if err == nil {
			m.visited(v, began)
		}
		all = all && err == nil
		m.note(ctx, taskSweep, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.swept.visits = plan
	return all
}

// awaitVisit notes which part of time is due next.
func (m *Mirror) awaitVisit(v *visit) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.swept.oldest = v.last
	m.announce()
}

// visited notes that a window has been read.
func (m *Mirror) visited(v *visit, began time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.swept.worst = max(m.swept.worst, began.Sub(v.last))
	v.last = began
}

// sweepPatiently reads a window and tries again when that fails: each window
// succeeds or is retried alone.
func (m *Mirror) sweepPatiently(ctx context.Context, w span) error {
	var err error
	for try := range maxTries {
		if !sleep(ctx, time.Duration(try*try)*time.Second) || !m.bulkSlot(ctx) {
			return ctx.Err()
		}
		if err = m.sweep(ctx, w); err == nil {
			return nil
		}
	}
	return err
}

// pauseSweep waits until the given time, and longer while nobody asks. It returns
// false when ctx ends or the period has to begin anew.
func (m *Mirror) pauseSweep(ctx context.Context, until time.Time) bool {
	for time.Now().Before(until) {
		if !sleep(ctx, min(time.Until(until), youngPace)) || m.restartSweep() {
			return false
		}
	}
	return m.pause(ctx, 0) && !m.restartSweep()
}

func (m *Mirror) restartSweep() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.vanished.restart
}

// sweep reads one window again and settles what is missing from it.
func (m *Mirror) sweep(ctx context.Context, w span) error {
	began := time.Now()
	q := query{operation: graphclient.OperationSweep, open: true}
	if err := m.explore(ctx, newSurvey(w, nil, false, m.now()), q); err != nil {
		return err
	}
	if err := m.settle(ctx, func() {}); err != nil {
		return err
	}
	return m.settleMissing(ctx, w, began)
}

// settleMissing finds out what became of the open incidents that a reading of
// the window begun at that time did not show. Most were just closed, which a delta
// tells; few are asked for by id; for more the window is read without the filter
// on status. What is absent even there was deleted.
func (m *Mirror) settleMissing(ctx context.Context, w span, began time.Time) error {
	missing := m.missing(w, began)
	if len(missing) > 2 {
		if _, err := m.pass(ctx, false); err != nil {
			return err
		}
		missing = m.missing(w, began)
	}
	if len(missing) <= 2 {
		for _, id := range missing {
			if err := m.reread(ctx, id); err != nil {
				return err
			}
		}
		return m.settle(ctx, func() {})
	}
	again := time.Now()
	q := query{operation: graphclient.OperationSweep}
	if err := m.explore(ctx, newSurvey(w, nil, false, m.now()), q); err != nil {
		return err
	}
	return m.dropMissing(ctx, m.missing(w, again), again)
}

// missing returns the open incidents of the window that no answer has shown since.
func (m *Mirror) missing(w span, since time.Time) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ids []string
	for id, r := range m.book.rows {
		if r.open() && w.holds(r.Created) && r.arrived < since.Sub(m.epoch) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// dropMissing drops incidents that a reading begun at that time no longer showed,
// unless Graph has stopped showing others as well.
func (m *Mirror) dropMissing(ctx context.Context, ids []string, began time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	alive, err := m.alive(ctx, len(ids))
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !alive {
		m.suspect()
	}
	at := moment{began.Sub(m.epoch), time.Since(m.epoch)}
	for _, id := range ids {
		m.drop(id, at)
	}
	return nil
}

// alive reports whether a listing of all open incidents shows more than a page, or
// at least half of those that should be left while so many are missing.
func (m *Mirror) alive(ctx context.Context, missing int) (bool, error) {
	r, err := m.read(ctx, query{operation: graphclient.OperationSweep, open: true}, 1)
	if err != nil {
		return false, err
	}
	seen := len(r.ids())
	m.absorb(&r, swept)
	m.mu.Lock()
	defer m.mu.Unlock()
	return r.overflow || 2*seen >= m.book.open-missing, nil
}
