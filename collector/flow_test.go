package collector

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/history"
	"msgraph_security_exporter/internal/mirror"
)

// TestFlow counts one event of each kind, each where it belongs and nowhere else.
func TestFlow(t *testing.T) {
	f := NewFlow(true)
	in := incident(t, time.Hour, "high", "active", "truePositive", true, 90)
	in.Determination = enum(t, "phishing", defender.Determinations())
	f.SetObjectives([]Objective{{Name: "page"}, {Name: "mend"}})
	for kind := history.Opened; kind <= history.ObjectiveMissed; kind++ {
		f.Observe([]history.Event{{Kind: kind, Incident: in, Took: 90 * time.Second, Objective: "page"}})
	}
	f.Observe(nil)
	want := map[string]float64{
		`incidents_opened_total high`:                            1,
		`incidents_entered_priority_total high`:                  1,
		`incidents_entered_severity_total high`:                  1,
		`incidents_resolved_total truePositive high`:             1,
		`incidents_determined_total phishing`:                    1,
		`incidents_reopened_total high`:                          1,
		`incidents_merged_total high`:                            1,
		`incident_acknowledge_duration_seconds high`:             90,
		`incident_resolve_duration_seconds high`:                 90,
		`incident_acknowledge_duration_by_priority_seconds high`: 90,
		`incident_resolve_duration_by_priority_seconds high`:     90,
		`objective_met_total page`:                               1,
		`objective_missed_total page`:                            1,
	}
	for _, family := range families(t, f) {
		for _, m := range family.GetMetric() {
			var key strings.Builder
			key.WriteString(strings.TrimPrefix(family.GetName(), "msgraph_security_"))
			for _, l := range m.GetLabel() {
				key.WriteString(" " + l.GetValue())
			}
			got := m.GetCounter().GetValue() + m.GetHistogram().GetSampleSum()
			if got != want[key.String()] {
				t.Errorf("%s: got %g, want %g", key.String(), got, want[key.String()])
			}
			delete(want, key.String())
		}
	}
	for key := range want {
		t.Errorf("%s is missing", key)
	}
}

// TestExemplars names an incident beside a bucket if that is wanted, whatever its id.
func TestExemplars(t *testing.T) {
	for _, c := range []struct {
		wanted bool
		id     string
		want   int
	}{
		{true, "924565", 2},
		{false, "924565", 0},
		{true, "", 2},
		{true, "alice@soc.example", 2},
		{true, strings.Repeat("ü", 200), 2},
	} {
		f := NewFlow(c.wanted)
		f.Observe([]history.Event{{Kind: history.Resolved, Incident: defender.Incident{ID: c.id, Severity: 1}, Took: time.Hour}})
		exemplars, count := 0, uint64(0)
		for _, family := range families(t, f) {
			for _, m := range family.GetMetric() {
				count += m.GetHistogram().GetSampleCount()
				for _, b := range m.GetHistogram().GetBucket() {
					if b.GetExemplar() != nil {
						exemplars++
					}
				}
			}
		}
		if exemplars != c.want || count != 2 {
			t.Errorf("%q: got %d exemplars of %d observations, want %d of 2", c.id, exemplars, count, c.want)
		}
	}
}

// TestSetObjectives counts on over a change of the objectives, and nothing of others.
func TestSetObjectives(t *testing.T) {
	f := NewFlow(false)
	happen := func(k history.Kind, objective string) { f.Observe([]history.Event{{Kind: k, Objective: objective}}) }
	set := func(names ...string) {
		var all []Objective
		for _, name := range names {
			all = append(all, Objective{Name: name})
		}
		f.SetObjectives(all)
	}
	happen(history.ObjectiveMet, "page")
	set("page", "mend")
	happen(history.ObjectiveMet, "page")
	happen(history.ObjectiveMissed, "mend")
	set("look", "mend")
	happen(history.ObjectiveMet, "page")
	happen(history.ObjectiveMissed, "mend")
	got := map[string]float64{}
	for _, family := range families(t, f) {
		for _, m := range family.GetMetric() {
			if strings.Contains(family.GetName(), "objective") {
				got[strings.TrimPrefix(family.GetName(), "msgraph_security_objective_")+" "+m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	want := map[string]float64{"met_total look": 0, "met_total mend": 0, "missed_total look": 0, "missed_total mend": 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func families(t *testing.T, c prometheus.Collector) []*dto.MetricFamily {
	t.Helper()
	return gather(t, registry(t, c))
}

// TestAges counts an incident in every step of age that it has passed.
func TestAges(t *testing.T) {
	report := reports(t)["quiet"]
	old := incident(t, 73*time.Hour, "high", "active", "unknown", false)
	old.Updated = defender.TicksOf(taken.Add(-25 * time.Hour))
	edge := incident(t, time.Hour, "high", "active", "unknown", false)
	scored := incident(t, 5*time.Hour, "high", "active", "unknown", false, 90)
	report.Snapshot = &mirror.Snapshot{Taken: taken, Open: []defender.Incident{old, edge, scored}}
	r := read(report, nil, 0)
	for name, c := range map[string]struct{ got, want backlog }{
		"older than":            {r.older[old.Severity][defender.PriorityNone], backlog{1, 1, 1, 1, 0, 0}},
		"untouched for":         {r.untouched[old.Severity][defender.PriorityNone], backlog{1, 1, 1, 0, 0, 0}},
		"older, high priority":  {r.older[old.Severity][defender.PriorityHigh], backlog{1, 1, 0, 0, 0, 0}},
		"older, other severity": {r.older[1][defender.PriorityNone], backlog{}},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", name, c.got, c.want)
		}
	}
}

// TestObjectives holds incidents against objectives at the second of the breach and
// the one before.
func TestObjectives(t *testing.T) {
	high := enum(t, "high", defender.Severities())
	objectives := targets([]Objective{
		{Name: "acknowledge", Severities: []defender.Severity{high}, AcknowledgeWithin: time.Hour},
		{Name: "resolve", Priorities: []defender.Priority{defender.PriorityHigh}, ResolveWithin: 2 * time.Hour},
		{Name: "any", ResolveWithin: 30 * 24 * time.Hour},
	})
	report := reports(t)["quiet"]
	report.Snapshot = &mirror.Snapshot{Taken: taken, Open: []defender.Incident{
		incident(t, time.Hour, "high", "active", "unknown", false),
		incident(t, time.Hour-time.Second, "high", "active", "unknown", false),
		incident(t, time.Hour-2*time.Second, "high", "active", "unknown", false),
		incident(t, 3*time.Hour, "high", "active", "unknown", true, 90),
		incident(t, 3*time.Hour, "high", "inProgress", "unknown", false, 85),
		incident(t, 3*time.Hour, "low", "active", "unknown", false, 86),
		incident(t, 2*time.Hour-time.Second, "low", "active", "unknown", false, 86),
	}}
	r := read(report, objectives, 0)
	want := []standing{
		{breached: 1, next: defender.TicksOf(taken.Add(time.Second)), coming: true},
		{breached: 2, next: defender.TicksOf(taken.Add(time.Second)), coming: true},
		{breached: 0, next: defender.TicksOf(taken.Add(30*24*time.Hour - 3*time.Hour)), coming: true},
	}
	for i, s := range r.standings {
		if s != want[i] {
			t.Errorf("%s: got %+v, want %+v", objectives[i].Name, s, want[i])
		}
	}
	report.Snapshot = nil
	if r := read(report, objectives, 0); len(r.standings) > 0 {
		t.Error("objectives are held against nothing")
	}
}
