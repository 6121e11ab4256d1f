package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestPanels holds each panel to what a reader needs, and the SDK's defaults at bay.
func TestPanels(t *testing.T) {
	prometheus := source{"prometheus", "${datasource}"}
	eachPanel(t, func(t *testing.T, p panel) {
		if p.name() == "" || len(p.Description) < 20 || p.FieldConfig.Defaults.Unit == "" || p.FieldConfig.Defaults.NoValue == "" {
			t.Errorf("title, description, unit or what stands there without data is missing: %q, %q, %+v", p.name(), p.Description, p.FieldConfig.Defaults)
		}
		if p.Datasource != prometheus || len(p.Targets) == 0 {
			t.Errorf("asks %v for %d series", p.Datasource, len(p.Targets))
		}
		if len(p.FieldConfig.Defaults.Thresholds.Steps) == 0 && p.Type != "timeseries" {
			t.Error("no thresholds: Grafana's own are green and red")
		}
		for i, q := range p.Targets {
			if id := string(rune('A' + i)); q.Datasource != prometheus || q.RefID != id && (q.RefID != missingID || i != len(p.Targets)-1) {
				t.Errorf("query %d: %+v", i, q)
			}
		}
		check, known := kinds[p.Type]
		if !known {
			t.Fatalf("%q: not one of the core panels that these dashboards are made of", p.Type)
		}
		check(t, p)
	})
}

// kinds are the core panels that are in use, with what each must have.
var kinds = map[string]func(t *testing.T, p panel){
	"stat": func(t *testing.T, p panel) {
		checkPresent(t, p)
		checkReduced(t, p)
		if p.Options.GraphMode != "none" {
			t.Errorf("graph mode %q needs a range", p.Options.GraphMode)
		}
	},
	"bargauge": func(t *testing.T, p panel) {
		checkPresent(t, p)
		checkReduced(t, p)
		if p.Options.Orientation != "horizontal" {
			t.Errorf("orientation %q", p.Options.Orientation)
		}
	},
	"table": func(t *testing.T, p panel) {
		checkPresent(t, p)
		for _, q := range p.Targets {
			if q.Format != "table" {
				t.Errorf("%s: format %q", q.RefID, q.Format)
			}
		}
		if len(p.Targets) > 1 && !slices.ContainsFunc(p.Transformations, func(t struct {
			ID      string
			Options map[string]any
		}) bool {
			return t.ID == "merge"
		}) {
			t.Error("nothing joins the queries")
		}
	},
	"timeseries":     checkOverTime,
	"state-timeline": checkOverTime,
}

// asks says whether a panel has a query of that id.
func (p panel) asks(id string) bool {
	return slices.ContainsFunc(p.Targets, func(q ask) bool { return q.RefID == id })
}

// checkPresent shows that a panel of single values has no old one: the last of a range
// would stand there while the exporter is blind.
func checkPresent(t *testing.T, p panel) {
	t.Helper()
	for _, q := range p.Targets {
		if !q.Instant {
			t.Errorf("%s: the last value of a range may be an old one", q.RefID)
		}
		if strings.Contains(q.Expr, "interval") {
			t.Errorf("%s: an interval, but no range: %s", q.RefID, q.Expr)
		}
	}
}

func checkReduced(t *testing.T, p panel) {
	t.Helper()
	if !slices.Equal(p.Options.ReduceOptions.Calcs, []string{"lastNotNull"}) {
		t.Errorf("reduced by %v", p.Options.ReduceOptions.Calcs)
	}
	for _, q := range p.Targets {
		if len(p.Targets) > 1 && q.LegendFormat == "" {
			t.Errorf("%s: one of several without a name", q.RefID)
		}
	}
}

func checkOverTime(t *testing.T, p panel) {
	t.Helper()
	if p.Options.Tooltip.Mode == "" || p.Options.Legend.ShowLegend != (p.Type == "timeseries") {
		t.Errorf("no legend or no tooltip: %+v", p.Options)
	}
	for _, q := range p.Targets {
		if q.Instant || q.LegendFormat == "" || q.Interval == "" {
			t.Errorf("%s: not over time, without a name or without a least step: %+v", q.RefID, q)
		}
		if strings.Contains(q.Expr, "$__interval") != (q.Interval == "2m") {
			t.Errorf("%s: a stretch of %s is too short or longer than need be: %s", q.RefID, q.Interval, q.Expr)
		}
	}
}

// TestOverrides shows that what is set for a series by its name has one of that name.
func TestOverrides(t *testing.T) {
	eachPanel(t, func(t *testing.T, p panel) {
		names := map[string]bool{}
		for _, q := range p.Targets {
			names[q.LegendFormat] = true
		}
		for _, transformation := range p.Transformations {
			renamed, _ := transformation.Options["renameByName"].(map[string]any)
			for _, to := range renamed {
				names[to.(string)] = true
			}
		}
		labelled := slices.ContainsFunc(p.Targets, func(q ask) bool { return strings.Contains(q.LegendFormat, "{{") })
		for _, o := range p.FieldConfig.Overrides {
			if o.Matcher.ID == "byType" && p.Type == "table" || o.Matcher.ID == "byFrameRefID" && p.asks(o.Matcher.Options) {
				continue
			}
			if o.Matcher.ID != "byName" || !names[o.Matcher.Options] && !labelled {
				text, _ := json.Marshal(o)
				t.Errorf("an override without a series: %s", text)
			}
		}
	})
}
