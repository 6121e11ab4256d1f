package mirror

import (
	"time"

	"msgraph_security_exporter/internal/defender"
)

// A Snapshot is every open incident of the tenant as of one instant. It is
// immutable: readers share it and must not write to it.
type Snapshot struct {
	// Taken is the time on Graph's clock of which the snapshot holds every
	// dated change that was readable.
	Taken time.Time
	// Open holds the open incidents in no particular order.
	Open []defender.Incident
}

// A Problem is why a number is missing or old. The names are the values of the
// label reason of msgraph_security_problem.
type Problem string

const (
	// Behind is the problem of a pull whose refresh has not ended, so that it is answered from the
	// snapshot before, and of numbers that may lack late or undated changes: after a burst until a
	// lookback has caught up, and while sweeps take far longer than they should. It is the only one that
	// leaves [Report.Up].
	Behind Problem = "behind"
	// Synchronising is the problem of a mirror that has no snapshot yet.
	Synchronising Problem = "synchronising"
)

// Problems returns every problem there is, in the order of the documentation.
func Problems() []Problem {
	return []Problem{
		"throttled", "unauthorized", "forbidden", "bad_request", "unreachable",
		"timeout", "server_error", "incomplete", "malformed", "credential", Behind, Synchronising,
	}
}

// A Correction is what a sweep found that the deltas could not have brought.
type Correction uint8

// The kinds of correction.
const (
	Added Correction = iota
	Changed
	Removed
	corrections
)

func (c Correction) String() string { return [corrections]string{"added", "changed", "removed"}[c] }

// Corrections returns every kind of correction.
func Corrections() []Correction { return []Correction{Added, Changed, Removed} }

// A Report is what the mirror knows of the tenant and of itself at one moment.
type Report struct {
	// Snapshot is the last complete snapshot, nil before the first one and
	// while the last one is older than the maximum age: what may be served.
	Snapshot *Snapshot
	// Up says that the last refresh that ended succeeded, that Snapshot may be served and that
	// Graph is not suspected of hiding incidents.
	Up bool
	// Problems holds what is wrong at present; empty when nothing is.
	Problems []Problem
	// Taken is the time of the last complete snapshot, also when it is too old
	// to be served; zero before the first.
	Taken time.Time
	// Progress of the first synchronisation, 0 to 1, and 1 ever after.
	Progress float64
	// Refreshes that ended well and that did not, since the start.
	Succeeded, Failed uint64
	// LastRefresh is how long the last refresh took that ended; zero before.
	LastRefresh time.Duration
	// RequestsPerMinute is what the client-side limiter allows now.
	RequestsPerMinute float64
	// Corrections by kind since the start.
	Corrections [corrections]uint64
	// SweepPeriod is the longest time that a window of old incidents goes, or
	// has gone by now, without being read again; zero until it is known.
	SweepPeriod time.Duration
	// YoungPeriod is the same of the windows of incidents younger than an hour.
	YoungPeriod time.Duration
	// LookbackAge is the time since the last lookback began that has completed; zero before.
	LookbackAge time.Duration
	// Incidents counts the rows held: open ones, and closed ones that are kept
	// while a late answer could bring them back.
	Incidents int
	// ClockSkew is Graph's clock less the local one; meaningful if SkewKnown.
	ClockSkew time.Duration
	SkewKnown bool
	// UnknownValues counts the rows with a value that this build does not
	// know, by [Field].
	UnknownValues defender.FieldCounts
}
