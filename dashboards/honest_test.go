package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// incidents finds the metrics that are withdrawn while the exporter is blind, and with
// which a total of several tenants loses one without a word.
var incidents = regexp.MustCompile(`msgraph_security_(open_incident|oldest_|objective_(breached|next))`)

// TestNothingPartialLooksWhole shows that each panel that adds up tenants says which
// of them it lacks: beside single values by a query of its own, in the tables where not each
// line is a tenant's by a line, and over time by a gap.
func TestNothingPartialLooksWhole(t *testing.T) {
	found := map[string]int{}
	eachPanel(t, func(t *testing.T, p panel) {
		for _, q := range p.Targets {
			if !incidents.MatchString(q.Expr) || strings.Contains(p.Title, "tenant") {
				continue
			}
			found[p.Type]++
			switch p.Type {
			case "stat", "bargauge":
				last := p.Targets[len(p.Targets)-1]
				if last.Expr != unseen() || last.RefID != missingID || !speaks(p) {
					t.Errorf("%s: nothing says whose incidents are missing", q.RefID)
				}
			case "table":
				if !slices.ContainsFunc(p.Targets, func(q ask) bool { return strings.Contains(q.Expr, unseen()) }) {
					t.Error("no line says whose incidents are missing")
				}
			case "timeseries":
				if !strings.HasSuffix(q.Expr, "unless on () ("+sight()+" < 1)") {
					t.Errorf("%s: goes on while a tenant is missing: %s", q.RefID, q.Expr)
				}
			default:
				t.Errorf("a %s of incidents", p.Type)
			}
		}
	})
	for kind, least := range map[string]int{"stat": 6, "bargauge": 20, "table": 4, "timeseries": 10} {
		if found[kind] < least {
			t.Errorf("only %d queries of a %s were looked at, want %d", found[kind], kind, least)
		}
	}
}

// speaks says whether what is missing is shown in red and in words.
func speaks(p panel) bool {
	for _, o := range p.FieldConfig.Overrides {
		if o.Matcher.ID != "byFrameRefID" || o.Matcher.Options != missingID {
			continue
		}
		var all []mapping
		var text strings.Builder
		o.get("mappings", &all)
		for _, m := range all {
			text.WriteString(string(m.Options))
		}
		return strings.Contains(text.String(), blind) && strings.Contains(text.String(), noData) && strings.Contains(text.String(), red)
	}
	return false
}

// TestThreeWords shows that none, not to be read, and not yet read are never the same word.
func TestThreeWords(t *testing.T) {
	eachPanel(t, func(t *testing.T, p panel) {
		word := p.FieldConfig.Defaults.NoValue
		if word == blind || word == "0" || word == "" {
			t.Errorf("%q stands where Prometheus has nothing", word)
		}
		if incidents.MatchString(p.Targets[0].Expr) && p.Type != "table" && word != noData {
			t.Errorf("%q stands where nothing has been read yet, want %q", word, noData)
		}
	})
}
