package contract

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"msgraph_security_exporter/graphclient"
)

// A listing is one answer, reduced to what questions are told by. What of it stands in quotes at Graph
// (ids, links) is compared and never told.
type listing struct {
	skipped bool   // nobody was asked
	status  int    // 0: no answer
	refusal string // in words; empty: there are rows, or none
	cause   error  // of the refusal
	bare    bool   // one incident without a wrapper

	preference bool  // the header Preference-Applied is there
	context    bool  // @odata.context is there
	count      int64 // @odata.count, -1: not there
	link       string
	rows       []row
}

// failed returns the answer about a list that did not come, in which case a refusal is of that verdict.
func (l *listing) failed(refused verdict) (answer, bool) {
	switch {
	case l.skipped:
		return answer{unasked, l.cause.Error()}, true
	case l.refusal != "":
		return answer{refused, l.refusal}, true
	}
	return answer{}, false
}

// A row is what is kept of an incident.
type row struct {
	id               string
	created, updated time.Time
	values           map[string]value // by property, known ones only
	foreign          int              // properties that the contract does not know
}

const (
	maxRows = 1000 // kept of an answer
	maxText = 64   // bytes kept of an id, a date or an enumeration's value, to compare it
)

// newListing reduces a reply.
func newListing(q graphclient.Question, reply *graphclient.Reply, err error) *listing {
	l := &listing{status: reply.Status, count: -1, cause: err}
	l.preference = reply.Header.Get("Preference-Applied") != ""
	if e, ok := errors.AsType[*graphclient.Error](err); ok {
		l.refusal = inWords(reply, e)
		return l
	}
	if q.ID != "" {
		l.decodeIncident(reply.Body)
	} else {
		l.decodeList(reply.Body)
	}
	return l
}

// unreadable makes a refusal of an answer whose body is not what it should be.
func (l *listing) unreadable() {
	l.refusal = "answered with 200, and not with what was asked for"
	l.cause = &graphclient.Error{Reason: graphclient.ReasonMalformed, Operation: graphclient.OperationSweep, Status: l.status, Message: "no list of incidents"}
}

func (l *listing) decodeList(body []byte) {
	var wire struct {
		Context json.RawMessage              `json:"@odata.context"`
		Count   json.RawMessage              `json:"@odata.count"`
		Link    json.RawMessage              `json:"@odata.nextLink"`
		Value   []map[string]json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(body, &wire); err != nil || wire.Value == nil {
		l.unreadable()
		return
	}
	l.context = wire.Context != nil
	if json.Unmarshal(wire.Count, &l.count) != nil {
		l.count = -1
	}
	_ = json.Unmarshal(wire.Link, &l.link) // a link that is no text is none
	for _, incident := range wire.Value[:min(len(wire.Value), maxRows)] {
		l.rows = append(l.rows, newRow(incident))
	}
}

// decodeIncident reads the answer to a question about one incident.
func (l *listing) decodeIncident(body []byte) {
	var wire map[string]json.RawMessage
	if err := json.Unmarshal(body, &wire); err != nil {
		l.unreadable()
		return
	}
	_, wrapped := wire["value"]
	if l.bare = !wrapped && wire["id"] != nil; l.bare {
		l.rows = []row{newRow(wire)}
	}
}

func newRow(wire map[string]json.RawMessage) row {
	r := row{values: map[string]value{}}
	for name, raw := range wire {
		switch {
		case slices.Contains(properties, name):
			r.values[name] = newValue(raw)
		case !strings.HasPrefix(name, "@odata."):
			r.foreign++
		}
	}
	r.id = textOf(wire["id"], maxText)
	r.created, _ = time.Parse(time.RFC3339Nano, textOf(wire["createdDateTime"], maxText))
	r.updated, _ = time.Parse(time.RFC3339Nano, textOf(wire["lastUpdateDateTime"], maxText))
	return r
}

// textOf returns the beginning of a JSON string, empty if it is none.
func textOf(raw json.RawMessage, most int) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return strings.Clone(s[:min(len(s), most)])
}

// has reports whether an incident is among the rows.
func (l *listing) has(id string) bool {
	for i := range l.rows {
		if l.rows[i].id == id {
			return true
		}
	}
	return false
}

// all reports whether every row matches, and some whether one does.
func (l *listing) all(match func(*row) bool) bool {
	return !l.some(func(r *row) bool { return !match(r) })
}

func (l *listing) some(match func(*row) bool) bool {
	for i := range l.rows {
		if match(&l.rows[i]) {
			return true
		}
	}
	return false
}
