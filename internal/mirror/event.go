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
	// Graded: it is of its severity for the first time, and open.
	Graded
	// Acknowledged: it is assigned or in progress for the first time.
	Acknowledged
	// Resolved: it was open and is resolved.
	Resolved
	// Reopened: it was resolved and is open.
	Reopened
	// Merged: it was open and redirects to another.
	Merged
	// Met: it was acknowledged or resolved in time by an objective.
	Met
	// Missed: it was not, or is not and its time has passed.
	Missed
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
	// Objective is the name of the one that was met or missed.
	Objective string
}

// A past is what has been told of an incident.
type past struct {
	acknowledged bool
	bands        uint8 // a bit for each priority band in which it was open
	severities   uint8 // and for each severity
	ours         bool  // something was told; else it may have been closed before our time
	when         Ticks // it was acknowledged; 0: before our time
	decided      decisions
}

// A chapter is what is to be told of one incident.
type chapter struct {
	before *Incident // in the last snapshot or closed by then; nil: unknown
	now    *Incident // nil: denied by Graph
	past   past      // with what before shows
	frame
}

// A frame is what the chapters of one snapshot have in common, times on Graph's clock.
type frame struct {
	at    Ticks // time of the snapshot
	first Ticks // time of the first one
	since Ticks // what was created later and was ever told of is known
	fresh Ticks // an update later than that may be news
	held  []held
}

// tell returns the events of a chapter and what has been told with them.
func (c *chapter) tell() ([]Event, past) {
	if c.now == nil {
		return nil, c.past
	}
	var events []Event
	event := func(k Kind, took time.Duration) {
		events = append(events, Event{Kind: k, Incident: *c.now, Took: took})
	}
	is, new := c.now.Status.Open(), c.new()
	was := new || c.before != nil && c.before.Status.Open()
	told := c.past
	told.ours = true
	switch {
	case new:
		event(Opened, 0)
	case c.reopened():
		event(Reopened, 0)
	}
	switch {
	case c.before == nil && !new:
		told = told.with(c.now) // whatever it went through was before our time
	case is || new:
		told.enter(c.now, event)
	}
	if was && !told.acknowledged && c.now.Acknowledged() && !c.now.Status.merged() {
		told.acknowledged, told.when = true, c.now.Created+ticksIn(c.took())
		event(Acknowledged, c.took())
	}
	switch {
	case was && c.now.Status == StatusResolved:
		event(Resolved, c.took())
	case was && c.now.Status.merged():
		event(Merged, 0)
	}
	if !was && (c.before != nil || !is || len(events) > 0) {
		told.decided = final // it has been closed before
	}
	c.judge(&told, func(k Kind, objective string) {
		events = append(events, Event{Kind: k, Incident: *c.now, Objective: objective})
	})
	return events, told
}

// new reports whether the incident was created in our time and has never been seen, so
// that it is told of from its beginning, however late it became readable.
func (c *chapter) new() bool { return c.before == nil && c.now.Created > c.since }

// reopened reports whether an incident that is not new was resolved and is open. That it was
// resolved has been seen, or follows from an incident of before our time that an update
// brings among the open ones. Without an update of late it has been open all the time,
// and an answer was missing it.
func (c *chapter) reopened() bool {
	switch {
	case !c.now.Status.Open():
		return false
	case c.before == nil:
		return c.now.Updated > c.fresh
	default:
		return c.before.Status == StatusResolved
	}
}

// took returns how long after its creation the incident became what it is.
func (c *chapter) took() time.Duration {
	at := c.now.Updated
	if c.before != nil && at <= c.before.Updated {
		at = c.at // nothing dates the change
	}
	return max(0, at.Time().Sub(c.now.Created.Time()))
}

// enter tells of the priority band and the severity of an incident if it has not been
// in them before.
func (p *past) enter(in *Incident, event func(Kind, time.Duration)) {
	if bit := in.band(); p.bands&bit == 0 {
		p.bands |= bit
		event(Prioritised, 0)
	}
	if bit := in.grade(); p.severities&bit == 0 {
		p.severities |= bit
		event(Graded, 0)
	}
}

// with adds what a snapshot with the incident has told by itself, and what must have
// happened before the first one.
func (p past) with(in *Incident) past {
	if in != nil && (in.Status.Open() || !p.ours) {
		p.acknowledged = p.acknowledged || in.Acknowledged()
		p.bands |= in.band()
		p.severities |= in.grade()
	}
	return p
}

// Acknowledged reports whether somebody has taken up the incident.
func (i *Incident) Acknowledged() bool { return i.Assigned || i.Status == StatusInProgress }

func (i *Incident) band() uint8  { return 1 << i.Priority() }
func (i *Incident) grade() uint8 { return 1 << i.Severity }

func (s Status) merged() bool { return s == StatusRedirected }

// events tells what happened since the last snapshot, in no particular order; the
// lock is held.
func (m *Mirror) events(taken time.Time) []Event {
	var all []Event
	h := &m.history
	f := h.frame(m.book, m.snapshot.Taken, taken)
	f.held = m.held
	m.touchDue(f)
	for id, before := range m.book.touched {
		c := chapter{before: before, frame: f}
		r, known := m.book.rows[id]
		if known && !r.gone {
			c.now = &r.Incident
		}
		c.past = r.past.with(before)
		if before == nil {
			c.before, c.past = h.recall(id, c.past)
		}
		events, told := c.tell()
		if known {
			r.past = told
			m.book.rows[id] = r
		}
		if c.now == nil || !c.now.Status.Open() {
			h.remember(id, &c, told)
		}
		all = append(all, events...)
	}
	clear(m.book.touched)
	return all
}
