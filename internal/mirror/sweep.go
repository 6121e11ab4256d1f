package mirror

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/reading"
)

const (
	// youngAge is how long an incident counts as young: while scores appear and
	// alerts are still being correlated.
	youngAge = time.Hour + time.Minute
	// youngPace is how often the young incidents are read again.
	youngPace = 20 * time.Second
	// lateYoung is how long they can go without and it is not late, lateShare how many sweep intervals
	// the others can.
	lateYoung, lateShare = 60 * time.Second, 2
	// nap bounds a wait of the sweeper: what it waits for may come sooner.
	nap = time.Second
)

// sweep reads every open incident again, for changes that Graph does not date: windows with
// young incidents at their pace, all others once in a period. A window that fails is tried
// again alone, and keeps its reason until it is read.
func (m *Mirror) sweep(ctx context.Context) {
	for m.pause(ctx, 0) {
		m.lookAgain()
		w, due := m.nextWindow()
		if wait := due - m.elapsed(); wait > 0 {
			if !sleep(ctx, min(wait, nap)) {
				return
			}
			continue
		}
		began := m.elapsed()
		cells, rows, err := m.sweepWindow(ctx, w.Span)
		if ctx.Err() != nil {
			return
		}
		m.swept(&w, began, cells, rows, err)
		m.note(ctx, taskSweep, m.failingWindow(err))
		m.relist(ctx)
	}
}

// nextWindow returns the window that is due next, cut to what a page holds once it is due: until then
// the sweeper asks every second.
func (m *Mirror) nextWindow() (window, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.windows.sparse(m.copy.open) {
		m.windows.replace(reading.CutAll(reading.AllTime, m.openTimes(reading.AllTime), reading.CellRows))
	}
	since, now, was := m.youngSince(), m.elapsedLocked(), m.windows.idle
	odd := m.clock.Skew.Abs() > lookbackReach // then passes may ask for too little, and here is where it shows first
	if m.windows.idle = m.copy.youngest < since && !odd; was && !m.windows.idle {
		m.windows.woke = now
	}
	w, due := m.windows.next(since)
	if due > now {
		return w, due
	}
	if times := m.openTimes(w.Span); len(times) > reading.CellRows {
		m.windows.replace(reading.CutAll(w.Span, times, reading.CellRows))
		w, due = m.windows.next(since)
	}
	return w, due
}

// openTimes returns when the open incidents of a span were created, sorted; the lock is held.
func (m *Mirror) openTimes(s reading.Span) []defender.Ticks {
	return m.times(func(r row) bool { return r.open() && s.Holds(r.Created) })
}

// youngSince returns since when incidents count as young; the lock is held.
func (m *Mirror) youngSince() defender.Ticks {
	return reading.Floor(defender.TicksOf(m.clock.Predict(time.Now()).Add(-youngAge)))
}

// sweepPeriod returns how long a period should take: a bit less than the interval that was
// promised, unless that would cost more than one and a half times the fewest requests that
// list all open incidents; the lock is held.
func (m *Mirror) sweepPeriod() time.Duration {
	fewest := max(1, (m.copy.open+reading.PageSize-1)/reading.PageSize)
	share := max(0.95, float64(len(m.windows.windows))/(1.5*float64(fewest)))
	return time.Duration(share * float64(m.cfg.SweepInterval))
}

// sweepWindow reads a window again and finds out what became of incidents that it does not
// show any more. It returns the cells that it took, where it took several, and how many rows
// they held.
func (m *Mirror) sweepWindow(ctx context.Context, s reading.Span) ([]reading.Span, int, error) {
	began, all := time.Now(), m.suspects() // then there is much to find out about
	q := reading.Query{Region: reading.Region{Created: s, Updated: reading.AllTime}, Operation: graphclient.OperationSweep, Open: !all, Paced: true}
	c := reading.NewCover(q, nil, 1, false, m.now())
	if err := c.Run(ctx, m.reader); err != nil {
		return nil, 0, err
	}
	m.resolve(ctx, true)
	return c.Cells, c.Rows, m.deny(ctx, s, began, all)
}

// swept notes how the reading of a window ended.
func (m *Mirror) swept(w *window, began time.Duration, cells []reading.Span, rows int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.elapsedLocked()
	own := m.windows.at(w.From)
	switch {
	case own == nil || own.To != w.To: // cut meanwhile
		return
	case err != nil:
		if own.tries++; own.tries == 1 { // the background has no other second try
			own.due = 0 // before all others: where each hangs, the reason would take one of each
			return
		}
		own.failed = problemOf(err)
		own.due = now + min(failingPace<<min(own.tries-2, 10), m.sweepPeriod())
		return
	}
	own.gap, own.read, own.rows = began-m.windows.seen(own, m.youngSince()), began, rows
	own.failed, own.tries = "", 0
	own.due = began + m.sweepPeriod()
	if len(cells) > 1 {
		slices.SortFunc(cells, func(a, b reading.Span) int { return cmp.Compare(a.From, b.From) })
		m.windows.replace(cells)
		for i := range m.windows.windows {
			if part := &m.windows.windows[i]; part.From >= w.From && part.To <= w.To {
				part.rows = rows / len(cells)
			}
		}
	}
}

// failingWindow returns an error as long as some window could not be read, twice at least: err if
// it is of that window.
func (m *Mirror) failingWindow(err error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.windows.windows, func(w window) bool { return w.failed != "" })
	if i < 0 {
		return nil
	}
	return cmp.Or[error](err, windowError{m.windows.windows[i]})
}

// A windowError says that a window could not be read and has not been since.
type windowError struct{ window }

func (e windowError) Error() string {
	return fmt.Sprintf("listing %s: %s", reading.Region{Created: e.Span, Updated: reading.AllTime}, e.failed)
}

// relist publishes what sweeps have read where passes cannot be: Graph refuses or ignores the
// filter on lastUpdateDateTime. When every window has been read, the copy is as of the time
// at which the first of them was.
func (m *Mirror) relist(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.passless {
		m.relisted = 0
		return
	}
	now := m.elapsedLocked()
	if m.relisted == 0 {
		m.relisted = now
	}
	if oldest := m.windows.oldest(); oldest >= m.relisted {
		m.relisted = now
		local := time.Now().Add(oldest - now)
		m.publish(m.clock.Predict(local).Add(-time.Second), local)
		m.announce()
		m.cfg.Logger.DebugContext(ctx, "Read everything again because Graph does not filter by update", "took", now-oldest)
	}
	m.windows.rush(now, func(w *window) bool { return w.failed == "" && w.read < m.relisted })
}

// lookAgain has the windows of what is withheld read again once all have been read, or after a
// quarter of the sweep interval, and ends the suspicion when that agreed: whatever else was
// denied meanwhile is weighed anew, against what is left.
func (m *Mirror) lookAgain() {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, now := &m.suspicion, m.elapsedLocked()
	// Of some, an answer that was under way has told what became of them.
	maps.DeleteFunc(s.withheld, func(id string, _ denial) bool { return !m.copy.holdsOpen(id) })
	switch {
	case !s.active():
		return
	case s.look == 0:
		if m.windows.oldest() < s.began && now < s.began+m.cfg.SweepInterval/4 {
			return
		}
		s.look = now
		var created []defender.Ticks
		for id := range s.withheld {
			created = append(created, m.copy.rows[id].Created)
		}
		m.windows.rush(now, func(w *window) bool { return slices.ContainsFunc(created, w.Holds) })
		return
	}
	var agreed, fresh []string
	for id, d := range s.withheld {
		switch {
		case d.at == confirmed:
			agreed = append(agreed, id)
		case d.at < s.look:
			return // its window has yet to be read
		default:
			fresh = append(fresh, id)
		}
	}
	if len(s.withheld) >= m.copy.open && s.full > denyFew {
		// A list that went from many to nothing is never believed: a licence has lapsed.
		s.postpone(now + m.cfg.SweepInterval/4)
		return
	}
	m.believe(agreed, fresh, now)
}

// believe drops what a second look has confirmed; the lock is held.
func (m *Mirror) believe(agreed, fresh []string, now time.Duration) {
	s := &m.suspicion
	held := s.withheld
	s.withheld = nil
	for _, id := range agreed {
		m.dropAll([]string{id}, held[id].moment)
	}
	m.cfg.Logger.Info("A second look confirmed what Graph denies", "denied", len(agreed), "open", m.copy.open)
	s.base, s.count, s.until = m.copy.open, len(fresh), now+m.sweepPeriod()
	if n := len(fresh); n > denyFew && n*denyShare > s.base {
		m.withhold(fresh, denial{held[fresh[0]].moment, now}, true)
	} else {
		for _, id := range fresh {
			m.dropAll([]string{id}, held[id].moment)
		}
	}
	m.announce()
}
