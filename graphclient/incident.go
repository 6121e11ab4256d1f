package graphclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// An Incident holds the properties in use of a microsoft.graph.security.incident
// of v1.0. Enumerations are as Graph sent them, camelCase today and PascalCase in
// older samples, and "" for null or absent.
type Incident struct {
	ID                                              string
	Created, Updated                                time.Time // createdDateTime, lastUpdateDateTime
	Severity, Status, Classification, Determination string
	AssignedTo                                      string
	WebURL                                          string   // incidentWebUrl, the incident in Microsoft's portal
	Tags                                            []string // customTags, then systemTags
	// PriorityScore is null where the tenant has no scores, and while one is
	// being computed. It came to the schema in January 2026.
	PriorityScore *int32
}

// wireIncident is an incident in JSON, without the free text:
//
//	{"id":"924565","createdDateTime":"2026-01-17T09:11:59.3Z","status":"active","priorityScore":null,…}
type wireIncident struct {
	ID             text     `json:"id"`
	Created        text     `json:"createdDateTime"`
	Updated        text     `json:"lastUpdateDateTime"`
	Severity       text     `json:"severity"`
	Status         text     `json:"status"`
	Classification text     `json:"classification"`
	Determination  text     `json:"determination"`
	AssignedTo     text     `json:"assignedTo"`
	WebURL         text     `json:"incidentWebUrl"`
	CustomTags     textList `json:"customTags"`
	SystemTags     textList `json:"systemTags"`
	PriorityScore  score    `json:"priorityScore"`
}

var errNoID = errors.New("an incident without id")

// incident checks what everything rests on: the id and the two dates.
func (w *wireIncident) incident() (Incident, error) {
	switch {
	case w.ID == "":
		return Incident{}, errNoID
	case len(w.ID) > maxID:
		return Incident{}, errLongID
	}
	created, err := parseTime(string(w.Created))
	if err != nil {
		return Incident{}, fmt.Errorf("incident %s: createdDateTime %w", oneLine(string(w.ID)), err)
	}
	updated, err := parseTime(string(w.Updated))
	if err != nil {
		return Incident{}, fmt.Errorf("incident %s: lastUpdateDateTime %w", oneLine(string(w.ID)), err)
	}
	return Incident{
		ID: string(w.ID), Created: created, Updated: updated,
		Severity: truncate(string(w.Severity), maxEnum), Status: truncate(string(w.Status), maxEnum),
		Classification: truncate(string(w.Classification), maxEnum), Determination: truncate(string(w.Determination), maxEnum),
		AssignedTo: truncate(string(w.AssignedTo), maxOwner), WebURL: dropLonger(string(w.WebURL), maxURL),
		Tags: w.tags(), PriorityScore: w.PriorityScore.value,
	}, nil
}

// tags returns the tags that are not too long, and not too many of them.
func (w *wireIncident) tags() []string {
	all := slices.DeleteFunc(slices.Concat(w.CustomTags, w.SystemTags), func(tag string) bool { return len(tag) > maxTag })
	if len(all) > maxTags {
		all = slices.Clone(all[:maxTags])
	}
	return all
}

// size returns how many bytes of text an incident holds.
func (in *Incident) size() int {
	n := len(in.ID) + len(in.Severity) + len(in.Status) + len(in.Classification) + len(in.Determination) + len(in.AssignedTo) + len(in.WebURL)
	for _, tag := range in.Tags {
		n += len(tag)
	}
	return n
}

// parseTime reads a timestamp with 0 to 7 fraction digits, trailing zeros
// dropped: never compare them as text.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, truncate(s, maxDate))
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time", oneLine(truncate(s, maxDate)))
	}
	return t.UTC(), nil
}

// A text is a JSON string; anything else reads as its JSON, and null as "".
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case string(b) == "null":
	case isPlainString(b): // nearly all of them
		s = string(b[1 : len(b)-1])
	case json.Unmarshal(b, &s) == nil:
	default:
		s = oneLine(truncate(string(b[:min(len(b), maxEnum+1)]), maxEnum))
	}
	*t = text(s)
	return nil
}

// isPlainString reports whether JSON is a string that stands for itself: of printable ASCII, and
// nothing is escaped.
func isPlainString(b []byte) bool {
	if len(b) < 2 || b[0] != '"' {
		return false
	}
	for _, c := range b[1 : len(b)-1] {
		if c < ' ' || c > '~' || c == '\\' {
			return false
		}
	}
	return true
}

// textList is a JSON array of strings; anything else reads as none of them.
type textList []string

func (t *textList) UnmarshalJSON(b []byte) error {
	var all []string
	if json.Unmarshal(b, &all) == nil {
		*t = all
	}
	return nil
}

// A score is a JSON number that is an Int32, 85.0 included; anything else reads as absent,
// so that one odd score does not cost the page.
type score struct{ value *int32 }

func (s *score) UnmarshalJSON(b []byte) error {
	var f *float64
	if err := json.Unmarshal(b, &f); err != nil || f == nil {
		return nil //nolint:nilerr // absent, see above
	}
	if *f == math.Trunc(*f) && *f >= math.MinInt32 && *f <= math.MaxInt32 {
		s.value = new(int32(*f))
	}
	return nil
}
