package mirror

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestBulkClosingInAnyOrder closes a large part of what is open, whatever Graph sorts its list by
// and whether it says how long to wait, when it lets 50 requests a minute through. Where it sorts by
// nothing, that takes half as long again.
func TestBulkClosingInAnyOrder(t *testing.T) {
	for _, order := range []graphsim.Order{graphsim.CreatedDescending, graphsim.CreatedAscending, graphsim.UpdatedDescending, graphsim.ByID, graphsim.Shuffled} {
		for _, c := range []struct {
			closed, of   int
			over, within time.Duration
			retry        graphsim.RetryAfter
		}{
			{600, 1500, 0, 75 * time.Second, graphsim.RetryNone},
			{600, 1500, 10 * time.Second, 75 * time.Second, graphsim.RetrySeconds},
			{1000, 3000, 5 * time.Second, 120 * time.Second, graphsim.RetryNone},
			{1000, 3000, 20 * time.Millisecond, 120 * time.Second, graphsim.RetrySeconds},
		} {
			t.Run(fmt.Sprintf("order %d, %d over %s", order, c.closed, c.over), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, RequestsPerMinute: 50, Terse: true, Order: order, ThrottleRetryAfter: c.retry})
					fill(sim, c.of, 90*24*time.Hour)
					w := watch(t, sim, Config{})
					w.pullFor(2*time.Minute, 15*time.Second, nil)
					time.Sleep(5 * time.Second)
					at := time.Now()
					for _, id := range ids(sim)[:c.closed] {
						sim.Change(id, graphsim.Dated, closeIncident)
						time.Sleep(c.over / time.Duration(c.closed))
					}
					time.Sleep(10*time.Second - c.over)
					pulls := w.pullFor(5*time.Minute, 15*time.Second, nil)
					w.honest(pulls, "after the closing")
					within := c.within
					if order == graphsim.Shuffled { // its pages are read, and then cells
						within = within * 3 / 2
					}
					if d := rightWithin(pulls, at); d > within {
						t.Errorf("right after %s", d)
					}
					if late := pulls[7:]; median(late) > 2*time.Second {
						t.Errorf("pulls take %s in the median", median(late))
					}
				})
			})
		}
	}
}

// median returns how long half of the pulls take at the most.
func median(pulls []pulled) time.Duration {
	var took []time.Duration
	for _, p := range pulls {
		took = append(took, p.took)
	}
	slices.Sort(took)
	return took[len(took)/2]
}
