package graphsim

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// wire is an incident as JSON. Pointers are what the schema lets be null.
type wire struct {
	Type             string          `json:"@odata.type"`
	ID               string          `json:"id"`
	TenantID         *string         `json:"tenantId"`
	Status           string          `json:"status"`
	WebURL           *string         `json:"incidentWebUrl"`
	RedirectTo       *string         `json:"redirectIncidentId"`
	DisplayName      *string         `json:"displayName"`
	Created          string          `json:"createdDateTime"`
	Updated          string          `json:"lastUpdateDateTime"`
	AssignedTo       *string         `json:"assignedTo"`
	Classification   *string         `json:"classification"`
	Determination    *string         `json:"determination"`
	Severity         string          `json:"severity"`
	PriorityScore    json.RawMessage `json:"priorityScore,omitempty"`
	CustomTags       []string        `json:"customTags"`
	SystemTags       []string        `json:"systemTags"`
	Description      *string         `json:"description"`
	LastModifiedBy   *string         `json:"lastModifiedBy"`
	ResolvingComment *string         `json:"resolvingComment"`
	Summary          *string         `json:"summary"`
	Comments         []comment       `json:"comments"`
	Alerts           *[]string       `json:"alerts,omitempty"`
}

type comment struct {
	Comment string `json:"comment"`
	By      string `json:"createdByDisplayName"`
	Created string `json:"createdDateTime"`
}

// properties are what $select may name.
var properties = []string{"id", "tenantId", "status", "incidentWebUrl", "redirectIncidentId", "displayName",
	"createdDateTime", "lastUpdateDateTime", "assignedTo", "classification", "determination", "severity",
	"priorityScore", "customTags", "systemTags", "description", "lastModifiedBy", "resolvingComment",
	"summary", "comments"}

// toWire renders an incident for one call.
func (s *Sim) toWire(in *Incident, c *call, o *options) *wire {
	w := &wire{
		Type: "#microsoft.graph.security.incident",
		ID:   in.ID, Created: timestamp(in.Created), Updated: timestamp(in.Updated),
		Severity: s.spell(in.Severity), Status: s.spell(in.Status),
		Classification: s.nullIfUnknown(in.Classification), Determination: s.nullIfUnknown(in.Determination),
		AssignedTo: orNull(in.AssignedTo), RedirectTo: orNull(in.RedirectTo), DisplayName: orNull(in.DisplayName),
		CustomTags: in.Tags, SystemTags: []string{}, Comments: []comment{},
	}
	if in.Status == "awaitingAction" && !c.knowsNewMembers() {
		w.Status = s.spell("unknownFutureValue")
	}
	if w.CustomTags == nil {
		w.CustomTags = []string{}
	}
	if o.expand {
		w.Alerts = &[]string{}
	}
	switch {
	case s.cfg.OmitScore:
	case in.Score == nil:
		w.PriorityScore = json.RawMessage("null")
	default:
		w.PriorityScore = strconv.AppendInt(nil, int64(*in.Score), 10)
	}
	if !s.cfg.Terse {
		s.addFreeText(w, in)
	}
	return w
}

// timestamp has up to seven fraction digits, without trailing zeros.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.9999999Z") }

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// nullIfUnknown is the value of an enumeration that may be null.
func (s *Sim) nullIfUnknown(value string) *string {
	if value == "unknown" && s.cfg.NullsForUnknown {
		return nil
	}
	if spelt, ok := documented[value]; ok && s.cfg.DocumentationSpelling {
		value = spelt
	}
	return orNull(s.spell(value))
}

func (s *Sim) spell(value string) string {
	if s.cfg.Spelling == PascalCase && value != "" {
		return strings.ToUpper(value[:1]) + value[1:]
	}
	return value
}

// body renders a page. The rows are rendered here only, so that a list of many costs no more
// than the page of it that is sent.
func (s *Sim) body(c *call, o *options, p *page) any {
	body := struct {
		Context  string `json:"@odata.context"`
		Count    *int   `json:"@odata.count,omitempty"`
		NextLink string `json:"@odata.nextLink,omitempty"`
		Value    []any  `json:"value"`
	}{Context: c.base + "/v1.0/$metadata#security/incidents", NextLink: p.nextLink, Value: []any{}}
	if p.count >= 0 {
		body.Count = &p.count
	}
	for _, in := range p.rows {
		var row any = s.toWire(in, c, o)
		if o.properties != nil || len(in.Override) > 0 {
			row = overridden(row, in, o.properties)
		}
		body.Value = append(body.Value, row)
	}
	return body
}

// overridden is a row with the incident's overrides, cut down to the selected properties.
// The id comes along even when it is not selected.
func overridden(row any, in *Incident, selected []string) map[string]json.RawMessage {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(marshal(row), &all); err != nil {
		panic("graphsim: " + err.Error())
	}
	if selected != nil {
		cut := map[string]json.RawMessage{"id": all["id"]}
		for _, property := range selected {
			if value, ok := all[property]; ok {
				cut[property] = value
			}
		}
		all = cut
	}
	for property, value := range in.Override {
		if value == nil {
			delete(all, property)
		} else {
			all[property] = value
		}
	}
	return all
}
