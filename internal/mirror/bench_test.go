//go:build linux

package mirror

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/reading"
)

// The benchmarks measure this process, and Graph is played by another: the same test
// binary, started again. So the simulator's CPU and memory are not in the figures, and
// those of HTTP, of decompression and of decoding are. docs/performance.md explains the
// columns.

// BenchmarkMirror measures, for tenants of several sizes, a plain listing of everything
// that is open, a first synchronisation, and warm pulls: of a quiet tenant, in which
// nothing has changed, and of a busy one.
func BenchmarkMirror(b *testing.B) {
	for _, open := range []int{100, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("open=%d", open), func(b *testing.B) {
			g := startGraph(b, open, "even, 90 d")
			b.Run("listing", g.list)
			b.Run("sync", g.synchronise)
			b.Run("pull-quiet", func(b *testing.B) { g.pull(b, g.quiet) })
			b.Run("pull-busy", func(b *testing.B) { g.pull(b, g.busy) })
		})
	}
}

// BenchmarkBursts measures the first synchronisation of 10,000 open incidents that came
// in bursts.
func BenchmarkBursts(b *testing.B) {
	for _, shape := range []string{"20 in a minute", "100 in 10 s", "500 in a minute"} {
		b.Run(strings.ReplaceAll(shape, " ", "-"), func(b *testing.B) {
			g := startGraph(b, 10_000, shape)
			b.Run("sync", g.synchronise)
		})
	}
}

// A cost is what one turn of a benchmark's loop takes.
type cost struct {
	requests float64
	took     time.Duration
	trip     time.Duration // mean of the loop's own requests
}

// measure runs the benchmark's loop and reports what each turn of it costs.
func measure(b *testing.B, w *wire, turn func()) cost {
	b.Helper()
	b.ReportAllocs()
	requests, nanos := w.requests.Load(), w.nanos.Load()
	began, used := time.Now(), cpu()
	for b.Loop() {
		turn()
	}
	took, spent := time.Since(began), cpu()-used
	requests, nanos = w.requests.Load()-requests, w.nanos.Load()-nanos
	b.ReportMetric(0, "ns/op") // of a latency that is made up
	b.ReportMetric(float64(requests)/float64(b.N), "requests/op")
	b.ReportMetric(spent.Seconds()*1000/float64(b.N), "cpu-ms/op")
	return cost{float64(requests) / float64(b.N), took / time.Duration(b.N), time.Duration(nanos / requests)}
}

// cpu returns what this process has used so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail for one's own
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// list pages through everything that is open, as an exporter without a mirror does at
// each pull.
func (g *graph) list(b *testing.B) {
	client, w := g.client(b, g.quiet)
	c := measure(b, w, func() {
		rows := 0
		for _, s := range g.parts() {
			rows += count(b, client, reading.Region{Created: s, Updated: reading.AllTime}.Filter(true))
		}
		if rows < g.open {
			b.Fatalf("%d rows of %d", rows, g.open)
		}
	})
	b.ReportMetric(c.took.Seconds()/c.trip.Seconds(), "trips/op")
}

// parts cuts the time of a large tenant in pieces of a few days, because the client gives
// a listing up after 200 pages.
func (g *graph) parts() []reading.Span {
	if g.open < 10_000 {
		return []reading.Span{reading.AllTime}
	}
	const days = 4 * 24 * 3600 * defender.Second
	var parts []reading.Span
	for to := defender.TicksOf(time.Now()); len(parts) < 23; to -= days {
		parts = append(parts, reading.Span{From: to - days, To: to})
	}
	return parts
}

// count lists what the filter selects and returns the number of rows.
func count(b *testing.B, client *graphclient.Client, filter string) (rows int) {
	b.Helper()
	for page, err := range client.Incidents(b.Context(), graphclient.Query{Operation: graphclient.OperationSweep, Filter: filter}) {
		if err != nil {
			b.Fatal(err)
		}
		rows += len(page.Incidents)
	}
	return rows
}

// synchronise measures from the start of a mirror to its first snapshot. The round trip
// is that of a full page on its own, so that waiting for each other counts.
func (g *graph) synchronise(b *testing.B) {
	trip := g.roundTrip(b, g.far)
	client, w := g.client(b, g.far)
	c := measure(b, w, func() {
		_, stop := follower(client)
		stop()
	})
	pages := (g.open + reading.PageSize - 1) / reading.PageSize
	b.ReportMetric(c.requests/float64(pages), "requests/page")
	b.ReportMetric(c.took.Seconds()/trip.Seconds(), "trips/op")
	b.ReportMetric(reading.Parallel*c.took.Seconds()/trip.Seconds()/c.requests, "times-least")
}

// follower returns a mirror with its first snapshot, and what stops it. Each refresh of
// it asks Graph.
func follower(client *graphclient.Client) (m *Mirror, stop func()) {
	m = New(client, Config{MinRefreshInterval: -1, SweepInterval: 1000 * time.Hour})
	synchronised := m.attempt
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.Run(ctx)
	}()
	<-synchronised
	return m, func() { cancel(); <-ended }
}

// pull measures refreshes of a mirror that is in step, one right after the other. The
// sweep is slowed down: it costs by the hour and not by the pull.
func (g *graph) pull(b *testing.B, root string) {
	client, w := g.client(b, root)
	m, stop := follower(client)
	defer stop()
	refresh := func() {
		if err := m.Refresh(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	for range hot {
		refresh()
	}
	c := measure(b, w, refresh)
	b.ReportMetric(c.took.Seconds()/c.trip.Seconds(), "trips/op")
	b.ReportMetric((c.took-c.trip).Seconds()*1000, "beyond-ms/op")
}
