package graphsim

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// An Incident is one incident as the service holds it. Enumeration values are in camelCase.
type Incident struct {
	ID               string // decimal digits
	Created, Updated time.Time
	Severity, Status string
	Classification   string // "": null
	Determination    string // "": null
	AssignedTo       string // "": null
	DisplayName      string // "": made up from the id
	RedirectTo       string // the incident this one was merged into
	Score            *int   // nil: null
	Tags             []string

	// Override replaces properties of the JSON by name, to send what Graph should not;
	// a nil value leaves the property out.
	Override map[string]json.RawMessage
}

// Open reports whether the incident is neither resolved nor merged into another.
func (in Incident) Open() bool { return in.Status != "resolved" && in.Status != "redirected" }

// clone is a copy that shares nothing that may be written through it.
func (in Incident) clone() *Incident {
	if in.Score != nil {
		in.Score = new(*in.Score)
	}
	in.Tags = slices.Clone(in.Tags)
	in.Override = maps.Clone(in.Override)
	return &in
}

func (in *Incident) setDefaults() {
	setDefault(&in.Severity, "medium")
	setDefault(&in.Status, "active")
	setDefault(&in.Classification, "unknown")
	setDefault(&in.Determination, "unknown")
}

// Dating says whether a change moves lastUpdateDateTime. For re-scoring, deletion, a merge's
// source and more it is not known whether it does.
type Dating int

// The two kinds of change.
const (
	Dated Dating = iota
	Undated
)

// byID orders incidents as their ids count.
func byID(a, b *Incident) int {
	return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
}

// enumerations are the members that a $filter may name, by property, as the schema has them.
var enumerations = map[string][]string{
	"severity": {"unknown", "informational", "low", "medium", "high", "unknownFutureValue"},
	"status":   {"active", "resolved", "inProgress", "redirected", "unknownFutureValue", "awaitingAction"},
	"classification": {"unknown", "falsePositive", "truePositive", "informationalExpectedActivity",
		"unknownFutureValue"},
	"determination": {"unknown", "apt", "malware", "securityPersonnel", "securityTesting",
		"unwantedSoftware", "other", "multiStagedAttack", "compromisedAccount", "phishing",
		"maliciousUserActivity", "notMalicious", "notEnoughDataToValidate", "confirmedActivity",
		"lineOfBusinessApplication", "unknownFutureValue"},
}

// documented maps the schema's determinations to the spelling of the documentation pages.
var documented = map[string]string{
	"compromisedAccount":      "compromisedUser",
	"notMalicious":            "clean",
	"notEnoughDataToValidate": "insufficientData",
	"confirmedActivity":       "confirmedUserActivity",
}
