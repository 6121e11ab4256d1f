package mirror

import (
	"context"
	"slices"
	"time"

	"msgraph_security_exporter/graphclient"
)

// A licence that lapses, or a provider that is missing from the answers, looks
// like a tenant whose incidents were deleted: Graph answers 200 and no rows. So
// when too much is denied at once it is withheld until a second look agrees.
const (
	denyFew   = 10 // so many may be denied in a sweep interval unquestioned,
	denyShare = 5  // or this part of the open incidents: a fifth
)

// A suspicion is that Graph hides incidents. Only denials count: an incident that Graph
// shows closed or merged is that.
type suspicion struct {
	base, count int           // open incidents when the interval began, and denied since
	until       time.Duration // the interval's end, by [elapsed]
	withheld    map[string]denial
	look        time.Duration // when the windows of what is withheld are read again
	full        int           // open incidents when it began
}

// A denial is an incident that is open as far as is known and that Graph does not show.
type denial struct {
	moment
	at time.Duration // by [elapsed]
}

func (s *suspicion) active() bool { return len(s.withheld) > 0 }

// deny finds out what became of the open incidents that a reading of the span, begun then, did
// not show. Most were just closed, which a pass tells. Few are asked for by their ids; for
// more, or where that fails, the span is read without the filter on status. What is absent even
// there was deleted.
func (m *Mirror) deny(ctx context.Context, s span, began time.Time) error {
	if len(m.missing(s, began)) == 0 {
		return nil
	}
	if err := m.await(ctx, m.ask(began)); err != nil && ctx.Err() != nil {
		return err
	}
	missing := m.missing(s, began)
	if len(missing) <= 2 {
		gone, err := m.absent(ctx, missing)
		if err == nil {
			m.withdraw(gone, moment{began.Sub(m.epoch), time.Since(m.epoch)}, true)
			return nil
		}
	}
	again := time.Now()
	q := query{region: region{created: s, updated: allTime}, operation: graphclient.OperationSweep, paced: true}
	if err := newCover(q, nil, 1, false, m.now()).run(ctx, m); err != nil {
		return err
	}
	denied := m.missing(s, again)
	alive, err := m.alive(ctx, len(denied))
	if err != nil {
		return err
	}
	m.withdraw(denied, moment{again.Sub(m.epoch), time.Since(m.epoch)}, alive)
	return nil
}

// alive reports whether a page of all open incidents is full, or shows at least half of those
// that should be left while so many are denied. It is not asked where few are.
func (m *Mirror) alive(ctx context.Context, denied int) (bool, error) {
	if denied <= 2 {
		return true, nil
	}
	q := query{region: everything, operation: graphclient.OperationSweep, open: true, paced: true}
	l, err := m.read(ctx, q, 1)
	if err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return !l.ended || 2*len(l.each()) >= m.copy.open-denied, nil
}

// absent returns which of the incidents Graph denies by id.
func (m *Mirror) absent(ctx context.Context, ids []string) ([]string, error) {
	var gone []string
	for _, id := range ids {
		if !m.pace(ctx) {
			return nil, ctx.Err()
		}
		exists, err := m.get(ctx, id)
		if err != nil {
			return nil, err
		}
		if !exists {
			gone = append(gone, id)
		}
	}
	return gone, nil
}

// missing returns the open incidents of the span that no answer to a request sent since then
// has shown.
func (m *Mirror) missing(s span, since time.Time) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ids []string
	for id, r := range m.copy.rows {
		if r.open() && s.holds(r.Created) && r.sent < since.Sub(m.epoch) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// withdraw drops incidents that Graph denies, unless that is too much to be believed at once
// or Graph does not show others either.
func (m *Mirror) withdraw(ids []string, at moment, alive bool) {
	if len(ids) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s, now := &m.suspicion, m.elapsedLocked()
	if now >= s.until {
		s.base, s.count, s.until = m.copy.open, 0, now+m.cfg.SweepInterval
	}
	fresh := 0
	for _, id := range ids {
		if _, again := s.withheld[id]; !again {
			fresh++
		}
	}
	total := s.count + fresh
	if s.active() || !alive && m.copy.open > denyFew || total > denyFew && total*denyShare > s.base {
		m.withhold(ids, denial{at, now})
		return
	}
	s.count = total
	m.dropAll(ids, at)
}

// withhold keeps incidents that are denied; the lock is held.
func (m *Mirror) withhold(ids []string, d denial) {
	s := &m.suspicion
	if !s.active() {
		m.cfg.Logger.Warn("Graph denies many open incidents, waiting for a second look", "denied", len(ids), "open", m.copy.open)
		s.withheld = map[string]denial{}
		s.full = m.copy.open
		s.look = d.at + m.cfg.SweepInterval/8
		m.windows.rush(d.at, func(*window) bool { return true }) // to see all of it
	}
	for _, id := range ids {
		if _, again := s.withheld[id]; !again {
			s.withheld[id] = d
		} else if d.at >= s.look {
			s.withheld[id] = denial{d.moment, -1} // confirmed
		}
	}
	m.announce()
}

// shown notes that Graph shows an incident after all; the lock is held.
func (m *Mirror) shown(id string, at moment) {
	s := &m.suspicion
	if d, ok := s.withheld[id]; ok && at.sent >= d.sent {
		delete(s.withheld, id)
		m.announce()
	}
}

// lookAgain has the windows of what is withheld read again when the time has come, and ends
// the suspicion when that agreed: whatever else was denied meanwhile is weighed anew, against
// what is left.
func (m *Mirror) lookAgain() {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, now := &m.suspicion, m.elapsedLocked()
	if !s.active() || now < s.look {
		return
	}
	var confirmed, fresh []string
	waiting := false
	for id, d := range s.withheld {
		switch {
		case d.at < 0:
			confirmed = append(confirmed, id)
		case d.at < s.look:
			waiting = true
			in := m.copy.rows[id].Created
			m.windows.rush(now, func(w *window) bool { return w.failed == "" && w.holds(in) && w.read < s.look })
		default:
			fresh = append(fresh, id)
		}
	}
	switch {
	case waiting:
	case len(s.withheld) >= m.copy.open && s.full > denyFew:
		// A list that went from many to nothing is never believed: a licence has lapsed.
		s.look = now + m.cfg.SweepInterval/4
		for id, d := range s.withheld {
			s.withheld[id] = denial{d.moment, now}
		}
	default:
		m.believe(confirmed, fresh, now)
	}
}

// believe drops what a second look has confirmed; the lock is held.
func (m *Mirror) believe(confirmed, fresh []string, now time.Duration) {
	s := &m.suspicion
	held := s.withheld
	s.withheld = nil
	for _, id := range confirmed {
		m.dropAll([]string{id}, held[id].moment)
	}
	m.cfg.Logger.Info("A second look confirmed what Graph denies", "denied", len(confirmed), "open", m.copy.open)
	s.base, s.count, s.until = m.copy.open, 0, now+m.cfg.SweepInterval
	if n := len(fresh); n > denyFew && n*denyShare > s.base {
		for _, id := range fresh {
			m.withhold([]string{id}, denial{held[id].moment, now})
		}
	} else {
		s.count = n
		for _, id := range fresh {
			m.dropAll([]string{id}, held[id].moment)
		}
	}
	m.announce()
}

// dropAll drops incidents; the lock is held.
func (m *Mirror) dropAll(ids []string, at moment) {
	for _, id := range ids {
		if m.copy.drop(id, at) {
			m.health.corrections[Removed]++
		}
	}
}
