package graphsim_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// Nobody knows what Graph makes of fractions in filters: it reads them, cuts them off, or refuses
// them. Incident 6 of the cabinet was created 100 ns after noon.
func TestFractions(t *testing.T) {
	const whole, fraction = "createdDateTime gt 2026-02-06T12:00:00Z", "createdDateTime gt 2026-02-06T12:00:00.0000001Z"
	for name, test := range map[string]struct {
		cfg             graphsim.Config
		whole, fraction int // rows, -1: refused
	}{
		"read": {graphsim.Config{}, 1, 0}, "cut off": {graphsim.Config{IgnoreFractions: true}, 1, 1}, "refused": {graphsim.Config{RefuseFractions: true}, 1, -1},
	} {
		c := newCaller(t, cabinet(test.cfg))
		for filter, want := range map[string]int{whole: test.whole, fraction: test.fraction} {
			l := c.list("$filter", filter)
			if want < 0 {
				expectRefusal(t, l, name)
			} else if l.status != http.StatusOK || len(l.rows) != want {
				t.Errorf("%s: %s: got %d with %d rows, want %d", name, filter, l.status, len(l.rows), want)
			}
		}
	}
}

// A filter on a date that is ignored lets everything through.
func TestIgnoredDateFilter(t *testing.T) {
	c := newCaller(t, cabinet(graphsim.Config{IgnoreDateFilter: true}))
	for filter, want := range map[string][]string{
		"createdDateTime lt 2020-01-01T00:00:00Z":                               {"1", "2", "3", "4", "5", "6"},
		"lastUpdateDateTime lt 2020-01-01T00:00:00Z and status eq 'inProgress'": {"3"},
	} {
		if diff := cmp.Diff(ids(c.list("$filter", filter)), want); diff != "" {
			t.Errorf("%s: -got +want\n%s", filter, diff)
		}
	}
}

// What is above the limit for $top is refused, and a page may be shorter than the limit.
func TestLargerTop(t *testing.T) {
	sim, _ := tenant(graphsim.Config{MaxTop: 100}, 120)
	c := newCaller(t, sim)
	if l := c.list("$top", "100"); len(l.rows) != 50 || l.nextLink == "" {
		t.Errorf("got %d rows", len(l.rows))
	}
	expectRefusal(t, c.list("$top", "101"), "101")
	sim, _ = tenant(graphsim.Config{MaxTop: 100, PageSize: 100}, 120)
	if l := newCaller(t, sim).list("$top", "99"); len(l.rows) != 99 {
		t.Errorf("got %d rows", len(l.rows))
	}
}

// Where $top is the length of the list, nothing follows.
func TestTopIsTotal(t *testing.T) {
	sim, _ := tenant(graphsim.Config{TopIsTotal: true}, 120)
	c := newCaller(t, sim)
	if l := c.list("$top", "50"); len(l.rows) != 50 || l.nextLink != "" {
		t.Errorf("got %d rows and %q", len(l.rows), l.nextLink)
	}
	if l := c.list(); l.nextLink == "" {
		t.Error("got no nextLink without $top")
	}
}

// Paging too deep is refused, or it ends without a word.
func TestDeepSkip(t *testing.T) {
	sim, _ := tenant(graphsim.Config{DeepSkip: 100, RefuseDeepSkip: true}, 120)
	c := newCaller(t, sim)
	if l := c.list("$skip", "99"); len(l.rows) != 21 {
		t.Errorf("got %d rows", len(l.rows))
	}
	expectRefusal(t, c.list("$skip", "100"), "100")
	sim, _ = tenant(graphsim.Config{DeepSkip: 100}, 120)
	if l := newCaller(t, sim).list("$skip", "100"); l.status != http.StatusOK || len(l.rows) != 0 || l.nextLink != "" {
		t.Errorf("got %d with %d rows", l.status, len(l.rows))
	}
}

// A $select that is ignored leaves every property where it is.
func TestIgnoredSelect(t *testing.T) {
	sim, _ := tenant(graphsim.Config{IgnoreSelect: true}, 1)
	if l := newCaller(t, sim).list("$select", "id"); l.rows[0]["severity"] == nil {
		t.Errorf("got %v", l.rows[0])
	}
}
