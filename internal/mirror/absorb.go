package mirror

import "time"

// A source says how an incident came to be read.
type source uint8

const (
	updated source = iota // in a delta
	swept                 // in a listing of a cell
	settled               // by its id, because answers contradicted each other or it was missing
)

// absorb takes in every row of a reading and returns the time on Graph's clock
// at which its first request was sent.
func (m *Mirror) absorb(r *reading, how source) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	sent := m.clock.sent(r.pages[0].Answer)
	if m.marks.wide.IsZero() {
		// The first answer of a first synchronisation: whatever changes from now on
		// is for the wide delta at its end.
		m.marks.wide, m.book.horizon = sent, horizon(sent)
	}
	for _, page := range r.pages {
		at := m.moment(page.Answer)
		for i := range page.Incidents {
			m.put(m.decoder.incident(&page.Incidents[i]), at, how)
		}
	}
	return sent
}

// horizon returns the oldest update that a delta can bring when Graph's clock
// shows now.
func horizon(now time.Time) Ticks { return TicksOf(now.Add(-wideOverlap - time.Minute)) }

// put takes in one incident; the lock is held.
func (m *Mirror) put(in Incident, at moment, how source) {
	old, known := m.book.rows[in.ID]
	verdict := m.book.put(in, at, how == settled)
	if verdict == doubtful {
		m.doubts[in.ID] = true
	}
	if verdict == accepted && how != updated && m.synced && m.passed(in.Updated) {
		m.correct(known && old.open(), &old.Incident, &in)
	}
}

// correct counts a change that the deltas have not brought; the lock is held.
func (m *Mirror) correct(was bool, old, in *Incident) {
	switch is := in.Status.Open(); {
	case was && is:
		m.health.corrections[Changed]++
	case is:
		m.unvanish()
	case was && in.Updated == old.Updated:
		m.vanish()
	case was:
		m.health.corrections[Removed]++
	}
}

// passed reports whether the deltas are through with an update of that time, so
// that they can no longer bring it unless it became readable late.
func (m *Mirror) passed(t Ticks) bool {
	return t < TicksOf(m.marks.narrow.Add(-narrowOverlap))
}

// drop notes that Graph denies an incident that was known; the lock is held.
func (m *Mirror) drop(id string, at moment) {
	was := m.book.open
	m.book.drop(id, at)
	if m.book.open < was && m.synced {
		m.vanish()
	}
}
