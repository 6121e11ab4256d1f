package main

import (
	"fmt"
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// wall is what hangs in the operations room: what is burning now. Its first screen
// has the answer, from the most urgent to the most detailed.
func wall() board {
	return board{
		uid: wallUID, title: "Microsoft security incidents / SOC wall", from: "now-6h", refresh: "30s",
		description: "What is burning now: open incidents of Microsoft Defender XDR by priority and severity, who waits, and what is late.",
		shelves: []shelf{
			{height: 6, stacks: []stack{
				wide(3, state(), age()),
				wide(4, openHigh("High priority", "priority", vermillion)),
				wide(4, openHigh("High severity", "severity", orange)),
				wide(4, nobodysHigh()),
				wide(3, oldestHigh()),
				wide(3, missed()),
				wide(3, nextMiss()),
			}},
			{height: 8, stacks: []stack{
				wide(6, painted(bars("Open by severity", "Open incidents by severity, as Defender rates the kind of attack.",
					each(severities(), now, func(m string) string { return total("", open, m) })...), severities())),
				wide(6, painted(bars("Open by priority", "Open incidents by the band of their priority score: high above 85, medium from 15, low below. "+
					"No score: not enabled for the tenant, or still being computed.",
					each(priorities(), now, func(m string) string { return total("", open, m) })...), priorities())),
				wide(12, openTrend()),
			}},
			{height: 8, stacks: []stack{wide(14, pressing()), wide(10, objectives())}},
			{heading: "Who waits, and for how long", height: 8, stacks: []stack{
				wide(6, painted(bars("Open by status", "Open incidents by where the work on them is. Active: nobody has begun.",
					each(statuses(), now, func(m string) string { return total("", open, m) })...), statuses())),
				wide(6, painted(bars("Assigned to nobody", "Open incidents that are assigned to nobody, by severity.",
					each(severities(), now, func(m string) string { return total("", unassigned, m) })...), severities())),
				wide(6, painted(bars("Open for longer than", "Open incidents that were created longer ago. Each bar is part of the one above it.",
					each(ages(), now, func(m string) string { return total("", olderThan, m) })...), ages())),
				wide(6, painted(bars("Untouched for longer than", "Open incidents that nobody and nothing has updated for longer. Each bar is part of the one above it.",
					each(ages(), now, func(m string) string { return total("", untouchedFor, m) })...), ages())),
			}},
			{heading: "How it came to this", height: 8, stacks: []stack{wide(12, arrivals()), wide(12, urgentTrend())}},
			{heading: "Tenants", height: 7, stacks: []stack{wide(24, tenants())}},
		},
	}
}

// openHigh is the number that everybody looks for; one incident gives it a colour.
func openHigh(title, label, color string) *stat.PanelBuilder {
	about := map[string]string{
		"priority": "Open incidents with a priority score above 85: those to begin with. Always 0 for a tenant without priority scores.",
		"severity": "Open incidents of high severity, whatever their priority score.",
	}
	return number(title, about[label], now("", total("", open, label+`="high"`))).Thresholds(levels(blue, from(1, color)))
}

func nobodysHigh() *stat.PanelBuilder {
	return number("High, assigned to nobody", "Open incidents of high priority or high severity that are assigned to nobody.",
		now("", total("", unassigned, `priority="high"`)+" + "+total("", unassigned, `severity="high"`, `priority!="high"`))).
		Thresholds(levels(blue, from(1, vermillion)))
}

// oldestHigh has -1 for none, which is not the same as not known.
func oldestHigh() *stat.PanelBuilder {
	oldest := "oldest_open_incident_created_timestamp_seconds"
	return number("Oldest high one", "How long ago the oldest open incident of high priority or high severity was created.",
		now("", "clamp_min(time() - min("+series(oldest, `priority="high"`)+" or "+series(oldest, `severity="high"`)+"), 0) or "+
			total("", open)+" * 0 - 1")).
		Unit("s").Decimals(1).Mappings([]dashboard.ValueMapping{say("-1", "none", blue)}).
		Thresholds(levels(blue, from(4*3600, orange), from(24*3600, vermillion)))
}

func missed() *stat.PanelBuilder {
	return number("Objectives missed", "Open incidents that have missed an objective, each as often as it has missed one. What is put right leaves.",
		now("", total("", breached))).
		Thresholds(levels(blue, from(1, vermillion)))
}

// never stands for a moment that does not come.
const never = 1e10

func nextMiss() *stat.PanelBuilder {
	return number("Next miss in", "Time until the next open incident misses an objective if nobody acts.",
		now("", "clamp_min(min("+series("objective_next_breach_timestamp_seconds")+") - time(), 0) or "+total("", open)+" * 0 + 1e10")).
		Unit("s").Decimals(1).Mappings([]dashboard.ValueMapping{sayFrom(never, "none ahead", blue)}).
		Thresholds(levels(vermillion, from(5*60, orange), from(30*60, blue)))
}

func openTrend() *timeseries.PanelBuilder {
	return painted(layers("Open by severity over time", "Open incidents by severity. A gap: the exporter was blind.",
		each(severities(), over, func(m string) string { return total("", open, m) })...), severities()).Decimals(0)
}

func urgentTrend() *timeseries.PanelBuilder {
	return painted(trend("High ones over time", "Open incidents of high priority, of high severity, and those of either that are assigned to nobody.",
		over("high priority", total("", open, `priority="high"`)),
		over("high severity", total("", open, `severity="high"`)),
		over("assigned to nobody", total("", unassigned, `priority="high"`)+" + "+total("", unassigned, `severity="high"`, `priority!="high"`))),
		[]step{{"high priority", "", vermillion}, {"high severity", "", orange}, {"assigned to nobody", "", blue}}).Decimals(0)
}

func arrivals() *timeseries.PanelBuilder {
	return painted(counts("New incidents", "Incidents that appeared in each stretch of time, by severity.",
		each(severities(), during, func(m string) string { return grown("", opened, "$__interval", m) })...), severities())
}

// pressing lists single incidents. Their rank is the exporter's: by priority, among
// equals by severity.
func pressing() *table.PanelBuilder {
	rank := func(label string, weight int, values ...string) string {
		expr := series("open_incident_info") + " * 0"
		for i, v := range slices.Backward(values) {
			expr = fmt.Sprintf("%s * %d or %s", series("open_incident_info", label+`="`+v+`"`), weight*(len(values)-i), expr)
		}
		return "(" + expr + ")"
	}
	expr := rank("priority", 10, "high", "medium", "low") + " + " + rank("severity", 1, "high", "medium", "low", "informational")
	return worded(list("Most pressing incidents",
		"The open incidents to begin with, by priority and then by severity, each with a link to the Defender portal. "+
			"The exporter shows single incidents only when asked to: --collector.incident-info=25.",
		rows("max by (tenant, incident_id, priority, severity, status, url) ("+expr+")"))).
		NoValue("No incident is shown: none is open, the exporter is blind, or it runs without --collector.incident-info=25").
		WithTransformation(sorted("Value", true)).
		WithTransformation(arranged([]string{"Value"},
			[2]string{"incident_id", "Incident"}, [2]string{"priority", "Priority"}, [2]string{"severity", "Severity"},
			[2]string{"status", "Status"}, [2]string{"tenant", "Tenant"}, [2]string{"url", "Portal"})).
		OverrideByName("Portal", []dashboard.DynamicConfigValue{
			property("mappings", []any{map[string]any{"type": "regex", "options": map[string]any{
				"pattern": "https://.*", "result": map[string]any{"text": "open in Defender"},
			}}}),
			property("links", []map[string]any{{"title": "Open in the Defender portal", "url": "${__value.raw}", "targetBlank": true}}),
		})
}

// worded colours the columns of priority and severity.
func worded(t *table.PanelBuilder) *table.PanelBuilder {
	for _, column := range []string{"Priority", "Severity"} {
		t = t.OverrideByName(column, append(wordColors(), property("custom.width", 130)))
	}
	return t
}

func objectives() *table.PanelBuilder {
	next := "min by (objective) (" + series("objective_next_breach_timestamp_seconds") + ")"
	return list("Objectives",
		"How soon incidents are to be acknowledged or resolved, how many open ones have missed it, and when the next one will if nobody acts.",
		rows(total("objective", breached)),
		rows("clamp_min("+next+" - time(), 0)"),
		rows("max by (objective) ("+series("objective_target_seconds")+")")).
		WithTransformation(joined()).
		WithTransformation(sorted("Value #A", true)).
		WithTransformation(arranged(nil, [2]string{"objective", "Objective"}, [2]string{"Value #C", "Target"},
			[2]string{"Value #A", "Missed"}, [2]string{"Value #B", "Next miss in"})).
		OverrideByName("Missed", []dashboard.DynamicConfigValue{
			colored("color-background"), property("color", map[string]string{"mode": "thresholds"}),
			property("thresholds", steps(blue, from(1, vermillion))), property("custom.width", 90),
		}).
		OverrideByName("Next miss in", []dashboard.DynamicConfigValue{
			property("unit", "s"), property("decimals", 1), property("mappings", []dashboard.ValueMapping{sayNothing("none ahead", sky)}),
			colored("color-text"), property("color", map[string]string{"mode": "thresholds"}),
			property("thresholds", steps(vermillion, from(300, orange), from(1800, sky))), property("custom.width", 130),
		}).
		OverrideByName("Target", []dashboard.DynamicConfigValue{property("unit", "s"), property("custom.width", 110)}).
		OverrideByName("Objective", []dashboard.DynamicConfigValue{property("custom.align", common.FieldTextAlignmentLeft)})
}

// tenants has a line for each, which is what a team that watches many begins with.
func tenants() *table.PanelBuilder {
	by := func(metric string, matchers ...string) query { return rows(total("job, tenant", metric, matchers...)) }
	return list("By tenant", "The same for each tenant: where one exporter serves many, by the label that Prometheus gives them.",
		rows("min by (job, tenant) ("+seeing()+")"), by(open), by(open, `priority="high"`), by(open, `severity="high"`), by(unassigned), by(breached)).
		WithTransformation(joined()).
		WithTransformation(sorted("Value #C", true)).
		WithTransformation(arranged(nil, [2]string{"job", "Job"}, [2]string{"tenant", "Tenant"}, [2]string{"Value #A", "Exporter"},
			[2]string{"Value #B", "Open"}, [2]string{"Value #C", "High priority"}, [2]string{"Value #D", "High severity"},
			[2]string{"Value #E", "Assigned to nobody"}, [2]string{"Value #F", "Objectives missed"})).
		OverrideByName("Exporter", seen())
}

// seen shows in a table whether a target sees.
func seen() []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{
		property("mappings", []any{map[string]any{"type": "value", "options": map[string]any{
			"0": map[string]any{"text": "BLIND", "color": vermillion}, "1": map[string]any{"text": "SEEING", "color": blue},
		}}}),
		property("color", map[string]string{"mode": "thresholds"}), colored("color-background"), property("custom.width", 110),
	}
}

// steps are thresholds for an override.
func steps(base string, above ...dashboard.Threshold) dashboard.ThresholdsConfig {
	return dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute, Steps: append([]dashboard.Threshold{{Color: base}}, above...)}
}
