package collector

import (
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/mirror"
)

// many returns n open incidents that bear all combinations of values in turn: the
// score changes fastest, then the severity, the status and the classification.
func many(n int) []defender.Incident {
	scores := []int32{-1, 0, 50, 100}
	incidents := make([]defender.Incident, n)
	for i := range incidents {
		score := scores[i%4]
		incidents[i] = defender.Incident{
			ID:             strconv.Itoa(i),
			Created:        defender.Ticks(i) * 1e7,
			Score:          max(score, 0),
			Scored:         score >= 0,
			Assigned:       i%3 == 0,
			Severity:       defender.Severity(i / 4 % 6),
			Status:         defender.Status(i / 24 % 4),
			Classification: defender.Classification(i / 96 % 5),
		}
	}
	return incidents
}

// drain collects once and returns the number of metrics.
func drain(c prometheus.Collector) int {
	metrics := make(chan prometheus.Metric, maxSeries)
	c.Collect(metrics)
	return len(metrics)
}

func BenchmarkCollect(b *testing.B) {
	c := New(fixed{Snapshot: &mirror.Snapshot{Taken: time.Unix(10_000_000, 0), Open: many(100_000)}}, Options{Objectives: DefaultObjectives()})
	b.ReportAllocs()
	for b.Loop() {
		drain(c)
	}
}

// TestAllocations shows that a pull of a hundred thousand incidents allocates as
// much as one of a few hundred.
func TestAllocations(t *testing.T) {
	allocations := func(n int) float64 {
		c := New(fixed{Snapshot: &mirror.Snapshot{Open: many(n)}}, Options{Objectives: DefaultObjectives()})
		return testing.AllocsPerRun(10, func() { drain(c) })
	}
	if few, lots := allocations(480), allocations(100_000); lots > few+10 {
		t.Errorf("got %.0f allocations for 100,000 incidents, want %.0f as for 480", lots, few)
	}
}
