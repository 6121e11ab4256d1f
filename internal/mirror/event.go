package mirror

import (
	"msgraph_security_exporter/internal/defender"
	"time"
)

// A Kind says what happened to an incident between two snapshots.
type Kind uint8

// The kinds of event.
const (
	// Opened: the incident exists for the first time. It may be closed already.
	Opened Kind = iota
	// EnteredPriority: it is open and in its priority band for the first time, by creation
	// or by scoring.
	EnteredPriority
	// EnteredSeverity: it is open and of its severity for the first time.
	EnteredSeverity
	// Acknowledged: it is assigned or in progress for the first time.
	Acknowledged
	// Resolved: it was open and is resolved.
	Resolved
	// Reopened: it was resolved and is open.
	Reopened
	// Merged: it was open and redirects to another.
	Merged
	// ObjectiveMet: it was acknowledged or resolved in time.
	ObjectiveMet
	// ObjectiveMissed: it was not, or is not and the time has passed.
	ObjectiveMissed
)

// An Event is one thing that happened to an incident, reported once.
type Event struct {
	Kind     Kind
	Incident defender.Incident // as the snapshot has it in which the event shows
	// Took is how long after its creation the incident was acknowledged or resolved,
	// by Graph's stamp of the change, or of the snapshot where that did not move. It
	// is late by at most the time between two pulls, since of several updates in
	// that time the last one is seen.
	Took time.Duration
	// Objective is the name of the one that was met or missed.
	Objective string
}

// A past is what has been reported of an incident.
type past struct {
	acknowledged   bool
	bands          uint8          // a bit for each priority band in which it was open
	severities     uint8          // and for each severity
	reported       bool           // whether anything was; if not, it may have been closed before the first snapshot
	acknowledgedAt defender.Ticks // 0: before the first snapshot
	decided        decisions
}

// with adds what a snapshot with the incident has shown by itself, and what must have
// happened before the first one.
func (p past) with(in *defender.Incident) past {
	if in != nil && (in.Status.Open() || !p.reported) {
		p.acknowledged = p.acknowledged || in.Acknowledged()
		p.bands |= bandBit(in)
		p.severities |= severityBit(in)
	}
	return p
}

func bandBit(i *defender.Incident) uint8     { return 1 << i.Priority() }
func severityBit(i *defender.Incident) uint8 { return 1 << i.Severity }

// events returns what happened since the last snapshot, in no particular order; the
// lock is held.
func (m *Mirror) events(taken time.Time) []Event {
	var all []Event
	step := m.archive.interval(m.copy, m.snapshot.Taken, taken)
	step.objectives = m.objectives
	m.touchDue(step)
	for id, before := range m.copy.touched {
		all = append(all, m.eventsOf(id, before, step)...)
	}
	clear(m.copy.touched)
	return all
}

// eventsOf returns the events of one incident and notes them in its row; the lock is held.
func (m *Mirror) eventsOf(id string, before *defender.Incident, step interval) []Event {
	r, known := m.copy.rows[id]
	t := transition{before: before, past: r.past.with(before), interval: step}
	if known && !r.denied {
		t.now = &r.Incident
	}
	if before == nil {
		t.before, t.past = m.archive.find(id, t.past)
	}
	t.run()
	if known {
		r.past = t.past
		m.copy.rows[id] = r
	}
	if t.now == nil || !t.now.Status.Open() {
		m.archive.add(id, &t)
	}
	return t.events
}
