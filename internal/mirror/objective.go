package mirror

import (
	"slices"
	"time"
)

// An Objective is how soon incidents are to be acknowledged or resolved, one of the
// two, counted from their creation.
type Objective struct {
	Name string
	// Severities and Priorities are of the incidents that it covers; empty: of any.
	Severities []Severity
	Priorities []Priority
	// AcknowledgeWithin and ResolveWithin are the target; one of them is 0.
	AcknowledgeWithin, ResolveWithin time.Duration
}

// Within returns the target.
func (o *Objective) Within() time.Duration { return max(o.AcknowledgeWithin, o.ResolveWithin) }

// Covers reports whether the objective is about incidents of this severity and priority.
func (o *Objective) Covers(s Severity, p Priority) bool {
	return (len(o.Severities) == 0 || slices.Contains(o.Severities, s)) &&
		(len(o.Priorities) == 0 || slices.Contains(o.Priorities, p))
}

// equal reports whether two objectives ask for the same.
func (o *Objective) equal(p *Objective) bool {
	return o.Name == p.Name && o.AcknowledgeWithin == p.AcknowledgeWithin && o.ResolveWithin == p.ResolveWithin &&
		slices.Equal(o.Severities, p.Severities) && slices.Equal(o.Priorities, p.Priorities)
}

// maxObjectives is how many objectives incidents can be held against.
const maxObjectives = 32

// A held is an objective that incidents are held against.
type held struct {
	Objective
	since  Ticks // what was decided by then is not told
	within Ticks
}

// Hold has the incidents held against these objectives from now on, at most 32 of
// different names: what has been decided of them so far is not told. An objective that
// was held before, by its name, is not told twice of an incident.
func (m *Mirror) Hold(objectives []Objective) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := m.held
	m.held = nil
	for _, o := range objectives[:min(len(objectives), maxObjectives)] {
		m.held = append(m.held, m.hold(o, last))
	}
	for id, r := range m.book.rows {
		r.past.decided = r.past.decided.under(m.held, last)
		m.book.rows[id] = r
	}
}

// hold returns an objective as it is held; the lock is held.
func (m *Mirror) hold(o Objective, last []held) held {
	h := held{o, minTicks, ticksIn(o.Within())}
	if i := slices.IndexFunc(last, func(l held) bool { return l.equal(&o) }); i >= 0 {
		h.since = last[i].since
	} else if m.snapshot != nil {
		h.since = TicksOf(m.snapshot.Taken)
	}
	return h
}

func ticksIn(d time.Duration) Ticks { return Ticks(d / 100) }

// decisions are a bit for each objective, by which an incident has met or missed it, or
// can no longer do either.
type decisions uint32

// final is a decision on every objective there may be.
const final = ^decisions(0)

// under returns what has been decided in terms of other objectives.
func (d decisions) under(now, last []held) decisions {
	if d == 0 || d == final {
		return d
	}
	var same decisions
	for i := range last {
		if n := slices.IndexFunc(now, func(h held) bool { return h.Name == last[i].Name }); n >= 0 && d&(1<<i) != 0 {
			same |= 1 << n
		}
	}
	return same
}

// judge tells which objectives the incident of a chapter meets or misses. Each is decided
// once, by what the incident is when both are known: that the objective covers it, and
// that it was acknowledged or resolved in time or not.
func (c *chapter) judge(told *past, tell func(Kind, string)) {
	for i := range c.held {
		o := &c.held[i]
		done, known := c.done(o, told)
		due := c.now.Created + o.within
		if told.decided&(1<<i) != 0 || !known || min(done, due) <= max(o.since, c.first) || !o.Covers(c.now.Severity, c.now.Priority()) {
			continue
		}
		told.decided |= 1 << i
		if done <= due {
			tell(Met, o.Name)
		} else {
			tell(Missed, o.Name)
		}
	}
	if !c.now.Status.Open() {
		told.decided = final
	}
}

// done returns when the incident was done with in the sense of an objective, which is the
// far future if its time has passed and it is not; false while that is undecided, or
// cannot be known.
func (c *chapter) done(o *held, told *past) (Ticks, bool) {
	switch {
	case o.AcknowledgeWithin > 0 && told.acknowledged:
		return told.when, told.when != 0
	case c.now.Status == StatusResolved:
		return c.now.Created + ticksIn(c.took()), true
	default:
		return maxTicks, c.now.Created+o.within <= c.opened(o)
	}
}

// opened returns until when the incident of a chapter was open, and not acknowledged if
// that is what the objective is about.
func (c *chapter) opened(o *held) Ticks {
	switch {
	case c.now.Status.Open():
		return c.at
	case o.AcknowledgeWithin > 0 && c.now.Acknowledged():
		return minTicks // nobody knows since when
	default:
		return c.now.Created + ticksIn(c.took())
	}
}

// touchDue has the open incidents looked at whose time has passed since the last snapshot
// by any objective, although they have not changed; the lock is held.
func (m *Mirror) touchDue(f frame) {
	last := TicksOf(m.snapshot.Taken)
	created := make([]stretch, len(f.held))
	for i, o := range f.held {
		created[i] = stretch{last - o.within, f.at - o.within}
	}
	for i := range m.snapshot.Open {
		in := &m.snapshot.Open[i]
		if !anyHolds(created, in.Created) {
			continue
		}
		if _, touched := m.book.touched[in.ID]; !touched {
			before := *in
			m.book.touched[in.ID] = &before
		}
	}
}

// A stretch is the time after one instant up to another.
type stretch struct{ after, upTo Ticks }

func anyHolds(stretches []stretch, t Ticks) bool {
	for _, s := range stretches {
		if t > s.after && t <= s.upTo {
			return true
		}
	}
	return false
}
