package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// A trial has promtool evaluate queries of boards over made-up series.
type trial struct {
	interval string
	series   map[string]string // values by series, as promtool has them
	asked    []asked
}

// An asked query is evaluated at a time, and finds labels with values: samples of promtool's.
type asked struct {
	expr, at string
	want     []sample
}

type sample struct {
	Labels string
	Value  float64
}

// run fails the test with what promtool finds otherwise.
func (tr trial) run(t *testing.T) {
	t.Helper()
	type input struct{ Series, Values string }
	var inputs []input
	for series, values := range tr.series {
		inputs = append(inputs, input{series, values})
	}
	var tests []map[string]any
	for _, a := range tr.asked {
		tests = append(tests, map[string]any{"expr": a.expr, "eval_time": a.at, "exp_samples": a.want})
	}
	text, err := yaml.Marshal(map[string]any{"tests": []any{map[string]any{
		"interval": tr.interval, "input_series": inputs, "promql_expr_test": tests,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "test.yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tools+"promtool", "test", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// queryOf returns a query of a board as Grafana fills it in.
func queryOf(t *testing.T, file, name, id string, more ...string) string {
	t.Helper()
	for _, p := range dashboards(t)[file].Panels {
		for _, q := range p.Targets {
			if p.name() == name && q.RefID == id {
				return strings.NewReplacer(append(more, "$job", "j", "$tenant", ".*", "$instance", ".*",
					"$__range_s", "1800", "$__range", "30m", "$__interval", "2m")...).Replace(q.Expr)
			}
		}
	}
	t.Fatalf("%s has no query %s in %s", file, id, name)
	return ""
}

// of names a series of a tenant's replica, or of one that has no tenant.
func of(name, tenant, instance string, more ...string) string {
	labels := []string{`job="j"`, fmt.Sprintf("instance=%q", instance)}
	if tenant != "" {
		labels = append(labels, fmt.Sprintf("tenant=%q", tenant))
	}
	return name + "{" + strings.Join(append(labels, more...), ",") + "}"
}

// A state is what Prometheus has of a replica: "sees", "blind", "reads" for the first time,
// "dead", or "gone" half an hour ago together with its target.
type state struct{ tenant, instance, is string }

// told returns the series of replicas in their states.
func told(states ...state) map[string]string {
	all := map[string]string{}
	for _, s := range states {
		up, own, first, open, taken := "1x90", "1x90", "0x90", "5x90", "0+60x90"
		switch s.is {
		case "blind":
			own, open = "0x90", "_x90"
		case "reads":
			own, first, open, taken = "0x90", "1x90", "_x90", "_x90"
		case "dead":
			up, own, first, open, taken = "0x90", "1x20 stale", "0x20 stale", "5x20 stale", "0+60x20 stale"
		case "gone":
			up, own, first, open, taken = "1x60 stale", "1x60 stale", "0x60 stale", "5x60 stale", "0+60x60 stale"
		}
		all[of("up", s.tenant, s.instance)] = up
		all[of("msgraph_security_up", s.tenant, s.instance)] = own
		all[of("msgraph_security_problem", s.tenant, s.instance, `reason="synchronising"`)] = first
		all[of("msgraph_security_open_incidents", s.tenant, s.instance, `severity="high"`, `status="active"`, `classification="unknown"`, `priority="high"`)] = open
		all[of("msgraph_security_snapshot_timestamp_seconds", s.tenant, s.instance)] = taken
	}
	return all
}

// TestNothingPartialLooksWhole has a wall of several tenants say which one it lacks, beside
// every total, break its lines, and call numbers lost that nobody has.
func TestNothingPartialLooksWhole(t *testing.T) {
	t.Parallel()
	const wall = "soc-wall.json"
	missing := func(who, tenant, more string, value float64) []sample {
		labels := fmt.Sprintf(`{job="j", more=%q, tenant=%q, who=%q}`, more, tenant, who)
		return []sample{{strings.Replace(labels, `tenant="", `, "", 1), value}}
	}
	number := func(v float64) []sample { return []sample{{"{}", v}} }
	for name, c := range map[string]struct {
		states             []state
		missing            []sample
		total, line, ageOf []sample
	}{
		"all are seen":   {[]state{{"a", "1", "sees"}, {"b", "1", "sees"}}, nil, number(10), number(10), number(0)},
		"one is blind":   {[]state{{"a", "1", "sees"}, {"b", "1", "blind"}}, missing("b", "b", "0", 0), number(5), nil, number(0)},
		"one is dead":    {[]state{{"a", "1", "sees"}, {"b", "1", "dead"}}, missing("b", "b", "0", 0), number(5), nil, number(2e10)},
		"one is gone":    {[]state{{"a", "1", "sees"}, {"b", "1", "gone"}}, missing("b", "b", "0", 0), number(5), nil, number(2e10)},
		"one is new":     {[]state{{"a", "1", "sees"}, {"b", "1", "reads"}}, missing("b", "b", "0", 0.5), number(5), nil, number(1.5e10)},
		"two of three":   {[]state{{"a", "1", "sees"}, {"b", "1", "dead"}, {"c", "1", "reads"}}, missing("b +1", "b", "1", 0), number(5), nil, number(2e10)},
		"without labels": {[]state{{"", "1", "blind"}}, missing("j", "", "0", 0), nil, nil, number(0)},
		"nothing at all": {nil, nil, nil, nil, nil},
		"a replica dies": {[]state{{"a", "1", "sees"}, {"a", "2", "dead"}}, nil, number(5), number(5), number(0)},
		"replicas":       {[]state{{"a", "1", "sees"}, {"a", "2", "sees"}, {"b", "1", "sees"}, {"b", "2", "blind"}}, nil, number(10), number(10), number(0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := trial{interval: "1m", series: told(c.states...)}
			for _, panel := range []string{"Exporter", "High priority", "High severity", "High, unowned", "Oldest unowned", "Objectives missed", "Open by severity"} {
				tr.asked = append(tr.asked, asked{queryOf(t, wall, panel, missingID), "90m", c.missing})
			}
			var seeing []sample
			if c.line != nil {
				seeing = number(1)
			}
			tr.asked = append(tr.asked, asked{queryOf(t, wall, "High priority", "A"), "90m", c.total},
				asked{queryOf(t, wall, "Open by severity over time", "A"), "90m", c.line},
				asked{queryOf(t, wall, "Age of numbers", "A"), "90m", c.ageOf}, asked{queryOf(t, wall, "Exporter", "A"), "90m", seeing})
			tr.run(t)
		})
	}
}
