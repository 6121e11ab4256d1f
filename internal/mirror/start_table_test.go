package mirror

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/reading"
)

// within spreads incidents evenly over the last so many seconds.
func within(seconds float64) func(i, n int) float64 {
	return func(i, n int) float64 { return seconds * (float64(i) + 0.5) / float64(n) }
}

// TestStartTable prints what the first synchronisation costs in every order and shape, beside
// a plain listing.
func TestStartTable(t *testing.T) {
	orders := []graphsim.Order{graphsim.CreatedDescending, graphsim.CreatedAscending, graphsim.UpdatedDescending, graphsim.Shuffled, graphsim.Unstable}
	row := printer(t, "The first synchronisation: requests and time",
		"created", "open", "plain listing", "sorted by created, newest first", "oldest first", "by update, newest first", "nothing, but always alike", "anew each time")
	for _, s := range []struct {
		name      string
		age       func() func(i, n int) float64
		perMinute int
	}{
		{"over 90 days", func() func(i, n int) float64 { return evenly(90)(nil) }, 0},
		{"the same, 10 changes a minute", func() func(i, n int) float64 { return evenly(90)(nil) }, 10},
		{"in the last ten minutes", func() func(i, n int) float64 { return within(600) }, 0},
		{"in the last two minutes", func() func(i, n int) float64 { return within(120) }, 0},
		{"310 in a second at a time", func() func(i, n int) float64 { return bursts(310, 0)(rand.New(rand.NewPCG(1, 1))) }, 0},
	} {
		t.Run(s.name, func(t *testing.T) {
			for _, n := range []int{100, 700, 2000, 5000, 10_000} {
				plain, missed := tenancy{graphsim.Config{}, n, s.age(), s.perMinute}.list(t)
				cells := []any{s.name, n, plain}
				if missed > 0 {
					cells[2] = fmt.Sprintf("%s, %d missing", plain, missed)
				}
				for _, o := range orders {
					cells = append(cells, tenancy{graphsim.Config{Order: o}, n, s.age(), s.perMinute}.start(t))
				}
				row(cells...)
			}
		})
	}
}

func (c startCost) String() string {
	if c.problems != nil {
		return fmt.Sprintf("never: %s", c.problems)
	}
	return fmt.Sprintf("%d, %s", c.requests, brief(c.took))
}

// list measures a plain listing, in pieces of at most 5,000 where there are more: the client
// follows no list further than 200 pages. It returns how many incidents were open all the time and
// did not show.
func (c tenancy) list(t *testing.T) (cost startCost, missed int) {
	t.Helper()
	c.play(t, func(t *testing.T, sim *graphsim.Sim, client *graphclient.Client) {
		before, began := open(sim), time.Now()
		var times []defender.Ticks
		for _, in := range before {
			times = append(times, in.Created)
		}
		slices.Sort(times)
		seen := map[string]bool{}
		for to := reading.AllTime.To; len(times) > 0; {
			s := reading.Span{From: reading.AllTime.From, To: to}
			if n := len(times) - 5000; n > 0 {
				s.From = reading.Floor(times[n])
			}
			i, _ := slices.BinarySearch(times, s.From)
			times, to = times[:i], s.From
			q := graphclient.Query{Filter: reading.Region{Created: s, Updated: reading.AllTime}.Filter(true), Patient: true}
			for page, err := range client.Incidents(t.Context(), q) {
				if err != nil {
					t.Fatal(err)
				}
				for _, in := range page.Incidents {
					seen[in.ID] = true
				}
			}
		}
		cost = startCost{requests: listings(sim), took: time.Since(began)}
		after := open(sim)
		maps.DeleteFunc(before, func(id string, _ defender.Incident) bool {
			_, still := after[id]
			return seen[id] || !still
		})
		missed = len(before)
	})
	return cost, missed
}
