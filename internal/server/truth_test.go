package server

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/graphtest"
)

const openIncidents = "msgraph_security_open_incidents"

// series is a line of the page about open incidents.
func series(severity, status, classification, priority string) string {
	return fmt.Sprintf("%s{classification=%q,priority=%q,severity=%q,status=%q}", openIncidents, classification, priority, severity, status)
}

// truth is what the page should say about a tenant, worked out from the contract.
func truth(incidents []graphsim.Incident) page {
	want := page{}
	for _, severity := range []string{"unknown", "informational", "low", "medium", "high"} {
		for _, status := range []string{"active", "inProgress", "awaitingAction"} {
			for _, classification := range []string{"unknown", "falsePositive", "truePositive", "informationalExpectedActivity"} {
				for _, priority := range []string{"high", "medium", "low", "none"} {
					want[series(severity, status, classification, priority)] = 0
				}
			}
		}
	}
	known := func(value string) string {
		return strings.Replace(value, "unknownFutureValue", "other", 1)
	}
	for _, in := range incidents {
		if in.Status != "resolved" && in.Status != "redirected" {
			want[series(known(in.Severity), known(in.Status), known(in.Classification), band(in))]++
		}
	}
	return want
}

func band(in graphsim.Incident) string {
	_, hidden := in.Override["priorityScore"]
	switch {
	case in.Score == nil || hidden:
		return "none"
	case *in.Score >= 86:
		return "high"
	case *in.Score >= 15:
		return "medium"
	default:
		return "low"
	}
}

// populate adds 2,000 incidents of which 700 are open, of every kind.
func populate(g *graphtest.Graph) {
	one := func(i int, values ...string) string { return values[i%len(values)] }
	for i := range 2000 {
		in := graphsim.Incident{
			Created:        time.Now().Add(-time.Duration(i) * 97 * time.Minute).Truncate([]time.Duration{1, time.Millisecond, time.Second}[i%3]),
			Severity:       one(i/3, "unknown", "informational", "low", "medium", "high", "high", "unknownFutureValue"),
			Status:         one(i, "resolved", "redirected"),
			Classification: one(i/5, "unknown", "falsePositive", "truePositive", "informationalExpectedActivity", "unknownFutureValue"),
		}
		if i%20 < 7 {
			in.Status = one(i/20, "active", "active", "inProgress", "awaitingAction", "unknownFutureValue")
		}
		if i%11 > 0 {
			in.Score = new([]int{0, 14, 15, 16, 50, 84, 85, 86, 100}[i%9])
		}
		if i%13 == 0 {
			in.Override = map[string]json.RawMessage{"priorityScore": nil}
		}
		g.Add(in)
	}
}

// TestTruth scrapes a tenant that Graph shows with all its peculiarities. Every
// label set equals the truth, zeros included, and again after a change.
func TestTruth(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{
		Order:              graphsim.Shuffled,
		NextLink:           graphsim.SkipWithoutFilter,
		EmptyPages:         0.2,
		RepeatIDs:          0.5,
		Spelling:           graphsim.PascalCase,
		NullsForUnknown:    true,
		RefuseStatusFilter: true,
	})
	populate(g)
	e := start(t, graphtest.None, g.Flags("--collector.min-refresh-interval=0s")...)
	e.synced(t)
	checkTruth(t, g, e)
	g.Add(graphsim.Incident{Severity: "high", Score: new(86)})
	g.Add(graphsim.Incident{Severity: "high", Score: new(85)})
	checkTruth(t, g, e)
}

func checkTruth(t *testing.T, g *graphtest.Graph, e *exporter) {
	t.Helper()
	got := e.scrape(t)
	if got["msgraph_security_up"] != 1 {
		t.Errorf("up is not 1")
	}
	if diff := cmp.Diff(truth(g.Truth()), got.family(openIncidents)); diff != "" {
		t.Errorf("not the truth (-want +got):\n%s", diff)
	}
}
