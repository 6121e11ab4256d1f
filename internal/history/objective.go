package history

import (
	"math"
	"slices"
	"time"

	"msgraph_security_exporter/internal/defender"
)

// An Objective is a time, counted from its creation, within which an incident is to be
// acknowledged or to be resolved.
type Objective struct {
	Name string
	// Severities and Priorities are those of the incidents that it covers; empty: any.
	Severities []defender.Severity
	Priorities []defender.Priority
	// AcknowledgeWithin or ResolveWithin is the target; the other is 0.
	AcknowledgeWithin, ResolveWithin time.Duration
}

// Within returns the target.
func (o *Objective) Within() time.Duration { return max(o.AcknowledgeWithin, o.ResolveWithin) }

// Covers reports whether the objective is about incidents of this severity and priority.
func (o *Objective) Covers(s defender.Severity, p defender.Priority) bool {
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

// An activeObjective is one that incidents are held against.
type activeObjective struct {
	Objective
	within defender.Ticks
	since  defender.Ticks // what was decided until then is not reported
}

// SetObjectives has the incidents held against these objectives from now on, at most 32 of
// different names. What has been decided until taken, the time of the last snapshot, is not
// reported by an objective that is new or has changed, and no incident is reported twice by
// one of the same name: each brings the past of every incident that something is held of up
// to date.
func (h *History) SetObjectives(objectives []Objective, taken time.Time, each func(func(*Past))) {
	last := h.objectives
	h.objectives = nil
	for _, o := range objectives[:min(len(objectives), maxObjectives)] {
		h.objectives = append(h.objectives, activate(o, last, taken))
	}
	each(func(p *Past) { p.decided = p.decided.translate(last, h.objectives) })
}

// activate returns an objective that counts since it was last changed.
func activate(o Objective, last []activeObjective, taken time.Time) activeObjective {
	active := activeObjective{o, ticksIn(o.Within()), minTicks}
	if i := slices.IndexFunc(last, func(l activeObjective) bool { return l.equal(&o) }); i >= 0 {
		active.since = last[i].since
	} else if !taken.IsZero() {
		active.since = defender.TicksOf(taken)
	}
	return active
}

// The ends of all time.
const (
	minTicks defender.Ticks = math.MinInt64
	maxTicks defender.Ticks = math.MaxInt64
)

func ticksIn(d time.Duration) defender.Ticks { return defender.Ticks(d / 100) }

// decisions are a bit for each objective, by its position: set if an incident has met or missed
// it, or can no longer do either.
type decisions uint32

// allDecided is a decision on every objective there may be.
const allDecided = ^decisions(0)

// translate returns decisions on the last objectives as decisions on the next, by name.
func (d decisions) translate(last, next []activeObjective) decisions {
	if d == 0 || d == allDecided {
		return d
	}
	var same decisions
	for i := range last {
		n := slices.IndexFunc(next, func(o activeObjective) bool { return o.Name == last[i].Name })
		if n >= 0 && d&(1<<i) != 0 {
			same |= 1 << n
		}
	}
	return same
}

// decide reports which objectives the incident meets or misses. Each is decided once, by what the
// incident is when both are known: that the objective covers it, and whether it was
// acknowledged or resolved in time.
func (t *transition) decide() {
	for i := range t.objectives {
		o, bit := &t.objectives[i], decisions(1)<<i
		done, decided := t.completion(o)
		due := t.now.Created + o.within
		if !decided || t.past.decided&bit != 0 || min(done, due) <= max(o.since, t.first) ||
			!o.Covers(t.now.Severity, t.now.Priority()) {
			continue
		}
		t.past.decided |= bit
		kind := ObjectiveMet
		if done > due {
			kind = ObjectiveMissed
		}
		t.events = append(t.events, Event{Kind: kind, Incident: *t.now, Objective: o.Name})
	}
	if !t.now.Status.Open() {
		t.past.decided = allDecided
	}
}

// completion returns when the incident was completed in the sense of an objective, which is the
// far future if its time has passed and it is not; false while that is undecided, or
// where it cannot be known.
func (t *transition) completion(o *activeObjective) (defender.Ticks, bool) {
	switch {
	case o.AcknowledgeWithin > 0 && t.past.acknowledged:
		return t.past.acknowledgedAt, t.past.acknowledgedAt != 0
	case t.now.Status == defender.StatusResolved:
		return t.changed(), true
	default:
		return maxTicks, t.now.Created+o.within <= t.incompleteUntil(o)
	}
}

// incompleteUntil returns until when the incident is known to have been open, and
// unacknowledged if that is what the objective is about.
func (t *transition) incompleteUntil(o *activeObjective) defender.Ticks {
	switch {
	case t.now.Status.Open():
		return t.end
	case o.AcknowledgeWithin > 0 && t.now.Acknowledged():
		return minTicks // nobody knows since when
	default:
		return t.changed()
	}
}

// touchDue marks the open incidents as touched whose time has passed since the last snapshot by
// any objective, although they have not changed.
func touchDue(between interval, s *Step) {
	last := defender.TicksOf(s.Last)
	created := make([]stretch, len(between.objectives))
	for i, o := range between.objectives {
		created[i] = stretch{last - o.within, between.end - o.within}
	}
	for i := range s.Open {
		in := &s.Open[i]
		if !anyHolds(created, in.Created) {
			continue
		}
		if _, touched := s.Touched[in.ID]; !touched {
			before := *in
			s.Touched[in.ID] = &before
		}
	}
}

// A stretch is the time after one instant up to another.
type stretch struct{ after, upTo defender.Ticks }

func anyHolds(stretches []stretch, t defender.Ticks) bool {
	for _, s := range stretches {
		if t > s.after && t <= s.upTo {
			return true
		}
	}
	return false
}
