package mirror

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

var tables = flag.Bool("bench.tables", false, "print the tables of docs/performance.md that are made on a fake clock")

// A printer prints the rows of a table in Markdown.
func printer(t *testing.T, title string, columns ...string) func(cells ...any) {
	if !*tables {
		t.Skip("slow: run with -bench.tables, as make bench does")
	}
	line := func(cells []string) { fmt.Println("| " + strings.Join(cells, " | ") + " |") }
	fmt.Printf("\n%s\n\n", title)
	line(columns)
	line(slices.Repeat([]string{"---:"}, len(columns)))
	return func(cells ...any) {
		var row []string
		for _, c := range cells {
			if d, ok := c.(time.Duration); ok {
				c = brief(d)
			}
			row = append(row, fmt.Sprint(c))
		}
		line(row)
	}
}

// brief writes a duration with about as many digits as it deserves.
func brief(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 100*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	d = d.Round(time.Second)
	return fmt.Sprintf("%d:%02d min", d/time.Minute, d%time.Minute/time.Second)
}

// TestClosingTable prints what pulls are answered with after a bulk closing, in ten runs, each at
// another moment between two pulls.
func TestClosingTable(t *testing.T) {
	row := printer(t, "A bulk closing, Graph at 50 requests a minute, pulled every 15 s: ten runs",
		"closed", "list sorted by", "Retry-After", "right after, median", "at most", "until then a pull takes, median", "at most",
		"from 90 to 300 s, median", "at most", "oldest numbers", "without", "delta in 5 min", "sweep", "get", "refused")
	for _, c := range []struct{ closed, of int }{{600, 1500}, {1000, 3000}} {
		for _, order := range []graphsim.Order{graphsim.CreatedDescending, graphsim.UpdatedDescending} {
			for _, retry := range []graphsim.RetryAfter{graphsim.RetryNone, graphsim.RetrySeconds} {
				closingRow(t, row, squeeze{c.of, 50, retry, order}, c.closed)
			}
		}
	}
}

// closingRow prints a row of that table.
func closingRow(t *testing.T, row func(...any), s squeeze, closed int) {
	var right, first, later []time.Duration
	var oldest time.Duration
	var sent spent
	none := 0
	for i := range 10 {
		synctest.Test(t, func(t *testing.T) {
			h := s.close(t, closed, time.Duration(i)*1500*time.Millisecond+100*time.Millisecond)
			right = append(right, min(h.right, 5*time.Minute))
			first = append(first, h.took(0, h.right)...)
			later = append(later, h.took(90*time.Second, 5*time.Minute)...)
			age, n := h.oldest()
			oldest, none = max(oldest, age), none+n
			sent = spent{sent.delta + h.sent.delta, sent.sweep + h.sent.sweep, sent.get + h.sent.get, sent.refused + h.sent.refused}
		})
	}
	slices.Sort(right)
	slices.Sort(first)
	slices.Sort(later)
	order := map[graphsim.Order]string{graphsim.CreatedDescending: "created", graphsim.UpdatedDescending: "update"}
	row(fmt.Sprintf("%d of %d", closed, s.open), order[s.order], []string{"no", "yes"}[s.retry], part(right, 0.5), part(right, 1), part(first, 0.5), part(first, 1),
		part(later, 0.5), part(later, 1), oldest, none, sent.delta/10, sent.sweep/10, sent.get/10, sent.refused/10)
}

// TestUpdatesTable prints what an hour of updates costs, and how pulls fare.
func TestUpdatesTable(t *testing.T) {
	row := printer(t, "An hour of updates to 1,500 open incidents, pulled every 15 s, without Retry-After", "updates a minute", "Graph's limit",
		"delta a minute", "sweep", "get", "refused in the hour", "half of the pulls within", "95 % within", "all within", "oldest numbers", "without", "sweep period")
	for _, c := range []squeeze{{open: 1500, limit: 50}, {open: 1500, limit: 150}} {
		for _, perMinute := range []int{1, 10, 60, 120} {
			synctest.Test(t, func(t *testing.T) {
				h, last := c.update(t, perMinute)
				age, none := h.oldest()
				took := h.took(0, 2*time.Hour)
				row(perMinute, c.limit, minutely(h.sent.delta, 60), minutely(h.sent.sweep, 60), minutely(h.sent.get, 60),
					h.sent.refused, part(took, 0.5), part(took, 0.95), part(took, 1), age, none, last.SweepPeriod)
			})
		}
	}
}

func minutely(requests, minutes int) string {
	return fmt.Sprintf("%.1f", float64(requests)/float64(minutes))
}

// TestCalmTable prints what is sent while nothing changes, once a whole sweep has been through.
func TestCalmTable(t *testing.T) {
	row := printer(t, "Calm, pulled every 15 s: from 45 to 75 minutes after the start", "open", "delta a minute", "sweep", "get", "together", "sweep period", "young period", "synchronised after")
	for _, n := range []int{0, 100, 700, 2000, 5000, 10_000} {
		synctest.Test(t, func(t *testing.T) {
			sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
			for i := range n {
				age := time.Duration(evenly(90)(nil)(i, n) * float64(time.Second))
				sim.Add(graphsim.Incident{Created: time.Now().Add(-age)})
			}
			sent := &ledger{base: sim}
			m := New(limited(sent), Config{})
			began := time.Now()
			run(t, m)
			for !m.Report().Up {
				time.Sleep(time.Second)
				_ = m.Refresh(t.Context())
			}
			took := time.Since(began)
			pullAll := func(d time.Duration) {
				for range d / (15 * time.Second) {
					time.Sleep(15 * time.Second)
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
					if err := m.Refresh(ctx); err != nil {
						t.Error(err)
					}
					cancel()
				}
			}
			pullAll(45 * time.Minute)
			then := sent.since(spent{})
			pullAll(30 * time.Minute)
			s, r := sent.since(then), m.Report()
			row(n, minutely(s.delta, 30), minutely(s.sweep, 30), minutely(s.get, 30), minutely(s.delta+s.sweep+s.get, 30), r.SweepPeriod, r.YoungPeriod, took)
		})
	}
}
