package mirror

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/reading"
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
	until       time.Duration // the interval's end, by [Mirror.elapsed]
	withheld    map[string]denial
	began       time.Duration // when it did, by [Mirror.elapsed]
	look        time.Duration // since when the windows of what is withheld are read again; 0: not yet
	full        int           // open incidents when it began
}

// A denial is an incident that is open as far as is known and that Graph does not show.
type denial struct {
	moment
	at time.Duration // by [Mirror.elapsed]
}

func (s *suspicion) active() bool { return len(s.withheld) > 0 }

// deny finds out what became of the open incidents that a reading of the span, begun then, did
// not show; all says that it was of every status. Most were just closed, which a pass tells.
// Few are asked for by their ids; for more, or where that fails, the span is read without the
// filter on status. What is absent even there was deleted, as far as Graph can be believed.
func (m *Mirror) deny(ctx context.Context, s reading.Span, began time.Time, all bool) error {
	denied := m.missing(s, began)
	if len(denied) == 0 {
		return nil
	}
	if all {
		return m.judge(ctx, denied, moment{began.Sub(m.epoch), time.Since(m.epoch)})
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
	q := reading.Query{Region: reading.Region{Created: s, Updated: reading.AllTime}, Operation: graphclient.OperationSweep, Paced: true}
	if err := reading.NewCover(q, nil, 1, false, m.now()).Run(ctx, m.reader); err != nil {
		return err
	}
	return m.judge(ctx, m.missing(s, again), moment{again.Sub(m.epoch), time.Since(m.epoch)})
}

// judge withdraws incidents that Graph denies, unless it does not show others either or, after
// that, shows one of them by its id: then it hid them for a while.
func (m *Mirror) judge(ctx context.Context, denied []string, at moment) error {
	if len(denied) == 0 {
		return nil
	}
	alive, err := m.alive(ctx, len(denied))
	if err != nil {
		return err
	}
	if !m.pace(ctx) {
		return ctx.Err()
	}
	i := rand.IntN(len(denied))
	if exists, err := m.get(ctx, denied[i]); exists && err == nil { // and what fails says nothing
		alive = alive && !m.holdsOpen(denied[i])
		denied = slices.Delete(denied, i, i+1)
	}
	m.withdraw(denied, at, alive)
	return nil
}

// holdsOpen reports whether an incident is open as far as is known.
func (m *Mirror) holdsOpen(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, known := m.copy.rows[id]
	return known && r.open()
}

// alive reports whether a page of all open incidents is full, or shows at least half of those
// that should be left while so many are denied. It is not asked where few are and none were
// before.
func (m *Mirror) alive(ctx context.Context, denied int) (bool, error) {
	if denied <= 2 && !m.suspects() {
		return true, nil
	}
	q := reading.Query{Region: reading.Everything, Operation: graphclient.OperationSweep, Open: true, Paced: true}
	l, err := m.reader.Read(ctx, q, 1)
	if err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return !l.Ended || 2*len(l.Each()) >= m.copy.open-denied, nil
}

// suspects reports whether Graph is suspected of hiding incidents.
func (m *Mirror) suspects() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.suspicion.active()
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
func (m *Mirror) missing(s reading.Span, since time.Time) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ids []string
	for id, r := range m.copy.rows {
		if r.open() && s.Holds(r.Created) && r.sent < since.Sub(m.epoch) {
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
		s.base, s.count, s.until = m.copy.open, 0, now+m.sweepPeriod()
	}
	fresh := 0
	for _, id := range ids {
		if _, again := s.withheld[id]; !again {
			fresh++
		}
	}
	total := s.count + fresh
	if s.active() || !alive && m.copy.open > denyFew || total > denyFew && total*denyShare > s.base {
		m.withhold(ids, denial{at, now}, alive)
		return
	}
	s.count = total
	m.dropAll(ids, at)
}

// withhold keeps incidents that are denied; the lock is held. All windows are read at once, to
// see how much is denied. A second look at a Graph that is not alive is none.
func (m *Mirror) withhold(ids []string, d denial, alive bool) {
	s := &m.suspicion
	if !s.active() {
		m.cfg.Logger.Warn("Graph denies many open incidents, waiting for a second look", "denied", len(ids), "open", m.copy.open)
		s.withheld, s.full, s.began, s.look = map[string]denial{}, m.copy.open, d.at, 0
		m.windows.rush(d.at, func(*window) bool { return true })
	}
	for _, id := range ids {
		if _, again := s.withheld[id]; !again {
			s.withheld[id] = d
		} else if s.look > 0 {
			s.withheld[id] = denial{d.moment, confirmed}
		}
	}
	if !alive && s.look > 0 {
		s.postpone(d.at + m.cfg.SweepInterval/4)
	}
	m.announce()
}

// postpone has the second look begin anew, at a time.
func (s *suspicion) postpone(at time.Duration) {
	s.began, s.look = at, 0
	for id, d := range s.withheld {
		s.withheld[id] = denial{d.moment, at}
	}
}

// confirmed is the time of a denial that a second look has confirmed.
const confirmed time.Duration = -1

// shown notes that Graph shows an incident after all; the lock is held.
func (m *Mirror) shown(id string, at moment) {
	s := &m.suspicion
	if d, ok := s.withheld[id]; ok && at.sent >= d.sent {
		delete(s.withheld, id)
		m.announce()
	}
}

// lookAgain has the windows of what is withheld read again once all have been read, or after a
// quarter of the sweep interval, and ends the suspicion when that agreed: whatever else was
// denied meanwhile is weighed anew, against what is left.
func (m *Mirror) lookAgain() {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, now := &m.suspicion, m.elapsedLocked()
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

// dropAll drops incidents; the lock is held.
func (m *Mirror) dropAll(ids []string, at moment) {
	for _, id := range ids {
		if m.copy.drop(id, at) {
			m.health.corrections[Removed]++
		}
	}
}
