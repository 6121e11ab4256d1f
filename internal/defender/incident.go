// Package defender says what an incident of Microsoft Defender XDR is, as Graph shows it: the
// properties that metrics are made of, and no free text.
package defender

import (
	"slices"
	"time"
)

// Ticks is an instant on Graph's clock in units of 100 nanoseconds since
// 1970-01-01 UTC: the seven fraction digits that Graph's timestamps can carry,
// in eight bytes, over a range that no date in an answer can overflow.
type Ticks int64

const ticksPerSecond = int64(time.Second / 100)

// Second is a second in ticks.
const Second = Ticks(ticksPerSecond)

// TicksOf returns the instant of t, digits beyond the seventh cut off.
func TicksOf(t time.Time) Ticks {
	return Ticks(t.Unix()*ticksPerSecond + int64(t.Nanosecond())/100)
}

// Time returns the instant as a time in UTC.
func (t Ticks) Time() time.Time {
	s, rest := int64(t)/ticksPerSecond, int64(t)%ticksPerSecond
	return time.Unix(s, rest*100).UTC()
}

// Graph's enumerations. The zero value of each is a value that this build does not
// know, [Other] or [Unrecognized]; String returns Graph's own spelling.
type (
	// Severity is how bad the alerts of an incident are, by their products.
	Severity uint8
	// Status is what has become of an incident.
	Status uint8
	// Classification is what an analyst judged an incident to be.
	Classification uint8
	// Determination is what an analyst found an incident to be about.
	Determination uint8
)

// The statuses that decide whether an incident is open. The indexes follow
// [statuses].
const (
	StatusOther Status = iota
	StatusActive
	StatusInProgress
	StatusAwaitingAction
	StatusResolved
	StatusRedirected
)

// Other stands for every value that Graph sends and this build does not know,
// unknownFutureValue included; Unrecognized does so among determinations, where
// Graph has an "other" of its own.
const (
	Other        = "other"
	Unrecognized = "unrecognized"
)

var (
	severities      = []string{Other, "unknown", "informational", "low", "medium", "high"}
	statuses        = []string{Other, "active", "inProgress", "awaitingAction", "resolved", "redirected"}
	classifications = []string{Other, "unknown", "falsePositive", "truePositive", "informationalExpectedActivity"}
	determinations  = []string{
		Unrecognized, "unknown", "apt", "malware", "securityPersonnel", "securityTesting", "unwantedSoftware", "other",
		"multiStagedAttack", "compromisedAccount", "phishing", "maliciousUserActivity", "notMalicious",
		"notEnoughDataToValidate", "confirmedActivity", "lineOfBusinessApplication",
	}
)

func (s Severity) String() string       { return severities[s] }
func (s Status) String() string         { return statuses[s] }
func (c Classification) String() string { return classifications[c] }
func (d Determination) String() string  { return determinations[d] }

// Severities returns the known severities, mildest first, without [Other]:
// the caller owns the slice.
func Severities() []Severity { return known[Severity](severities) }

// Classifications returns the known classifications, without [Other].
func Classifications() []Classification { return known[Classification](classifications) }

// Determinations returns the known determinations, without [Unrecognized];
// Graph's own value "other" is among them.
func Determinations() []Determination { return known[Determination](determinations) }

// OpenStatuses returns the known statuses of an open incident, without [Other].
func OpenStatuses() []Status {
	return []Status{StatusActive, StatusInProgress, StatusAwaitingAction}
}

func known[E ~uint8](names []string) []E {
	values := make([]E, 0, len(names)-1)
	for i := 1; i < len(names); i++ {
		values = append(values, E(i))
	}
	return values
}

// Open reports whether an incident of this status counts as open: everything
// but resolved and redirected, so that a status of the future is not lost.
func (s Status) Open() bool { return s != StatusResolved && s != StatusRedirected }

// Priority is the band of an incident's priority score, as the portal draws it.
type Priority uint8

// The bands: score above 85, 15 to 85, below 15, and no score at all (not
// enabled for the tenant, or still being computed), which is never zero.
const (
	PriorityNone Priority = iota
	PriorityLow
	PriorityMedium
	PriorityHigh
)

var priorities = []string{"none", "low", "medium", "high"}

func (p Priority) String() string { return priorities[p] }

// Priorities returns every band, none first.
func Priorities() []Priority {
	return []Priority{PriorityNone, PriorityLow, PriorityMedium, PriorityHigh}
}

// Incident is one incident as it is kept: the properties that metrics are
// made of and no free text.
type Incident struct {
	ID             string // unique per tenant; decimal digits as far as is known
	Created        Ticks  // createdDateTime, immutable
	Updated        Ticks  // lastUpdateDateTime
	Score          int32  // priorityScore, meaningful only when Scored
	Scored         bool
	Assigned       bool // assignedTo is neither null nor blank
	Severity       Severity
	Status         Status
	Classification Classification
	Determination  Determination
	Tags           uint32 // a bit for each of the decoder's tags that it bears, in their order
	WebURL         string // of the incident in Microsoft's portal, if the decoder was asked to keep it
}

// Priority returns the band of the incident's score.
func (i *Incident) Priority() Priority {
	switch {
	case !i.Scored:
		return PriorityNone
	case i.Score > 85:
		return PriorityHigh
	case i.Score >= 15:
		return PriorityMedium
	default:
		return PriorityLow
	}
}

// Acknowledged reports whether somebody works on the incident.
func (i *Incident) Acknowledged() bool { return i.Assigned || i.Status == StatusInProgress }

// Names returns Graph's spelling of every value that a property is known to have; the caller
// owns the slice.
func (f Field) Names() []string {
	return slices.Clone([fields][]string{severities, statuses, classifications, determinations}[f][1:])
}
