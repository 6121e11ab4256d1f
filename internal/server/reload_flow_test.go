package server

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/graphtest"
)

// flow returns the counters and histograms of what happens to incidents.
func (p page) flow() page {
	f := maps.Clone(p)
	maps.DeleteFunc(f, func(series string, _ float64) bool {
		return !strings.HasPrefix(series, "msgraph_security_incident")
	})
	return f
}

// counted returns what is above zero of a flow, but for how long things took, which
// is not the same each time.
func (p page) counted() page {
	c := p.flow()
	maps.DeleteFunc(c, func(series string, value float64) bool {
		name, _, _ := strings.Cut(series, "{")
		return value == 0 || strings.HasSuffix(name, "_sum") || strings.HasSuffix(name, "_bucket")
	})
	return c
}

// A team works in shifts, on the incidents that it finds.
type team struct {
	graph *graphtest.Graph
	found []string
}

// shift has an incident appear, another assigned and a third resolved.
func (w *team) shift(t *testing.T) {
	t.Helper()
	w.graph.Add(graphsim.Incident{Severity: "high", Score: new(100)})
	assigned := w.graph.Change(w.found[0], graphsim.Dated, func(in *graphsim.Incident) { in.AssignedTo = "alice@soc.example" })
	resolved := w.graph.Change(w.found[1], graphsim.Dated, func(in *graphsim.Incident) {
		in.Status, in.Classification, in.Determination = "resolved", "truePositive", "malware"
	})
	if !assigned || !resolved {
		t.Fatal("there is nothing to work on")
	}
	w.found = w.found[2:]
}

// worked returns what is to be counted of shifts.
func worked(shifts float64) page {
	p := page{}
	if shifts == 0 {
		return p
	}
	for _, series := range []string{
		`incidents_opened_total{severity="high"}`,
		`incidents_entered_priority_total{priority="high"}`,
		`incidents_resolved_total{classification="truePositive",severity="high"}`,
		`incidents_determined_total{determination="malware"}`,
		`incidents_entered_severity_total{severity="high"}`,
		`incident_acknowledge_duration_seconds_count{severity="high"}`,
		`incident_acknowledge_duration_by_priority_seconds_count{priority="low"}`,
		`incident_resolve_duration_seconds_count{severity="high"}`,
		`incident_resolve_duration_by_priority_seconds_count{priority="low"}`,
	} {
		p["msgraph_security_"+series] = shifts
	}
	return p
}

// expectWorked probes a tenant until it is up and returns what it has counted, which
// is what came of so many shifts.
func (e *exporter) expectWorked(t *testing.T, name string, shifts float64) page {
	t.Helper()
	got := e.probeUntilUp(t, name)
	if diff := cmp.Diff(worked(shifts), got.counted()); diff != "" {
		t.Errorf("%s after %g shifts (-want +got):\n%s", name, shifts, diff)
	}
	return got.flow()
}

// reload has the exporter serve what the entries of a file say.
func (e *exporter) reload(t *testing.T, path string, entries ...string) {
	t.Helper()
	graphtest.Write(t, path, "tenants:\n"+strings.Join(entries, ""))
	if status, text := e.ask(t, http.MethodPost, "/-/reload"); status != http.StatusOK {
		t.Errorf("got %d %s", status, text)
	}
}

// TestCountsAcrossReloads has a team work between pulls, through faults and reloads.
// A tenant that stays the same counts everything once, whatever else changes; one
// that changes begins again at zero and counts nothing of what was before.
func TestCountsAcrossReloads(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{})
	w := &team{graph: g}
	for range 10 {
		w.found = append(w.found, g.Add(graphsim.Incident{Severity: "high", Score: new(10)}))
	}
	stays, changes, changed := g.Entry("stays"), g.Entry("changes"), g.Entry("changes", "    sweep_interval: 5m\n")
	path := graphtest.Configure(t, stays, changes)
	e := startFleet(t, path, "--web.enable-lifecycle")
	e.expectWorked(t, "stays", 0)
	e.expectWorked(t, "changes", 0)
	w.shift(t)
	before := e.expectWorked(t, "stays", 1)
	e.expectWorked(t, "changes", 1)

	e.reload(t, path, stays, changes, "objectives:\n  - {name: page, resolve_within: 1h}\n")
	if diff := cmp.Diff(before, e.expectWorked(t, "stays", 1)); diff != "" {
		t.Errorf("with other objectives, buckets and sums differ (-before +after):\n%s", diff)
	}

	g.Fault(graphsim.Fault{Match: graphsim.ListOperation, Status: http.StatusForbidden})
	w.shift(t)
	e.probe(t, "stays").expect(t, "msgraph_security_up", 0)
	e.reload(t, path, stays, changed)
	w.shift(t)
	if diff := cmp.Diff(worked(1), e.probe(t, "stays").counted()); diff != "" {
		t.Errorf("counts what it has not read (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(worked(0), e.probe(t, "changes").counted()); diff != "" {
		t.Errorf("counts before it is synchronised (-want +got):\n%s", diff)
	}
	g.ClearFaults()
	e.expectWorked(t, "stays", 3)
	e.expectWorked(t, "changes", 0)

	w.shift(t)
	e.expectWorked(t, "changes", 1)
	e.reload(t, path, stays)
	e.reload(t, path, stays, changed)
	e.expectWorked(t, "stays", 4)
	e.expectWorked(t, "changes", 0)
}

// TestObjectivesAcrossReloads counts on by an objective that stays, whatever others come, go
// or change places with it, and by one that is new from its beginning.
func TestObjectivesAcrossReloads(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{})
	w := &team{graph: g}
	for range 10 {
		w.found = append(w.found, g.Add(graphsim.Incident{Severity: "high"}))
	}
	const mend, look = "  - {name: mend, resolve_within: 1h}\n", "  - {name: look, acknowledge_within: 1h}\n"
	const met = "msgraph_security_objective_met_total"
	path := graphtest.Configure(t, g.Entry("contoso"), "objectives:\n", mend)
	e := startFleet(t, path, "--web.enable-lifecycle")
	check := func(want page) {
		t.Helper()
		if diff := cmp.Diff(want, e.probeUntilUp(t, "contoso").family(met)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	check(page{met + `{objective="mend"}`: 0})
	w.shift(t)
	check(page{met + `{objective="mend"}`: 1})
	e.reload(t, path, g.Entry("contoso"), "objectives:\n", look, mend)
	check(page{met + `{objective="mend"}`: 1, met + `{objective="look"}`: 0})
	w.shift(t)
	check(page{met + `{objective="mend"}`: 2, met + `{objective="look"}`: 2})
	e.reload(t, path, g.Entry("contoso"), "objectives:\n", look)
	w.shift(t)
	check(page{met + `{objective="look"}`: 4})
	g.Change(w.found[0], graphsim.Dated, func(in *graphsim.Incident) { in.AssignedTo = "alice@soc.example" })
	check(page{met + `{objective="look"}`: 5})
	e.reload(t, path, g.Entry("contoso"), "objectives:\n", mend, look)
	g.Change(w.found[0], graphsim.Dated, func(in *graphsim.Incident) { in.Status = "resolved" })
	check(page{met + `{objective="mend"}`: 1, met + `{objective="look"}`: 5})
}
