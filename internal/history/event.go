// Package history says what happened to incidents between one snapshot and the next, each
// thing once: what is counted of them.
package history

import (
	"time"

	"msgraph_security_exporter/internal/defender"
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

// A Past is what has been reported of an incident. Its zero value is that of one that is new.
type Past struct {
	acknowledgedAt defender.Ticks // 0: before the first snapshot
	decided        decisions
	acknowledged   bool
	bands          uint8 // a bit for each priority band in which it was open
	severities     uint8 // and for each severity
	reported       bool  // whether anything was; if not, it may have been closed before the first snapshot
}

// with adds what a snapshot with the incident has shown by itself, and what must have
// happened before the first one.
func (p Past) with(in *defender.Incident) Past {
	if in != nil && (in.Status.Open() || !p.reported) {
		p.acknowledged = p.acknowledged || in.Acknowledged()
		p.bands |= bandBit(in)
		p.severities |= severityBit(in)
	}
	return p
}

func bandBit(i *defender.Incident) uint8     { return 1 << i.Priority() }
func severityBit(i *defender.Incident) uint8 { return 1 << i.Severity }

// A Copy holds what is known of each incident at present.
type Copy interface {
	// Incident returns an incident, nil if Graph denies it or nothing is known of it, and its
	// past; false if nothing is held of it.
	Incident(id string) (*defender.Incident, Past, bool)
	// Keep keeps the past of an incident that something is held of.
	Keep(id string, p Past)
}

// A Step is the way from one snapshot to the next.
type Step struct {
	Last, Next time.Time           // when they were taken
	Open       []defender.Incident // in the last one
	// Touched holds the incidents that have changed since the last one, as they were then; nil of
	// those that were unknown. Events adds to it.
	Touched map[string]*defender.Incident
}

// A History tells what happens to a tenant's incidents. It is not safe for concurrent use.
type History struct {
	archive archive // of what was reported of incidents that have left the copy
	// objectives are those that the incidents are held against.
	objectives []activeObjective
}

// Forget begins anew: nothing that happens until the next snapshot is reported.
func (h *History) Forget() { h.archive = archive{} }

// Events returns what happened in a step, in no particular order.
func (h *History) Events(s Step, c Copy) []Event {
	var all []Event
	between := h.archive.interval(s.Last, s.Next)
	between.objectives = h.objectives
	touchDue(between, &s)
	for id, before := range s.Touched {
		all = append(all, h.eventsOf(id, before, between, c)...)
	}
	return all
}

// eventsOf returns the events of one incident and keeps its past.
func (h *History) eventsOf(id string, before *defender.Incident, between interval, c Copy) []Event {
	now, p, known := c.Incident(id)
	t := transition{before: before, now: now, past: p.with(before), interval: between}
	if before == nil {
		t.before, t.past = h.archive.find(id, t.past)
	}
	t.run()
	if known {
		c.Keep(id, t.past)
	}
	if t.now == nil || !t.now.Status.Open() {
		h.archive.add(id, &t)
	}
	return t.events
}
