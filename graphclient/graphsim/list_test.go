package graphsim_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// tenant returns a simulator with n incidents named 1 to n, created a minute apart, the last
// one a minute ago, and its clock.
func tenant(cfg graphsim.Config, n int) (*graphsim.Sim, *clock) {
	at := &clock{epoch}
	cfg.Now = at.now
	sim := graphsim.New(cfg)
	for i := range n {
		sim.Add(graphsim.Incident{ID: strconv.Itoa(i + 1), Created: epoch.Add(time.Duration(i-n) * time.Minute)})
	}
	return sim, at
}

// numbers are the decimal numbers from one to another, either way.
func numbers(from, to int) []string {
	var all []string
	for i := from; i <= to; i++ {
		all = append(all, strconv.Itoa(i))
	}
	for i := from; i >= to && from > to; i-- {
		all = append(all, strconv.Itoa(i))
	}
	return all
}

func TestPagesHoldEverythingOnce(t *testing.T) {
	for _, form := range []graphsim.Form{graphsim.SkipWithFilter, graphsim.SkipWithoutFilter, graphsim.Token} {
		sim, _ := tenant(graphsim.Config{NextLink: form}, 120)
		c := newCaller(t, sim)
		pages := c.pages(c.list("$top", "50", "$count", "true", "$filter", "status eq 'active'"))
		if diff := cmp.Diff(ids(pages...), numbers(120, 1)); diff != "" {
			t.Errorf("form %d: -got +want\n%s", form, diff)
		}
		if got := *pages[0].count; got != 120 {
			t.Errorf("form %d: got count %d", form, got)
		}
		if got := strings.Contains(pages[0].nextLink, "filter"); got != (form == graphsim.SkipWithFilter) {
			t.Errorf("form %d: got nextLink %s", form, pages[0].nextLink)
		}
	}
}

// A nextLink without the filter leads into another list: that of all incidents.
func TestNextLinkWithoutFilterChangesTheList(t *testing.T) {
	sim, _ := tenant(graphsim.Config{NextLink: graphsim.SkipWithoutFilter, PageSize: 2}, 6)
	sim.Change("5", graphsim.Dated, func(in *graphsim.Incident) { in.Status = "resolved" })
	sim.Change("1", graphsim.Dated, func(in *graphsim.Incident) { in.Status = "resolved" })
	c := newCaller(t, sim)
	got := ids(c.pages(c.list("$filter", "status eq 'active'"))...)
	if diff := cmp.Diff(got, []string{"6", "4", "4", "3", "2", "1"}); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
}

// A list that ends with a full page may still carry a nextLink, to nothing.
func TestExactNextLink(t *testing.T) {
	for _, test := range []struct {
		exact bool
		rows  int
		want  []int
	}{
		{false, 100, []int{50, 50, 0}}, {true, 100, []int{50, 50}},
		{false, 99, []int{50, 49}}, {true, 99, []int{50, 49}},
		{false, 0, []int{0}}, {true, 0, []int{0}},
	} {
		sim, _ := tenant(graphsim.Config{ExactNextLink: test.exact}, test.rows)
		c := newCaller(t, sim)
		var got []int
		for _, p := range c.pages(c.list()) {
			got = append(got, len(p.rows))
		}
		if diff := cmp.Diff(got, test.want); diff != "" {
			t.Errorf("%v: -got +want\n%s", test, diff)
		}
	}
}

func TestOrders(t *testing.T) {
	for _, test := range []struct {
		order  graphsim.Order
		option []string
		want   string
	}{
		{graphsim.CreatedDescending, nil, "5 4 3 2 1"},
		{graphsim.CreatedAscending, nil, "1 2 3 4 5"},
		{graphsim.UpdatedDescending, nil, "2 4 5 3 1"},
		{graphsim.UpdatedAscending, nil, "1 3 5 4 2"},
		{graphsim.ByID, nil, "1 2 3 4 5"},
		{graphsim.Shuffled, nil, "2 3 4 1 5"},
		{graphsim.ByID, []string{"$orderby", "createdDateTime desc"}, "5 4 3 2 1"},
		{graphsim.ByID, []string{"$orderby", "lastUpdateDateTime"}, "1 3 5 4 2"},
		{graphsim.ByID, []string{"$filter", "lastUpdateDateTime ge 2026-03-02T08:00:00Z"}, "2 4"},
		{graphsim.CreatedDescending, []string{"$filter", "lastUpdateDateTime ge 2026-03-02T08:00:00Z"}, "4 2"},
		{graphsim.UpdatedAscending, []string{"$filter", "createdDateTime lt 2026-03-02T07:59:00Z"}, "1 3 4 2"},
	} {
		sim, at := tenant(graphsim.Config{Order: test.order}, 5)
		sim.Change("4", graphsim.Dated, func(*graphsim.Incident) {})
		at.advance(time.Second)
		sim.Change("2", graphsim.Dated, func(*graphsim.Incident) {})
		c := newCaller(t, sim)
		if got := strings.Join(ids(c.list(test.option...)), " "); got != test.want {
			t.Errorf("order %d %v: got %s, want %s", test.order, test.option, got, test.want)
		}
	}
}

func TestUnstableOrder(t *testing.T) {
	sim, _ := tenant(graphsim.Config{Order: graphsim.Unstable}, 30)
	c := newCaller(t, sim)
	one, other := ids(c.list()), ids(c.list())
	if slices.Equal(one, other) {
		t.Errorf("twice the same order: %v", one)
	}
	slices.Sort(one)
	slices.Sort(other)
	if !slices.Equal(one, other) {
		t.Errorf("different rows: %v and %v", one, other)
	}
}

// While a client pages, a row that leaves the list makes another one slip through: the
// contract's hazard, which no later change reveals.
func TestRowMissedWhilePaging(t *testing.T) {
	sim, _ := tenant(graphsim.Config{PageSize: 3}, 9)
	c := newCaller(t, sim)
	first := c.list("$filter", "status ne 'resolved'")
	sim.Change("9", graphsim.Dated, func(in *graphsim.Incident) { in.Status = "resolved" })
	got := ids(c.pages(first)...)
	if diff := cmp.Diff(got, []string{"9", "8", "7", "5", "4", "3", "2", "1"}); diff != "" {
		t.Errorf("6 should have been missed: -got +want\n%s", diff)
	}
}

// A row that appears pushes another onto the next page, where it is read again.
func TestRowRepeatedWhilePaging(t *testing.T) {
	sim, _ := tenant(graphsim.Config{PageSize: 3}, 6)
	c := newCaller(t, sim)
	first := c.list()
	sim.Add(graphsim.Incident{ID: "7"})
	if diff := cmp.Diff(ids(c.pages(first)...), []string{"6", "5", "4", "4", "3", "2", "1"}); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
}

// By lastUpdateDateTime, an update alone is enough to lose a row.
func TestRowJumpsWhilePaging(t *testing.T) {
	sim, _ := tenant(graphsim.Config{PageSize: 3, Order: graphsim.UpdatedAscending}, 6)
	c := newCaller(t, sim)
	first := c.list()
	sim.Change("2", graphsim.Dated, func(*graphsim.Incident) {})
	if diff := cmp.Diff(ids(c.pages(first)...), []string{"1", "2", "3", "5", "6", "2"}); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
}

// Rows of one creation time come in a stable order, so that paging alone loses none.
func TestTies(t *testing.T) {
	sim := graphsim.New(graphsim.Config{Now: (&clock{epoch}).now, Ticks: 1, PageSize: 7})
	for range 40 {
		sim.Add(graphsim.Incident{})
	}
	c := newCaller(t, sim)
	pages := c.pages(c.list("$filter", "createdDateTime ge 2026-03-02T08:00:00Z and createdDateTime le 2026-03-02T08:00:00Z"))
	if got := len(slices.Compact(slices.Sorted(slices.Values(ids(pages...))))); got != 40 {
		t.Errorf("got %d different rows, want 40", got)
	}
}

// Empty pages and repeated ids, however many, hide nothing from a client that goes on.
func TestEmptyPagesAndRepeatedIDs(t *testing.T) {
	for _, form := range []graphsim.Form{graphsim.SkipWithFilter, graphsim.Token} {
		sim, _ := tenant(graphsim.Config{EmptyPages: 0.5, RepeatIDs: 0.5, PageSize: 10, NextLink: form}, 200)
		c := newCaller(t, sim)
		pages := c.pages(c.list("$top", "10"))
		empty, links, seen := 0, map[string]bool{}, map[string]int{}
		for _, p := range pages {
			if len(p.rows) == 0 {
				empty++
			}
			if len(p.rows) > 10 {
				t.Errorf("got a page of %d rows", len(p.rows))
			}
			if links[p.nextLink] {
				t.Errorf("got nextLink %s twice", p.nextLink)
			}
			links[p.nextLink] = true
			for _, id := range ids(p) {
				seen[id]++
			}
		}
		repeated := slices.Max(slices.Collect(maps.Values(seen)))
		if len(seen) != 200 || empty < 3 || repeated < 2 {
			t.Errorf("got %d rows, %d empty pages, a row %d times", len(seen), empty, repeated)
		}
	}
}

func TestDeepSkipStopsSilently(t *testing.T) {
	sim, _ := tenant(graphsim.Config{DeepSkip: 100}, 300)
	c := newCaller(t, sim)
	pages := c.pages(c.list())
	if got := len(ids(pages...)); got != 100 || len(pages) != 3 {
		t.Errorf("got %d rows on %d pages", got, len(pages))
	}
}
