//go:build unix

package statuspage

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"msgraph_security_exporter/collector"
)

// spent returns the processor time of this process, which a busy machine does not change as it does the
// time on the wall.
func spent(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// views has a fleet viewed over and over, each time made ready before.
func (f *fleet) views(b *testing.B, ready func()) {
	b.Helper()
	pages := f.handler(b)
	var cost time.Duration
	for b.Loop() {
		b.StopTimer()
		ready()
		before := spent(b)
		b.StartTimer()
		pages.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		cost += spent(b) - before
	}
	b.ReportMetric(cost.Seconds()*1000/float64(b.N), "cpu-ms/op")
}

// fill gives a tenant the history of an hour.
func fill(t Tenant) {
	_, _ = t.Metrics.Gather()
	m := t.History.said.Load()
	for len(m.points) < points {
		m.points = append(m.points, m.points[0])
	}
	for i := range m.points {
		m.points[i].at = m.at.Add(time.Duration(i-points) * spacing)
	}
}

// BenchmarkView is a view of a tenant with a hundred thousand open incidents.
func BenchmarkView(b *testing.B) {
	f := &fleet{}
	fill(f.add(b, "", current(incidents(100_000, time.Now()), time.Now()), collector.DefaultObjectives()...))
	f.views(b, func() {})
}

// BenchmarkOverview is a view of five hundred tenants.
func BenchmarkOverview(b *testing.B) {
	f := &fleet{}
	for i := range 500 {
		fill(f.add(b, fmt.Sprintf("tenant-%03d", i), current(incidents(200, time.Now()), time.Now()), collector.DefaultObjectives()...))
	}
	f.views(b, func() {
		for _, t := range f.tenants {
			t.History.said.Load().at = time.Now() // as if it had just been asked for
		}
	})
}
