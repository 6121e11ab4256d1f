package graphclient

import (
	"bytes"
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
	ID             text  `json:"id"`
	Created        text  `json:"createdDateTime"`
	Updated        text  `json:"lastUpdateDateTime"`
	Severity       text  `json:"severity"`
	Status         text  `json:"status"`
	Classification text  `json:"classification"`
	Determination  text  `json:"determination"`
	AssignedTo     text  `json:"assignedTo"`
	WebURL         text  `json:"incidentWebUrl"`
	CustomTags     texts `json:"customTags"`
	SystemTags     texts `json:"systemTags"`
	PriorityScore  score `json:"priorityScore"`
}

var errNoID = errors.New("an incident without id")

// incident checks what everything rests on: the id and the two dates.
func (w *wireIncident) incident() (Incident, error) {
	if w.ID == "" {
		return Incident{}, errNoID
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
		Severity: string(w.Severity), Status: string(w.Status),
		Classification: string(w.Classification), Determination: string(w.Determination),
		AssignedTo: string(w.AssignedTo), WebURL: string(w.WebURL),
		Tags: slices.Concat(w.CustomTags, w.SystemTags), PriorityScore: w.PriorityScore.value,
	}, nil
}

// parseTime reads a timestamp with 0 to 7 fraction digits, trailing zeros
// dropped: never compare them as text.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time", oneLine(s))
	}
	return t.UTC(), nil
}

// A text is a JSON string; anything else reads as its JSON, and null as "".
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case string(b) == "null":
	case json.Unmarshal(b, &s) == nil:
	default:
		s = oneLine(string(b))
	}
	*t = text(s)
	return nil
}

// texts is a JSON array of strings; anything else reads as none of them.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
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

// maxRows bounds what is made of one answer: 32 MiB of {},{},… would be gigabytes. Graph
// sends at most 50 rows a page.
const maxRows = 10_000

var errTooManyRows = fmt.Errorf("more than %d rows in one page", maxRows)

// rows is a JSON array of incidents. It is read row by row, to stop in time.
type rows []wireIncident

func (r *rows) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t == nil { // null
		return err
	} else if t != json.Delim('[') {
		return fmt.Errorf("a value that is no array")
	}
	for *r = (rows{}); d.More(); {
		if len(*r) == maxRows {
			return errTooManyRows
		}
		var row wireIncident
		if err := d.Decode(&row); err != nil {
			return err
		}
		*r = append(*r, row)
	}
	return nil
}
