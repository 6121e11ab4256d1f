package graphsim_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// The contract quotes this answer of the real service.
func TestTopAboveFifty(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 1)
	l := newCaller(t, sim).list("$top", "51")
	want := `"code":"","message":"The query specified in the URI is not valid. The limit of '50' for Top query has been exceeded.`
	if l.status != http.StatusBadRequest || !strings.Contains(strings.ReplaceAll(l.text, "\\u0027", "'"), want[10:]) {
		t.Errorf("got %d %s", l.status, l.text)
	}
	expectRefusal(t, l, "$top=51")
}

func TestOptionRefusals(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 1)
	c := newCaller(t, sim)
	for _, query := range []string{
		"$top=-1", "$top=x", "$top=", "$skip=-1", "$skip=1.5", "$skiptoken=Qx", "$skiptoken=abc", "$count=yes",
		"$select=nothing", "$select=", "$orderby=severity", "$orderby=createdDateTime%20down", "$search=x", "top=5",
		"$top=5&$top=6", "$filter=status%20eq%20'active'&$filter=severity%20eq%20'low'", "$top=%zz", "$expand=people",
	} {
		expectRefusal(t, c.get(root+"/v1.0/security/incidents?"+query), query)
	}
}

func TestRefusedOptions(t *testing.T) {
	options := map[string][2]string{
		"count": {"$count", "true"}, "select": {"$select", "id"}, "orderby": {"$orderby", "createdDateTime"},
	}
	for refused, cfg := range map[string]graphsim.Config{
		"count": {RefuseCount: true}, "select": {RefuseSelect: true}, "orderby": {RefuseOrderBy: true}, "": {},
	} {
		sim, _ := tenant(cfg, 1)
		c := newCaller(t, sim)
		for name, option := range options {
			if l := c.list(option[0], option[1]); name == refused {
				expectRefusal(t, l, name)
			} else if l.status != http.StatusOK {
				t.Errorf("%s refused: got %d for %s", refused, l.status, name)
			}
		}
	}
}

func TestIgnoredOptions(t *testing.T) {
	sim, _ := tenant(graphsim.Config{IgnoreCount: true, IgnoreOrderBy: true}, 3)
	l := newCaller(t, sim).list("$count", "true", "$orderby", "createdDateTime asc")
	if l.count != nil || ids(l)[0] != "3" {
		t.Errorf("got count %v, rows %v", l.count, ids(l))
	}
}

func TestCountOfFilteredList(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 130)
	for _, id := range numbers(1, 20) {
		sim.Change(id, graphsim.Dated, func(in *graphsim.Incident) { in.Status = "resolved" })
	}
	c := newCaller(t, sim)
	for _, p := range c.pages(c.list("$count", "true", "$filter", "status ne 'resolved'", "$top", "20")) {
		if p.count == nil || *p.count != 110 {
			t.Fatalf("got count %v, want 110", p.count)
		}
	}
	if l := c.list(); l.count != nil {
		t.Errorf("got a count that was not asked for: %d", *l.count)
	}
}

func TestTopSizesPages(t *testing.T) {
	sim, _ := tenant(graphsim.Config{PageSize: 7}, 20)
	c := newCaller(t, sim)
	for top, want := range map[string][]int{"50": {7, 7, 6}, "5": {5, 5, 5, 5, 0}, "0": {0}} {
		var got []int
		for _, p := range c.pages(c.list("$top", top)) {
			got = append(got, len(p.rows))
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("$top=%s: -got +want\n%s", top, diff)
		}
	}
}

func TestSelect(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 2)
	l := newCaller(t, sim).list("$select", "severity, priorityScore")
	got := slices.Sorted(maps.Keys(l.rows[0]))
	if diff := cmp.Diff(got, []string{"id", "priorityScore", "severity"}); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
}

// Expanding alerts on the list of a large tenant fails for ever.
func TestExpand(t *testing.T) {
	for n, want := range map[int]int{50: http.StatusOK, 51: http.StatusInternalServerError} {
		sim, _ := tenant(graphsim.Config{}, n)
		c := newCaller(t, sim)
		if l := c.list("$expand", "alerts", "$top", "1"); l.status != want {
			t.Errorf("%d incidents: got %d, want %d", n, l.status, want)
		}
		if l := c.get(root + "/v1.0/security/incidents/1?$expand=alerts"); !strings.Contains(l.text, `"alerts":[]`) {
			t.Errorf("got %s", l.text)
		}
	}
}

func TestWhatGraphDoesNotHave(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 1)
	c := newCaller(t, sim)
	for path, want := range map[string]int{
		"/v1.0/security/incidents/1": 200, "/v1.0/security/incidents/2": 404, "/v1.0/security/incidents/1/alerts": 404,
		"/v1.0/security/alerts_v2": 404, "/": 404, "/beta/security/incidents": 404,
	} {
		if l := c.get(root + path); l.status != want {
			t.Errorf("%s: got %d, want %d", path, l.status, want)
		}
	}
	r := c.request(root + "/v1.0/security/incidents")
	r.Method = "POST"
	if l := c.do(r); l.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: got %d", l.status)
	}
}
