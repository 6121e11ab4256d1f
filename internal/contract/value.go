package contract

import (
	"encoding/json"
	"slices"
	"strings"
)

// properties are those of an incident that the contract knows, without alerts.
var properties = []string{
	"id", "createdDateTime", "lastUpdateDateTime", "severity", "status", "classification", "determination", "priorityScore",
	"assignedTo", "description", "displayName", "incidentWebUrl", "lastModifiedBy", "redirectIncidentId", "resolvingComment",
	"summary", "tenantId", "comments", "customTags", "systemTags", "alerts",
}

// A kind is that of a JSON value.
type kind byte

// The kinds, by the byte that a value begins with.
const (
	null   kind = 'n'
	str    kind = '"'
	array  kind = '['
	object kind = '{'
	number kind = '0'
	truth  kind = 't'
)

// A value is what is kept of a property.
type value struct {
	kind   kind
	text   string // the beginning of a string; to compare, never to tell
	number float64
}

func newValue(raw json.RawMessage) value {
	v := value{kind: null}
	switch {
	case len(raw) == 0 || raw[0] == 'n':
	case raw[0] == '"':
		v.kind, v.text = str, textOf(raw, maxText)
	case raw[0] == '[' || raw[0] == '{':
		v.kind = kind(raw[0])
	case raw[0] == 't' || raw[0] == 'f':
		v.kind = truth
	default:
		v.kind = number
		_ = json.Unmarshal(raw, &v.number) // one that is too large is told as 0
	}
	return v
}

// An enumeration is a property with its members in the spelling of the schema, and other spellings of
// some of them in Microsoft's documentation.
type enumeration struct {
	property         string
	members, spelled []string
}

var enumerations = []enumeration{
	{"severity", []string{"unknown", "informational", "low", "medium", "high", "unknownFutureValue"}, nil},
	{"status", []string{"active", "resolved", "inProgress", "redirected", "unknownFutureValue", "awaitingAction"}, nil},
	{"classification", []string{"unknown", "falsePositive", "truePositive", "informationalExpectedActivity", "unknownFutureValue"}, nil},
	{"determination", []string{
		"unknown", "apt", "malware", "securityPersonnel", "securityTesting", "unwantedSoftware", "other", "multiStagedAttack", "compromisedAccount", "phishing",
		"maliciousUserActivity", "notMalicious", "notEnoughDataToValidate", "confirmedActivity", "lineOfBusinessApplication", "unknownFutureValue",
	}, []string{"compromisedUser", "clean", "insufficientData", "confirmedUserActivity"}},
}

// member returns the member of a list that a value is, whatever its case, and whether its case is that
// of the list; empty if it is none.
func member(of []string, value string) (name string, exact bool) {
	i := slices.IndexFunc(of, func(m string) bool { return strings.EqualFold(m, value) })
	if i < 0 {
		return "", false
	}
	return of[i], of[i] == value
}

// is reports whether a property of a row has one of some values, whatever their case.
func (r *row) is(property string, values ...string) bool {
	name, _ := member(values, r.values[property].text)
	return name != ""
}
