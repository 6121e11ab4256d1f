package e2e

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"msgraph_security_exporter/graphclient/graphsim"
)

// The values that always have their series, written down anew: what the exporter
// believes is not asked.
var (
	severities      = []string{"unknown", "informational", "low", "medium", "high"}
	statuses        = []string{"active", "inProgress", "awaitingAction"}
	classifications = []string{"unknown", "falsePositive", "truePositive", "informationalExpectedActivity"}
	priorities      = []string{"high", "medium", "low", "none"}
)

const (
	openIncidents       = "msgraph_security_open_incidents"
	unassignedIncidents = "msgraph_security_open_incidents_unassigned"
	oldestIncident      = "msgraph_security_oldest_open_incident_created_timestamp_seconds"
	up                  = "msgraph_security_up[]"
	snapshotTime        = "msgraph_security_snapshot_timestamp_seconds[]"
)

// expected returns every series about incidents that a tenant should have.
func expected(incidents []graphsim.Incident) scrape {
	want := scrape{}
	for _, severity := range severities {
		for _, priority := range priorities {
			want[series(unassignedIncidents, map[string]string{"severity": severity, "priority": priority})] = 0
			for _, status := range statuses {
				for _, classification := range classifications {
					want[series(openIncidents, labels(severity, status, classification, priority))] = 0
				}
			}
		}
	}
	for _, in := range incidents {
		if in.Status != "resolved" && in.Status != "redirected" {
			want.count(in)
		}
	}
	return want
}

func labels(severity, status, classification, priority string) map[string]string {
	return map[string]string{"severity": severity, "status": status, "classification": classification, "priority": priority}
}

func (s scrape) count(in graphsim.Incident) {
	l := labels(value(in.Severity, severities), value(in.Status, statuses), value(in.Classification, classifications), priority(in))
	s[series(openIncidents, l)]++
	delete(l, "status")
	delete(l, "classification")
	s[series(unassignedIncidents, l)] += 0 // for a severity that is not always there
	if in.AssignedTo == "" {
		s[series(unassignedIncidents, l)]++
	}
	oldest, created := series(oldestIncident, l), float64(in.Created.UnixMicro())/1e6
	if known, ok := s[oldest]; !ok || created < known {
		s[oldest] = created
	}
}

func value(v string, known []string) string {
	switch {
	case v == "":
		return "unknown"
	case slices.Contains(known, v):
		return v
	default:
		return "other"
	}
}

func priority(in graphsim.Incident) string {
	_, overridden := in.Override["priorityScore"]
	switch {
	case in.Score == nil || overridden:
		return "none"
	case *in.Score > 85:
		return "high"
	case *in.Score >= 15:
		return "medium"
	default:
		return "low"
	}
}

// incidents returns the series of a pull that are about incidents.
func (s scrape) incidents() scrape {
	all := s.family(openIncidents)
	maps.Copy(all, s.family(unassignedIncidents))
	maps.Copy(all, s.family(oldestIncident))
	return all
}

// diff compares the incidents of a pull with those that there are.
func (s *stage) diff(got scrape) string {
	return cmp.Diff(expected(s.sim.Truth()), got.incidents(), cmpopts.EquateApprox(0, 1e-5))
}

// populate gives a tenant 2,000 incidents of which 700 are open, in every shape that
// Graph is known to send; the last hundred are younger than an hour.
func populate(sim *graphsim.Sim) {
	rng := rand.New(rand.NewPCG(2, 700))
	now := time.Now().Truncate(time.Second)
	busy := now.Add(-30 * 24 * time.Hour)
	for i := range 2000 {
		in := random(rng, now.Add(-time.Hour-time.Duration(rng.Int64N(int64(90*24*time.Hour)))))
		switch {
		case i < 70: // more in one second than a page holds
			in.Created = busy.Add(time.Duration(i) * 7 * time.Millisecond)
		case i >= 1900:
			in.Created = now.Add(-time.Duration(rng.Int64N(int64(50 * time.Minute))))
		}
		if i >= 35 && i < 1335 {
			in.Status = pick(rng, "resolved", "resolved", "redirected")
		}
		sim.Add(in)
	}
}

// random returns an open incident. Scores are at the edges of the bands.
func random(rng *rand.Rand, created time.Time) graphsim.Incident {
	in := graphsim.Incident{
		Created:        created,
		Severity:       pick(rng, append(severities, "unknownFutureValue", "critical")...),
		Status:         pick(rng, append(statuses, "active", "active", "active", "unknownFutureValue", "escalated")...),
		Classification: pick(rng, append(classifications, "unknown", "unknown", "benign", "")...),
		Determination:  pick(rng, "unknown", "phishing", "notMalicious", "sabotage", ""),
		AssignedTo:     pick(rng, "", "ana@"+title, "bert@"+title),
		DisplayName:    title,
		Tags:           []string{title},
		Score:          pick(rng, nil, new(0), new(14), new(15), new(85), new(86), new(100)),
	}
	if rng.IntN(8) == 0 {
		in.Override = map[string]json.RawMessage{"priorityScore": nil} // absent
	}
	return in
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

// TestExpected keeps the oracle from agreeing with everything.
func TestExpected(t *testing.T) {
	sim := graphsim.New(graphsim.Config{})
	populate(sim)
	open := 0.0
	for _, n := range expected(sim.Truth()).family(openIncidents) {
		open += n
	}
	if open != 700 {
		t.Errorf("got %v open incidents, want 700", open)
	}
	score := func(n int) graphsim.Incident {
		return graphsim.Incident{Severity: "high", Status: "active", Created: time.Unix(1e9, 0), Score: &n}
	}
	got := expected([]graphsim.Incident{score(86), score(85), score(15), score(14), {Severity: "high", Status: "resolved"}})
	for priority, want := range map[string]float64{"high": 1, "medium": 2, "low": 1, "none": 0} {
		if n := got[series(openIncidents, labels("high", "active", "unknown", priority))]; n != want {
			t.Errorf("%s: got %v, want %v", priority, n, want)
		}
	}
	if n := len(got.family(openIncidents)); n != 5*3*4*4 {
		t.Errorf("got %d series, want every combination", n)
	}
}
