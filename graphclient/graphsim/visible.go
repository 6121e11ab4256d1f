package graphsim

import (
	"cmp"
	"slices"
	"time"
)

// A record is one incident through time. States are never written once they are in it.
type record struct {
	number uint64    // rank among incidents of equal time
	truth  *Incident // as it is; nil: deleted
	read   *Incident // as clients read it; nil: not yet, or no longer
	serial uint64    // of the version read

	base *Incident      // what was readable before past
	past []historyEntry // what became readable when, by time; kept for Bounds
}

// A version is a state of an incident on its way to the readers.
type version struct {
	rec    *record
	id     string
	state  *Incident // nil: deleted
	dating Dating
	at     time.Time // when it becomes readable
	serial uint64
}

// publish makes next the true state, changed at the given time, and readable after the lag.
func (s *Sim) publish(rec *record, next *Incident, kind Dating, changed time.Time) {
	s.serial++
	v := version{rec: rec, state: next, dating: kind, serial: s.serial}
	v.id = cmp.Or(next, rec.truth).ID
	rec.truth = next
	now := s.now()
	v.at = changed
	if s.cfg.VisibilityLag != nil {
		v.at = v.at.Add(max(0, s.cfg.VisibilityLag(s.rng)))
	}
	if !v.at.After(now) {
		v.at = now
		s.reveal(v)
		return
	}
	at, _ := slices.BinarySearchFunc(s.pending, v, byReadability)
	s.pending = slices.Insert(s.pending, at, v)
}

func byReadability(a, b version) int {
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.serial, b.serial))
}

// revealDue makes versions readable that are due, and deletes incidents past their retention.
func (s *Sim) revealDue(now time.Time) {
	due := 0
	for due < len(s.pending) && !s.pending[due].at.After(now) {
		s.reveal(s.pending[due])
		due++
	}
	s.pending = slices.Delete(s.pending, 0, due)
	if s.cfg.Retention > 0 {
		s.expire(now.Add(-s.cfg.Retention))
	}
}

// expire deletes what was created at the given time or before.
func (s *Sim) expire(created time.Time) {
	for {
		oldest, ok := s.created.first(nanos(created))
		if !ok {
			return
		}
		s.serial++
		rec := s.records[oldest.in.ID]
		rec.truth = nil
		s.reveal(version{rec: rec, id: oldest.in.ID, dating: Undated,
			at: oldest.in.Created.Add(s.cfg.Retention), serial: s.serial})
	}
}

// reveal lets clients read v, unless they read a later state already.
func (s *Sim) reveal(v version) {
	rec := v.rec
	if v.serial < rec.serial {
		return
	}
	before := rec.read
	rec.read, rec.serial = v.state, v.serial
	s.created.move(rec.number, before, v.state, createdAt)
	s.updated.move(rec.number, before, v.state, updatedAt)
	if s.cfg.History {
		rec.addHistory(v, before)
	} else if rec.truth == nil && rec.read == nil {
		delete(s.records, v.id)
	}
}
