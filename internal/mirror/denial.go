package mirror

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/reading"
)

// A licence that lapses, or a provider that is missing from the answers, looks
// like a tenant whose incidents were deleted: Graph answers 200 and no rows. So
// when too much is denied at once it is withheld until a second look agrees.
const (
	denyFew   = 10 // so many may be denied in a sweep interval unquestioned,
	denyShare = 5  // or this part of the open incidents: a fifth
	few       = 2  // so many of a window are asked for by their ids
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
	if !all {
		if err := m.await(ctx, m.ask(began)); err != nil && ctx.Err() != nil {
			return err
		}
		if done, err := m.judgeFew(ctx, m.missing(s, began), began); done {
			return err
		}
		began = time.Now()
		q := reading.Query{Region: reading.Region{Created: s, Updated: reading.AllTime}, Operation: graphclient.OperationSweep, Paced: true}
		if err := reading.NewCover(q, nil, 1, false, m.now()).Run(ctx, m.reader); err != nil {
			return err
		}
		denied = m.missing(s, began)
		if done, err := m.judgeFew(ctx, denied, began); done {
			return err
		}
	}
	return m.judge(ctx, denied, moment{began.Sub(m.epoch), time.Since(m.epoch)})
}

// judgeFew withdraws incidents that Graph denies by their ids as well, each of them asked for. It
// returns false where they are too many for that or one cannot be asked for.
func (m *Mirror) judgeFew(ctx context.Context, missing []string, began time.Time) (done bool, err error) {
	if len(missing) > few {
		return false, nil
	}
	gone, err := m.absent(ctx, missing)
	if err != nil {
		return false, nil //nolint:nilerr // the span says more
	}
	alive, err := m.alive(ctx, len(gone))
	if err == nil {
		m.withdraw(gone, moment{began.Sub(m.epoch), time.Since(m.epoch)}, alive)
	}
	return true, err
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
		m.mu.Lock()
		alive = alive && !m.copy.holdsOpen(denied[i])
		m.mu.Unlock()
		denied = slices.Delete(denied, i, i+1)
	}
	m.withdraw(denied, at, alive)
	return nil
}

// alive reports whether a page of all open incidents is full, or shows at least half of those
// that should be left while so many are denied; where none would be left, whether Graph shows any
// incident at all, closed ones too. It is not asked where few of many are and none were before.
func (m *Mirror) alive(ctx context.Context, denied int) (bool, error) {
	m.mu.Lock()
	none := denied > 0 && denied >= m.copy.open
	m.mu.Unlock()
	if denied <= few && !none && !m.suspects() {
		return true, nil
	}
	q := reading.Query{Region: reading.Everything, Operation: graphclient.OperationSweep, Open: !none, Paced: true}
	l, err := m.reader.Read(ctx, q, 1)
	if err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	shown := len(l.Each())
	return !l.Ended || none && shown > 0 || !none && 2*shown >= m.copy.open-denied, nil
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
	if s.active() || !alive || total > denyFew && total*denyShare > s.base {
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

// dropAll drops incidents; the lock is held.
func (m *Mirror) dropAll(ids []string, at moment) {
	for _, id := range ids {
		if m.copy.drop(id, at) {
			m.health.corrections[Removed]++
		}
	}
}
