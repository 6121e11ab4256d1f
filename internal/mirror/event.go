package mirror

import "time"

// A Kind says what became of an incident between two snapshots.
type Kind uint8

// The kinds of event.
const (
	// Opened: an incident is there for the first time, perhaps closed already.
	Opened Kind = iota
	// Prioritised: it is in its priority band for the first time, by creation or by
	// scoring, and open.
	Prioritised
	// Acknowledged: it is assigned or in progress for the first time.
	Acknowledged
	// Resolved: it was open and is resolved.
	Resolved
	// Reopened: it was resolved and is open.
	Reopened
	// Merged: it was open and redirects to another.
	Merged
)

// An Event is one thing that happened to an incident, told once.
type Event struct {
	Kind     Kind
	Incident Incident // as the snapshot has it in which the event shows
	// Took is how long after its creation the incident was acknowledged or resolved,
	// by Graph's stamp of the change, or of the snapshot where that did not move. It
	// is late by at most the time between two pulls, since of several updates in
	// that time the last one is seen.
	Took time.Duration
}

// A past is what has been told of an incident.
type past struct {
	acknowledged bool
	bands        uint8 // a bit for each priority band in which it was open
	ours         bool  // something was; else it may have been closed before our time
}

// A chapter is what is to be told of one incident.
type chapter struct {
	before *Incident // in the last snapshot or closed by then; nil: unknown
	now    *Incident // nil: denied by Graph
	past   past
	since  Ticks // older incidents are not new, however new they are to us
	at     Ticks // time of the snapshot
}

// tell returns the events of a chapter and what has been told with them.
func (c *chapter) tell() ([]Event, past) {
	var events []Event
	if c.now == nil || c.now.Status.merged() && c.before == nil {
		return nil, c.past
	}
	event := func(k Kind, took time.Duration) {
		events = append(events, Event{k, *c.now, took})
	}
	is, new := c.now.Status.Open(), c.before == nil && c.now.Created >= c.since
	was := new || c.before != nil && c.before.Status.Open()
	told := c.past.with(c.before)
	told.ours = true
	switch {
	case new:
		event(Opened, 0)
	case is && (c.before == nil || c.before.Status == StatusResolved):
		event(Reopened, 0)
	}
	if c.before == nil && !new {
		return events, told.with(c.now) // whatever it went through was before our time
	}
	if is || new && was {
		if bit := c.now.bit(); told.bands&bit == 0 {
			told.bands |= bit
			event(Prioritised, 0)
		}
	}
	if was && !told.acknowledged && c.now.Acknowledged() && !c.now.Status.merged() {
		told.acknowledged = true
		event(Acknowledged, c.took())
	}
	switch {
	case was && c.now.Status == StatusResolved:
		event(Resolved, c.took())
	case was && c.now.Status.merged():
		event(Merged, 0)
	}
	return events, told
}

// took returns how long after its creation the incident became what it is.
func (c *chapter) took() time.Duration {
	at := c.now.Updated
	if c.before != nil && at <= c.before.Updated {
		at = c.at // nothing dates the change
	}
	return max(0, at.Time().Sub(c.now.Created.Time()))
}

// with adds what a snapshot with the incident has told by itself, and what must have
// happened before the first one.
func (p past) with(in *Incident) past {
	if in != nil && (in.Status.Open() || !p.ours) {
		p.acknowledged = p.acknowledged || in.Acknowledged()
		p.bands |= in.bit()
	}
	return p
}

// Acknowledged reports whether somebody has taken up the incident.
func (i *Incident) Acknowledged() bool { return i.Assigned || i.Status == StatusInProgress }

func (i *Incident) bit() uint8 { return 1 << i.Priority() }

func (s Status) merged() bool { return s == StatusRedirected }

// events tells what happened since the last snapshot, in no particular order; the
// lock is held.
func (m *Mirror) events(taken time.Time) []Event {
	var all []Event
	since := TicksOf(m.snapshot.Taken.Add(-wideOverlap))
	for id, before := range m.book.touched {
		c := chapter{before: before, since: since, at: TicksOf(taken)}
		r, known := m.book.rows[id]
		if known && !r.gone {
			c.now = &r.Incident
		}
		c.past = r.past
		events, told := c.tell()
		if known {
			r.past = told
			m.book.rows[id] = r
		}
		all = append(all, events...)
	}
	clear(m.book.touched)
	return all
}
