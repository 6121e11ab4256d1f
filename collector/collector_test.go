package collector

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/mirror"
)

var update = flag.Bool("update", false, "rewrite the golden pages in testdata")

var taken = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// The values of the enumerations are named here by their spelling, so that a
// golden page does not follow when their order changes.
func enum[E interface{ String() string }](t *testing.T, name string, values []E) E {
	t.Helper()
	for _, v := range values {
		if v.String() == name {
			return v
		}
	}
	t.Fatalf("no value %q", name)
	panic("unreachable")
}

// incident returns one that was created so long before taken.
func incident(t *testing.T, age time.Duration, severity, status, classification string, assigned bool, score ...int32) defender.Incident {
	in := defender.Incident{
		ID:             "924565",
		Created:        defender.TicksOf(taken.Add(-age)),
		Updated:        defender.TicksOf(taken),
		Severity:       enum(t, severity, append(defender.Severities(), 0)),
		Status:         enum(t, status, append(defender.OpenStatuses(), 0)),
		Classification: enum(t, classification, append(defender.Classifications(), 0)),
		Assigned:       assigned,
	}
	if len(score) > 0 {
		in.Score, in.Scored = score[0], true
	}
	return in
}

// reports are the situations of an exporter that look different.
func reports(t *testing.T) map[string]mirror.Report {
	healthy := mirror.Report{
		Snapshot:          &mirror.Snapshot{Taken: taken},
		Up:                true,
		Taken:             taken,
		Progress:          1,
		Succeeded:         41,
		Failed:            2,
		LastRefresh:       137 * time.Millisecond,
		RequestsPerMinute: 49.5,
		Corrections:       [3]uint64{3, 5, 7},
		SweepPeriod:       10 * time.Minute,
		YoungPeriod:       25 * time.Second,
		LookbackAge:       30 * time.Second,
		Incidents:         61,
		ClockSkew:         -1500 * time.Millisecond,
		SkewKnown:         true,
		UnknownValues:     [4]uint64{1, 2, 3, 4},
	}
	working := healthy
	working.Snapshot = &mirror.Snapshot{Taken: taken, Open: []defender.Incident{
		incident(t, 90*time.Minute, "high", "active", "unknown", false, 86),
		incident(t, 10*time.Minute, "high", "active", "unknown", false, 99),
		incident(t, 2*time.Hour, "high", "active", "unknown", true, 85),
		incident(t, 24*time.Hour, "medium", "inProgress", "truePositive", true, 15),
		incident(t, 1533*time.Millisecond, "low", "awaitingAction", "informationalExpectedActivity", false, 14),
		incident(t, 80*24*time.Hour, "informational", "active", "falsePositive", true),
		incident(t, time.Hour, "other", "active", "unknown", false),
		incident(t, time.Hour, "high", "other", "unknown", true, 90),
		incident(t, time.Hour, "unknown", "inProgress", "other", true, 0),
	}}
	withdrawn := healthy
	withdrawn.Snapshot, withdrawn.Up = nil, false
	withdrawn.Problems = []mirror.Problem{"throttled", "timeout"}
	return map[string]mirror.Report{
		"starting":  {RequestsPerMinute: 45, Progress: 0.25},
		"quiet":     healthy,
		"working":   working,
		"withdrawn": withdrawn,
	}
}

// TestPages compares the whole set of series, as Prometheus gets it, with golden
// pages. Run it with -update to rewrite them, and read the difference.
func TestPages(t *testing.T) {
	for name, report := range reports(t) {
		t.Run(name, func(t *testing.T) {
			got := text(t, gather(t, page(t, report)))
			golden := filepath.Join("testdata", name+".prom")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("differs from %s (-want +got):\n%s", golden, diff)
			}
		})
	}
}

// TestLint asks the linter behind promtool check metrics.
func TestLint(t *testing.T) {
	for name, report := range reports(t) {
		problems, err := testutil.GatherAndLint(page(t, report))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s: %s", name, p.Metric, p.Text)
		}
	}
}
