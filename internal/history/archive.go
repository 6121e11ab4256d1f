package history

import (
	"hash/maphash"
	"time"

	"msgraph_security_exporter/internal/defender"
)

// An archive remembers what was reported of incidents that have left the copy, so that
// one that comes back is treated as if it had stayed. It remembers the last few
// thousand; the zero archive remembers nothing.
type archive struct {
	first defender.Ticks // time of the first snapshot
	// known is the time after which every incident that was created and reported is in
	// the copy or remembered: at first that of the first snapshot.
	known defender.Ticks
	// newer and older hold the incidents that left after rotated, and some time before.
	newer, older map[uint64]departed
	rotated      defender.Ticks
	seed         maphash.Seed
}

// A departed incident is what is remembered of one that left the copy.
type departed struct {
	Past
	status defender.Status // that it had, an open one if Graph denied it
}

// archiveSize is how many incidents an archive remembers at least, and half of how many at
// most.
const archiveSize = 2048

// recently is how far back an update may lie that has not been seen: one that surfaces later
// than that proves nothing about when the incident changed.
const recently = 15*time.Minute + 30*time.Second

// interval returns the interval from the last snapshot to the next.
func (a *archive) interval(last, next time.Time) interval {
	if a.newer == nil {
		at := defender.TicksOf(last)
		*a = archive{first: at, known: at, rotated: at, newer: map[uint64]departed{}, seed: maphash.MakeSeed()}
	}
	return interval{
		end:    max(defender.TicksOf(last), defender.TicksOf(next)),
		first:  a.first,
		known:  a.known,
		recent: max(a.first, defender.TicksOf(last.Add(-recently))),
	}
}

// add remembers an incident that is closed or gone, if anything is known of it. Its objectives
// are decided.
func (a *archive) add(id string, t *transition) {
	status := defender.StatusActive
	switch {
	case t.now != nil:
		status = t.now.Status
	case t.before == nil:
		return
	case !t.before.Status.Open():
		status = t.before.Status
	}
	if len(a.newer) >= archiveSize {
		a.known = max(a.known, a.rotated)
		a.older, a.newer, a.rotated = a.newer, map[uint64]departed{}, t.end
	}
	t.past.decided = allDecided
	a.newer[a.key(id)] = departed{t.past, status}
}

// find returns an incident that the copy does not know as it left, and its past; nil and the
// past that is given if it is not remembered.
func (a *archive) find(id string, p Past) (*defender.Incident, Past) {
	key := a.key(id)
	d, ok := a.newer[key]
	if !ok {
		d, ok = a.older[key]
	}
	if !ok {
		return nil, p
	}
	return &defender.Incident{Status: d.status, Updated: minTicks}, d.Past
}

// key stands for an id, whatever its length.
func (a *archive) key(id string) uint64 { return maphash.String(a.seed, id) }
