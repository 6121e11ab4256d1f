package mirror

import (
	"time"

	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/history"
	"msgraph_security_exporter/internal/reading"
)

// A moment is when a request was sent and when its answer had arrived, since the
// mirror's start on the local monotonic clock: what decides which of two answers
// knows better, because Graph's own clocks differ from node to node.
type moment struct{ sent, arrived time.Duration }

// A row is what is known of one incident.
type row struct {
	defender.Incident
	moment      // of the answer that the row was last seen in
	denied bool // Graph answered that there is no such incident: a tombstone
	past   history.Past
}

func (r *row) open() bool { return !r.denied && r.Status.Open() }

// A rival is an answer that contradicts a row.
type rival struct {
	defender.Incident
	moment
}

// A localCopy holds one row for each incident that is open, or that was closed so
// recently that a late answer may still show it open. It decides what an answer
// changes. It is not safe for concurrent use.
type localCopy struct {
	rows  map[string]row
	open  int
	dirty bool // the open rows differ from those of the last snapshot
	// conflicts holds another answer about each incident that contradicts its row, until a
	// third settles which of them is right.
	conflicts map[string]rival
	// horizon is the oldest update that a lookback can still bring: an incident
	// closed before it needs no row.
	horizon defender.Ticks
	// newest is the newest stamp on any row, a lower bound of Graph's clock.
	newest defender.Ticks
	// youngest is the latest creation of an incident that was ever seen open.
	youngest defender.Ticks
	// touched holds what was known of the incidents that have changed since the last
	// snapshot, nil of new ones; it is nil itself before the first snapshot.
	touched map[string]*defender.Incident
}

func newCopy() *localCopy {
	return &localCopy{rows: map[string]row{}, conflicts: map[string]rival{}, horizon: reading.MinTicks, newest: reading.MinTicks, youngest: reading.MinTicks}
}

// maxSkew is how far the clocks of Graph's nodes may differ.
const maxSkew = 60 * defender.Second

// put takes in an incident as an answer showed it and reports whether the row is new or
// differs now. The rules, in order:
//
//  1. An answer that was there before the row was even asked for knows nothing new.
//  2. The same content confirms the row.
//  3. A newer stamp wins, whatever the order of the answers: Graph dates most changes. Only
//     a denial is not overruled by an answer that was asked for before it arrived.
//  4. Of answers one after the other the later wins where the stamp is equal: a change that
//     Graph does not date. It overrules a denial with any stamp.
//  5. Of answers that overlapped the older loses, unless the clocks of two nodes may be to
//     blame.
//  6. What is left is a contradiction. The row stays, and the answer becomes its rival. A
//     third answer sent after the rival arrived settles it: by rule 2, 3 or 4, or because it
//     says what the rival said.
func (c *localCopy) put(in defender.Incident, m moment) bool {
	c.newest = max(c.newest, in.Updated)
	old, known := c.rows[in.ID]
	later := m.sent >= old.arrived
	other, contradicted := c.conflicts[in.ID]
	switch {
	case !known:
		if !in.Status.Open() && in.Updated < c.horizon {
			return false
		}
	case m.arrived <= old.sent || old.denied && !later:
		return false
	case in == old.Incident && !old.denied:
		old.moment = moment{max(old.sent, m.sent), max(old.arrived, m.arrived)}
		if contradicted && m.sent >= other.arrived {
			delete(c.conflicts, in.ID)
		}
		c.rows[in.ID] = old
		return false
	case in.Updated > old.Updated, later && (in.Updated == old.Updated || old.denied):
	case !later && old.Updated-in.Updated > maxSkew:
		return false
	case contradicted && other.Incident == in && m.sent >= other.arrived:
	case contradicted && other.Incident == in: // the same again, but asked for before
		return false
	default:
		c.conflicts[in.ID] = rival{in, m}
		return false
	}
	c.set(row{Incident: in, moment: m})
	return true
}

// drop notes that Graph denies an incident. The row stays as a tombstone until no request
// is under way that was sent before.
func (c *localCopy) drop(id string, m moment) bool {
	r, known := c.rows[id]
	if !known || r.denied || m.sent < r.arrived {
		return false
	}
	r.moment, r.denied = m, true
	c.set(r)
	return true
}

func (c *localCopy) set(r row) {
	old, known := c.rows[r.ID]
	was := known && old.open()
	c.touch(r.ID, &old, known)
	r.past = old.past
	delete(c.conflicts, r.ID)
	c.rows[r.ID] = r
	if was {
		c.open--
	}
	if r.open() {
		c.open++
		c.youngest = max(c.youngest, r.Created)
	}
	c.dirty = c.dirty || was || r.open()
}

// holdsOpen reports whether an incident is open as far as is known.
func (c *localCopy) holdsOpen(id string) bool {
	r, known := c.rows[id]
	return known && r.open()
}

// touch remembers an incident as it was at the last snapshot.
func (c *localCopy) touch(id string, old *row, known bool) {
	if _, again := c.touched[id]; c.touched == nil || again {
		return
	}
	c.touched[id] = nil
	if known {
		before := old.Incident
		c.touched[id] = &before
	}
}

// Incident returns an incident and its past, for [history.History].
func (c *localCopy) Incident(id string) (*defender.Incident, history.Past, bool) {
	r, known := c.rows[id]
	if !known || r.denied {
		return nil, r.past, known
	}
	return &r.Incident, r.past, true
}

// Keep keeps the past of an incident.
func (c *localCopy) Keep(id string, p history.Past) {
	r := c.rows[id]
	r.past = p
	c.rows[id] = r
}

// list returns the open incidents; the caller owns the slice.
func (c *localCopy) list() []defender.Incident {
	open := make([]defender.Incident, 0, c.open)
	for _, r := range c.rows {
		if r.open() {
			open = append(open, r.Incident)
		}
	}
	return open
}

// prune forgets the closed rows that no lookback lists any more and that no request
// sent before they were closed can bring back.
func (c *localCopy) prune(now time.Duration, horizon defender.Ticks) {
	c.horizon = horizon
	for id, r := range c.rows {
		overtaken := now-r.arrived > 2*requestLimit
		_, pending := c.touched[id]
		if !r.open() && overtaken && !pending && (r.denied || r.Updated < horizon) {
			delete(c.conflicts, id)
			delete(c.rows, id)
		}
	}
}

// requestLimit is how long a request can take: its answer, however late, has
// arrived by then (see graphclient). Rows are put as soon as they arrive.
const requestLimit = 30 * time.Second
