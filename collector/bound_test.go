package collector

import (
	"bytes"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/collectors"

	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/history"
	"msgraph_security_exporter/internal/mirror"
)

// widest returns open incidents that make as many series as any can: unassigned ones of
// every known label set, and of as many unknown ones as are not folded.
func widest(most int) []defender.Incident {
	unknown := 0
	open := slices.DeleteFunc(many(6*4*5*4), func(in defender.Incident) bool {
		l := labelSet{rank{in.Severity, in.Priority()}, in.Status, in.Classification}
		if !l.known() {
			unknown++
		}
		return unknown > most && !l.known()
	})
	for i := range open {
		open[i].Assigned = false
	}
	return open
}

// TestBound counts the series of a page on which every label set occurs, values
// unknown to this build included, and everything is asked for as much as it may be.
func TestBound(t *testing.T) {
	options := Options{IncidentInfo: 100}
	for i := range 20 { // the most that a file may declare
		options.Objectives = append(options.Objectives, Objective{Name: strconv.Itoa(i), ResolveWithin: 200 * day})
		options.Tags = append(options.Tags, strconv.Itoa(i))
	}
	report := reports(t)["working"]
	report.Snapshot = &mirror.Snapshot{Open: widest(options.unknownSets())}
	flow := NewFlow(true)
	flow.SetObjectives(options.Objectives)
	for kind := history.Opened; kind <= history.ObjectiveMissed; kind++ {
		for i, in := range many(6 * 4 * 5 * 16) {
			in.Determination = defender.Determination(i % (len(defender.Determinations()) + 1))
			flow.Observe([]history.Event{{Kind: kind, Incident: in, Took: time.Duration(in.Score) * time.Hour, Objective: strconv.Itoa(i % 50)}})
		}
	}
	r := registry(t, New(fixed(report), options), flow, NewTransport(nil, operationHeader), buildInfo(), NewReloads(), expiry(),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	page := text(t, gather(t, r))
	if n := series(page); n > maxSeries {
		t.Errorf("got %d series, want at most %d", n, maxSeries)
	} else {
		t.Logf("%d series", n)
	}
	for name, want := range map[string]int{
		"open_incidents":               5*3*4*4 + options.unknownSets(),
		"open_incidents_older_than":    6 * 4 * len(ages),
		"open_incidents_untouched_for": 6 * 4 * len(ages),
		"open_incident_info":           100,
		"open_incidents_tagged":        20,
		"objective_missed_total":       20,
		"incidents_determined_total":   16,
	} {
		if n := bytes.Count(page, []byte("\nmsgraph_security_"+name+"{")); n != want {
			t.Errorf("got %d series of %s, want all %d", n, name, want)
		}
	}
}

// TestFold shows that no incident is lost or leaves its severity and priority where unknown
// values are folded, that a single new value never is, and that nothing is unless almost
// everything is asked for.
func TestFold(t *testing.T) {
	report := reports(t)["quiet"]
	report.Snapshot = &mirror.Snapshot{Taken: taken, Open: many(6 * 4 * 5 * 4 * 3)}
	r := read(report, nil, 200)
	sets := 0
	r.eachSet(func(l labelSet, g *group) {
		sets++
		if !l.known() && l.status != defender.StatusOther && l.classification == 0 {
			t.Errorf("%v is not folded", l)
		}
	})
	if want := (5*3*4 + 3*4 + 6) * 4; sets != want {
		t.Errorf("got %d sets, want %d", sets, want)
	}
	open, unassigned := map[rank]int{}, map[rank]int{}
	for _, in := range report.Snapshot.Open {
		k := rank{in.Severity, in.Priority()}
		open[k]++
		if !in.Assigned {
			unassigned[k]++
		}
	}
	r.eachRank(func(k rank, g group) {
		if g.open != open[k] || g.unassigned != unassigned[k] {
			t.Errorf("%v: got %d open, %d unassigned, want %d and %d", k, g.open, g.unassigned, open[k], unassigned[k])
		}
	})
	options := Options{Objectives: DefaultObjectives(), Tags: make([]string, 5), IncidentInfo: 50}
	if room := options.unknownSets(); room < 6*5*4*4-5*4*3*4 {
		t.Errorf("there is room for %d sets", room)
	}
	for name, known := range map[string]func(*defender.Incident) bool{
		"severity":       func(in *defender.Incident) bool { return in.Status != 0 && in.Classification != 0 },
		"status":         func(in *defender.Incident) bool { return in.Severity != 0 && in.Classification != 0 },
		"classification": func(in *defender.Incident) bool { return in.Severity != 0 && in.Status != 0 },
	} {
		report.Snapshot = &mirror.Snapshot{Taken: taken, Open: slices.DeleteFunc(many(480), func(in defender.Incident) bool { return !known(&in) })}
		read(report, nil, 200).eachSet(func(l labelSet, g *group) {
			if g.open != 1 {
				t.Errorf("%s: %v has %d incidents, want 1", name, l, g.open)
			}
		})
	}
}

// TestEnumerationsFit shows that no value of an enumeration lies outside of what
// a reading counts.
func TestEnumerationsFit(t *testing.T) {
	for name, n := range map[string]int{
		"severity":       1 + len(defender.Severities()),
		"status":         int(defender.StatusRedirected) + 1,
		"classification": 1 + len(defender.Classifications()),
		"priority":       len(defender.Priorities()),
	} {
		if n > wide {
			t.Errorf("%d values of %s, counted are at most %d", n, name, wide)
		}
	}
}
