package mirror

import (
	"hash/maphash"
	"time"
)

// A history remembers what was told of incidents that have left the book, so that
// one that comes back is told of as if it had stayed. It remembers the last few
// thousand; the zero history remembers nothing.
type history struct {
	book  *book // whose history it is
	first Ticks // time of the first snapshot
	// since is the time after which every incident that was created and told of is in
	// the book or remembered: at first that of the first snapshot.
	since Ticks
	// late and early hold the incidents that left after, and some time before,
	// turned.
	late, early map[uint64]departed
	turned      Ticks
	seed        maphash.Seed
}

// A departed is an incident as it left the book.
type departed struct {
	past
	as Status // open if Graph denied it
}

// generation is how many incidents are remembered at least, and half of how many at
// most.
const generation = 2048

// frame returns the frame of a snapshot after the last one. A new book begins a new
// history.
func (h *history) frame(b *book, last, taken time.Time) frame {
	if h.book != b {
		at := TicksOf(last)
		*h = history{book: b, first: at, since: at, turned: at, late: map[uint64]departed{}, seed: maphash.MakeSeed()}
	}
	return frame{
		at:    max(TicksOf(last), TicksOf(taken)),
		first: h.first,
		since: h.since,
		fresh: max(h.first, TicksOf(last.Add(-wideOverlap))),
	}
}

// remember notes how an incident left, if anything is known of it.
func (h *history) remember(id string, c *chapter, told past) {
	as := StatusActive
	switch {
	case c.now != nil:
		as = c.now.Status
	case c.before == nil:
		return
	case !c.before.Status.Open():
		as = c.before.Status
	}
	if len(h.late) >= generation {
		h.since = max(h.since, h.turned)
		h.early, h.late, h.turned = h.late, map[uint64]departed{}, c.at
	}
	told.decided = final
	h.late[h.key(id)] = departed{told, as}
}

// recall returns what was known of an incident that the book does not know, nil if
// nothing was.
func (h *history) recall(id string, p past) (*Incident, past) {
	key := h.key(id)
	d, ok := h.late[key]
	if !ok {
		d, ok = h.early[key]
	}
	if !ok {
		return nil, p
	}
	return &Incident{Status: d.as, Updated: minTicks}, d.past
}

// key stands for an id, whatever its length.
func (h *history) key(id string) uint64 { return maphash.String(h.seed, id) }
