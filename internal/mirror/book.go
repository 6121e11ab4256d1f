package mirror

import "time"

// A moment is when a request was sent and when its answer had arrived, since the
// mirror's start on the local monotonic clock: what decides which of two answers
// knows better, because Graph's own clocks differ from node to node.
type moment struct{ sent, arrived time.Duration }

// A row is what is known of one incident.
type row struct {
	Incident
	moment      // of the answer that the row was last seen in
	gone   bool // Graph answered that there is no such incident
	past   past // what has been told of it
}

func (r *row) open() bool { return !r.gone && r.Status.Open() }

// A book holds one row for each incident that is open, or that was closed so
// recently that a late answer may still show it open. It decides what an answer
// changes. It is not safe for concurrent use.
type book struct {
	rows  map[string]row
	open  int
	dirty bool // the open rows differ from those of the last listing
	// horizon is the oldest update that a delta can still bring: an incident
	// closed before it needs no tombstone.
	horizon Ticks
	// newest is the newest stamp on any row, a lower bound of Graph's clock.
	newest Ticks
	// touched holds what was known of the incidents that have changed since the last
	// snapshot, nil of new ones; it is nil itself before the first snapshot.
	touched map[string]*Incident
}

func newBook() *book {
	return &book{rows: map[string]row{}, horizon: minTicks, newest: minTicks}
}

// A verdict says what became of a row that an answer brought.
type verdict uint8

const (
	unchanged verdict = iota
	accepted          // the row is new or differs now
	doubtful          // two answers contradict each other: read the incident again
)

// put takes in an incident as an answer showed it.
//
// An answer to a request sent after the stored row had arrived knows better when
// its stamp is equal or newer; an older stamp, possible where nodes' clocks
// differ, has to be confirmed by a second read. Between answers that overlapped
// the newer stamp wins for the time being; an equal stamp with different content is
// read again as well, and one so little older that the nodes' clocks may be to blame.
func (b *book) put(in Incident, m moment, confirmed bool) verdict {
	old, known := b.rows[in.ID]
	b.newest = max(b.newest, in.Updated)
	if !known {
		return b.insert(in, m)
	}
	if m.arrived <= old.sent {
		return unchanged // read before the stored row was even asked for
	}
	later := m.sent >= old.arrived
	same := in == old.Incident && !old.gone
	switch {
	case same:
		old.moment = moment{max(old.sent, m.sent), max(old.arrived, m.arrived)}
		b.rows[in.ID] = old
		return unchanged
	case in.Updated > old.Updated, later && in.Updated == old.Updated, later && confirmed:
		b.set(row{Incident: in, moment: m})
		return accepted
	case old.gone, !later && old.Updated-in.Updated > maxSkew:
		return unchanged
	default:
		return doubtful
	}
}

func (b *book) insert(in Incident, m moment) verdict {
	if !in.Status.Open() && in.Updated < b.horizon {
		return unchanged
	}
	b.set(row{Incident: in, moment: m})
	return accepted
}

// drop notes that an answer denied the incident's existence. The row stays as a
// tombstone until no request is under way that was sent before.
func (b *book) drop(id string, m moment) {
	r, known := b.rows[id]
	if !known || r.gone || m.sent < r.arrived {
		return
	}
	r.moment, r.gone = m, true
	b.set(r)
}

func (b *book) set(r row) {
	old, known := b.rows[r.ID]
	was := known && old.open()
	b.touch(r.ID, &old, known)
	r.past = old.past
	b.rows[r.ID] = r
	switch {
	case r.open() && !was:
		b.open++
	case !r.open() && was:
		b.open--
	}
	b.dirty = b.dirty || was || r.open()
}

// touch remembers an incident as it was at the last snapshot.
func (b *book) touch(id string, old *row, known bool) {
	if _, again := b.touched[id]; b.touched == nil || again {
		return
	}
	b.touched[id] = nil
	if known {
		before := old.Incident
		b.touched[id] = &before
	}
}

// list returns the open incidents; the caller owns the slice.
func (b *book) list() []Incident {
	open := make([]Incident, 0, b.open)
	for _, r := range b.rows {
		if r.open() {
			open = append(open, r.Incident)
		}
	}
	return open
}

// prune forgets the closed rows that no delta lists any more and that no request
// sent before they were closed can bring back.
func (b *book) prune(now time.Duration, horizon Ticks) {
	b.horizon = horizon
	for id, r := range b.rows {
		overtaken := now-r.arrived > 2*requestLimit
		_, untold := b.touched[id]
		if !r.open() && overtaken && !untold && (r.gone || r.Updated < horizon) {
			delete(b.rows, id)
		}
	}
}

// maxSkew is how far the clocks of Graph's nodes may differ where that costs a request.
const maxSkew = 60 * oneSecond

// requestLimit is how long a request can take: its answer, however late, has
// arrived by then (see graphclient).
const requestLimit = 30 * time.Second
