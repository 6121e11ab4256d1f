package graphsim_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// cabinet holds one incident for each distinction that a filter can make.
func cabinet(cfg graphsim.Config) *graphsim.Sim {
	cfg.Now, cfg.Order = (&clock{epoch}).now, graphsim.ByID
	sim := graphsim.New(cfg)
	day := func(d int) time.Time { return time.Date(2026, 2, d, 12, 0, 0, 0, time.UTC) }
	for _, in := range []graphsim.Incident{
		{ID: "1", Created: day(1), Updated: day(20), Severity: "low", Status: "active"},
		{ID: "2", Created: day(2), Updated: day(12), Severity: "high", Status: "resolved", Classification: "truePositive", Determination: "phishing"},
		{ID: "3", Created: day(3), Updated: day(13), Severity: "high", Status: "inProgress", AssignedTo: "o'brien@contoso.com"},
		{ID: "4", Created: day(4), Updated: day(14), Severity: "medium", Status: "redirected", AssignedTo: "and (or)"},
		{ID: "5", Created: day(5), Updated: day(15), Severity: "low", Status: "awaitingAction", AssignedTo: "mei@contoso.com"},
		{ID: "6", Created: day(6).Add(100 * time.Nanosecond), Updated: day(16), Severity: "informational", Status: "active"},
	} {
		sim.Add(in)
	}
	sim.Change("6", graphsim.Undated, func(in *graphsim.Incident) { in.Classification = "" })
	return sim
}

func TestFilter(t *testing.T) {
	c := newCaller(t, cabinet(graphsim.Config{}))
	for _, test := range []struct{ filter, want string }{
		{"status eq 'active'", "1 6"},
		{"status eq 'Active'", "1 6"},
		{"status ne 'resolved' and status ne 'redirected'", "1 3 5 6"},
		{"not (status eq 'resolved' or status eq 'redirected')", "1 3 5 6"},
		{"status eq 'awaitingAction'", "5"},
		{"status in ('active','inProgress')", "1 3 6"},
		{"status in ('active', 'active')", "1 6"},
		{"not(status in ('active'))", "2 3 4 5"},
		{"severity eq 'high' or severity eq 'low' and status eq 'active'", "1 2 3"},
		{"severity eq 'low' and status eq 'active' or severity eq 'high'", "1 2 3"},
		{"(severity eq 'high' or severity eq 'low') and status eq 'active'", "1"},
		{"not (severity eq 'high') and status eq 'active'", "1 6"},
		{"not (severity eq 'high' and status eq 'resolved')", "1 3 4 5 6"},
		{"((((status eq 'active'))))", "1 6"},
		{"assignedTo eq 'o''brien@contoso.com'", "3"},
		{"assignedTo eq 'O''Brien@contoso.com'", ""},
		{"assignedTo eq 'and (or)'", "4"},
		{"assignedTo eq null", "1 2 6"},
		{"assignedTo ne null", "3 4 5"},
		{"assignedTo eq null or assignedTo in (null)", "1 2 6"},
		{"classification eq null", "6"},
		{"classification eq 'unknown'", "1 3 4 5"},
		{"classification eq 'truePositive' and determination eq 'phishing'", "2"},
		{"createdDateTime ge 2026-02-05T12:00:00Z", "5 6"},
		{"createdDateTime gt 2026-02-05T12:00:00Z", "6"},
		{"createdDateTime le 2026-02-02T12:00:00Z", "1 2"},
		{"createdDateTime lt 2026-02-02T12:00:00Z", "1"},
		{"createdDateTime le 2026-02-06T12:00:00Z", "1 2 3 4 5"},
		{"createdDateTime le 2026-02-06T12:00:00.0000001Z", "1 2 3 4 5 6"},
		{"createdDateTime lt 2026-02-02T13:00:00+01:00", "1"},
		{"createdDateTime ge 2026-02-02T12:00Z and createdDateTime lt 2026-02-04T12:00:00.000Z", "2 3"},
		{"createdDateTime ge 2026-02-04T00:00:00Z and createdDateTime lt 2026-02-02T00:00:00Z", ""},
		{"createdDateTime lt 2026-02-02T00:00:00Z or createdDateTime gt 2026-02-05T18:00:00Z", "1 6"},
		{"not (createdDateTime lt 2026-02-05T00:00:00Z)", "5 6"},
		{"createdDateTime lt 2026-02-04T00:00:00Z and not (createdDateTime lt 2026-02-02T00:00:00Z)", "2 3"},
		{"lastUpdateDateTime ge 2026-02-16T00:00:00Z", "1 6"},
		{"lastUpdateDateTime ge 2026-02-13T00:00:00Z and createdDateTime ge 2026-02-03T00:00:00Z and createdDateTime lt 2026-02-05T00:00:00Z", "3 4"},
		{"createdDateTime ge 0001-01-01T00:00:00Z and createdDateTime lt 9999-12-31T23:59:59Z", "1 2 3 4 5 6"},
		{"createdDateTime gt 9999-12-31T23:59:59Z", ""},
	} {
		l := c.list("$filter", test.filter)
		if got := strings.Join(ids(l), " "); l.status != http.StatusOK || got != test.want {
			t.Errorf("%s: got %d %q, want %q", test.filter, l.status, got, test.want)
		}
	}
}

// An index must never leave out a row that the filter lets through, in whatever order.
func TestFilterInAnyOrder(t *testing.T) {
	filter := "lastUpdateDateTime ge 2026-02-13T00:00:00Z and createdDateTime lt 2026-02-05T00:00:00Z"
	for order := graphsim.CreatedDescending; order <= graphsim.Unstable; order++ {
		sim, at := tenant(graphsim.Config{Order: order, Retention: -1}, 0)
		for i := range 100 {
			created := epoch.AddDate(0, 0, -i*7%97)
			sim.Add(graphsim.Incident{Created: created, Updated: created.Add(time.Duration(i*13%29) * 24 * time.Hour)})
		}
		at.advance(time.Hour)
		want := 0
		for _, in := range sim.Truth() {
			if !in.Updated.Before(time.Date(2026, 2, 13, 0, 0, 0, 0, time.UTC)) && in.Created.Before(time.Date(2026, 2, 5, 0, 0, 0, 0, time.UTC)) {
				want++
			}
		}
		c := newCaller(t, sim)
		got := ids(c.list("$filter", filter))
		slices.Sort(got)
		if len(slices.Compact(got)) != want || want < 5 {
			t.Errorf("order %d: got %v, want %d rows", order, got, want)
		}
	}
}

// What Graph does not filter by, and what is no filter at all, is refused with an empty code.
func TestFilterRefusals(t *testing.T) {
	c := newCaller(t, cabinet(graphsim.Config{}))
	for _, filter := range []string{
		"", " ", "status", "status eq", "status eq 'active", "status eq active", "status eq 'sleeping'", "status eq 5",
		"status 'eq' 'active'", "'status' eq 'active'", "Status eq 'active'", "status EQ 'active'", "status = 'active'",
		"status gt 'active'", "status eq 'active' AND severity eq 'low'", "status eq 'active' severity eq 'low'",
		"status eq 'active' and", "or status eq 'active'", "(status eq 'active'", "status eq 'active')", "()",
		"not status eq 'active'", "not", "status in ()", "status in ('active'", "status in ('active' 'resolved')", "status in 'active'",
		"priorityScore gt 85", "priorityScore eq null", "displayName eq 'x'", "id eq '1'", "startswith(assignedTo,'a')",
		"alerts/any(a:a/id eq '1')", "createdDateTime ge '2026-02-01T00:00:00Z'", "createdDateTime ge 2026-02-01",
		"createdDateTime ge 2026-02-01T00:00:00", "createdDateTime ge 2026-02-30T00:00:00Z", "createdDateTime ge null",
		"createdDateTime ge 2026-02-01T00:00:00.12345678Z", "createdDateTime ge 2026-02-01 00:00:00Z",
		"createdDateTime eq 2026-02-01T00:00:00Z", "createdDateTime ne 2026-02-01T00:00:00Z", "createdDateTime in (2026-02-01T00:00:00Z)",
		"2026-02-01T00:00:00Z le createdDateTime", "status eq 'active'; status eq 'low'", "status eq \"active\"",
		strings.Repeat("(", 200) + "status eq 'active'" + strings.Repeat(")", 200),
	} {
		expectRefusal(t, c.list("$filter", filter), filter)
	}
}

func expectRefusal(t *testing.T, l listing, what string) {
	t.Helper()
	var body struct {
		Error struct {
			Code       *string
			Message    string
			InnerError map[string]string
		}
	}
	if err := json.Unmarshal([]byte(l.text), &body); err != nil || l.status != http.StatusBadRequest {
		t.Errorf("%s: got %d %s", what, l.status, l.text)
		return
	}
	e := body.Error
	if e.Code == nil || *e.Code != "" || !strings.HasPrefix(e.Message, "The query specified in the URI is not valid. ") || e.InnerError["request-id"] == "" {
		t.Errorf("%s: got %s", what, l.text)
	}
}

// Each switch refuses what it names and nothing else.
func TestFilterSwitches(t *testing.T) {
	filters := map[string]string{
		"status": "status eq 'active'", "ne": "severity ne 'low'", "or": "severity eq 'low' or severity eq 'high'",
		"not": "not (severity eq 'low')", "in": "severity in ('low')", "parentheses": "(severity eq 'low')", "plain": "severity eq 'low'",
	}
	for refused, cfg := range map[string]graphsim.Config{
		"status": {RefuseStatusFilter: true}, "ne": {RefuseNe: true}, "or": {RefuseOr: true}, "not": {RefuseNot: true},
		"in": {RefuseIn: true}, "parentheses": {RefuseParentheses: true}, "": {},
	} {
		c := newCaller(t, cabinet(cfg))
		for name, filter := range filters {
			l := c.list("$filter", filter)
			if name == refused {
				expectRefusal(t, l, filter)
			} else if l.status != http.StatusOK {
				t.Errorf("%s refused: got %d for %s", refused, l.status, filter)
			}
		}
	}
}

// A service that ignores the status lets every status through, but checks the expression.
func TestIgnoreStatusFilter(t *testing.T) {
	c := newCaller(t, cabinet(graphsim.Config{IgnoreStatusFilter: true}))
	if got := len(ids(c.list("$filter", "status ne 'resolved' and status ne 'redirected' and status in ('active')"))); got != 6 {
		t.Errorf("got %d rows, want 6", got)
	}
	if got := strings.Join(ids(c.list("$filter", "status eq 'active' and severity eq 'high'")), " "); got != "2 3" {
		t.Errorf("got %s, want 2 3", got)
	}
	expectRefusal(t, c.list("$filter", "status eq 'sleeping'"), "an unknown status")
}
