package history

import "msgraph_security_exporter/internal/defender"

// A transition is the course of one incident from one snapshot to the next.
type transition struct {
	before *defender.Incident // in the last snapshot or closed by then; nil: unknown
	now    *defender.Incident // nil: Graph denies that it exists
	past   Past               // before the transition, and after run with it
	interval
	events []Event // after run
}

// An interval is the time between two snapshots. Its times are on Graph's clock.
type interval struct {
	end    defender.Ticks // time of the new snapshot
	first  defender.Ticks // time of the first snapshot of all
	known  defender.Ticks // every incident created later that was ever reported is known
	recent defender.Ticks // an update after that may not have been seen before
	// objectives are those that the incidents are held against.
	objectives []activeObjective
}

// run finds the events of the transition.
func (t *transition) run() {
	if t.now == nil {
		return
	}
	isNew, wasOpen := t.isNew(), t.wasOpen()
	if t.before == nil && !isNew {
		t.past = t.past.with(t.now) // whatever it went through was before the first snapshot
	}
	t.past.reported = true
	switch {
	case isNew:
		t.report(Opened)
	case t.reopened():
		t.report(Reopened)
	}
	if isNew || t.before != nil && t.now.Status.Open() {
		t.enter()
	}
	if wasOpen {
		t.progress()
	} else if t.before != nil || !t.now.Status.Open() || len(t.events) > 0 {
		t.past.decided = allDecided // it has been closed before
	}
	t.decide()
}

// report adds an event.
func (t *transition) report(k Kind) {
	e := Event{Kind: k, Incident: *t.now}
	if k == Acknowledged || k == Resolved {
		e.Took = t.changed().Time().Sub(t.now.Created.Time())
	}
	t.events = append(t.events, e)
}

// isNew reports whether the incident was created after the first snapshot and has never been
// seen. However late it became readable, it is reported from its beginning.
func (t *transition) isNew() bool { return t.before == nil && t.now.Created > t.known }

// wasOpen reports whether the incident was open at any time before it became what it is.
func (t *transition) wasOpen() bool {
	return t.isNew() || t.before != nil && t.before.Status.Open()
}

// reopened reports whether an incident that is not new was resolved and is open. Either it has
// been seen resolved. Or it was created before the first snapshot, was not among the open
// incidents then, and appears with a recent update. Without one it was open all the time
// and missing from an answer.
func (t *transition) reopened() bool {
	switch {
	case !t.now.Status.Open():
		return false
	case t.before == nil:
		return t.now.Updated > t.recent
	default:
		return t.before.Status == defender.StatusResolved
	}
}

// enter reports the priority band and the severity of the incident if it has not been
// in them before.
func (t *transition) enter() {
	if bit := bandBit(t.now); t.past.bands&bit == 0 {
		t.past.bands |= bit
		t.report(EnteredPriority)
	}
	if bit := severityBit(t.now); t.past.severities&bit == 0 {
		t.past.severities |= bit
		t.report(EnteredSeverity)
	}
}

// progress reports what became of an incident that was open.
func (t *transition) progress() {
	if t.now.Status == defender.StatusRedirected {
		t.report(Merged)
		return
	}
	if !t.past.acknowledged && t.now.Acknowledged() {
		t.past.acknowledged, t.past.acknowledgedAt = true, t.changed()
		t.report(Acknowledged)
	}
	if t.now.Status == defender.StatusResolved {
		t.report(Resolved)
	}
}

// changed returns when the incident became what it is, and not before its creation.
func (t *transition) changed() defender.Ticks {
	at := t.now.Updated
	if t.before != nil && at <= t.before.Updated {
		at = t.end // nothing dates the change
	}
	return max(t.now.Created, at)
}
