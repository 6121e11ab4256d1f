package defender

import (
	"strings"

	"msgraph_security_exporter/graphclient"
)

// A Field is an enumerated property in which Graph may send a value that this
// build does not know.
type Field uint8

// The enumerated properties.
const (
	FieldSeverity Field = iota
	FieldStatus
	FieldClassification
	FieldDetermination
	fields
)

var fieldNames = [fields]string{"severity", "status", "classification", "determination"}

func (f Field) String() string { return fieldNames[f] }

// Fields returns every enumerated property.
func Fields() []Field {
	return []Field{FieldSeverity, FieldStatus, FieldClassification, FieldDetermination}
}

// The documentation pages spell four determinations differently from the schema.
var determinationAliases = map[string]string{
	"compromiseduser":       "compromisedAccount",
	"clean":                 "notMalicious",
	"insufficientdata":      "notEnoughDataToValidate",
	"confirmeduseractivity": "confirmedActivity",
}

// A Decoder turns Graph's rows into incidents. It is not safe for concurrent
// use.
type Decoder struct {
	severity, status, classification, determination map[string]uint8
	unknown                                         FieldCounts       // values seen that this build does not know
	tags                                            map[string]uint32 // the bit of each
	webURLs                                         bool
}

// NewDecoder returns a decoder that tells incidents apart by these tags, at most 32, whatever
// their case, and keeps the address of each if webURLs.
func NewDecoder(tags []string, webURLs bool) *Decoder {
	d := &Decoder{
		tags:           map[string]uint32{},
		webURLs:        webURLs,
		severity:       index(severities),
		status:         index(statuses),
		classification: index(classifications),
		determination:  index(determinations),
	}
	for alias, name := range determinationAliases {
		d.determination[alias] = d.determination[strings.ToLower(name)]
	}
	for i, tag := range tags {
		d.tags[strings.ToLower(tag)] = 1 << i
	}
	return d
}

// index maps the lower-case spelling of each known value to its position.
// Graph sends camelCase today and sent PascalCase before.
func index(names []string) map[string]uint8 {
	m := make(map[string]uint8, len(names))
	for i, name := range names[1:] {
		m[strings.ToLower(name)] = uint8(i + 1)
	}
	return m
}

// Incident returns a row as it is kept.
func (d *Decoder) Incident(in *graphclient.Incident) Incident {
	out := Incident{
		ID:             in.ID,
		Created:        TicksOf(in.Created),
		Updated:        TicksOf(in.Updated),
		Assigned:       strings.TrimSpace(in.AssignedTo) != "",
		Severity:       Severity(d.value(d.severity, FieldSeverity, in.Severity)),
		Status:         Status(d.value(d.status, FieldStatus, in.Status)),
		Classification: Classification(d.value(d.classification, FieldClassification, in.Classification)),
		Determination:  Determination(d.value(d.determination, FieldDetermination, in.Determination)),
	}
	if in.PriorityScore != nil {
		out.Score, out.Scored = *in.PriorityScore, true
	}
	for _, tag := range in.Tags {
		out.Tags |= d.tags[strings.ToLower(tag)]
	}
	if d.webURLs {
		out.WebURL = in.WebURL
	}
	return out
}

// value looks a value up without case. Null and absent read as "unknown", which
// is what Graph itself sends for an incident that nobody has classified.
func (d *Decoder) value(values map[string]uint8, field Field, name string) uint8 {
	if name == "" {
		return values["unknown"]
	}
	if v, ok := values[strings.ToLower(name)]; ok {
		return v
	}
	d.unknown[field]++
	return 0
}

// FieldCounts counts rows by [Field].
type FieldCounts [fields]uint64

// Unknown counts the rows with a value that this build does not know, by [Field].
func (d *Decoder) Unknown() FieldCounts { return d.unknown }
