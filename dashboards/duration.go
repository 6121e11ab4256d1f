package main

import (
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// durations is a shelf about one thing that takes time, by priority and by severity.
func durations(heading, done, unit string, seconds int, bySeverity, byPriority string) shelf {
	return shelf{heading: heading, height: 8, stacks: []stack{
		wide(10, quantiles(done, bySeverity, unit, seconds)),
		wide(7, took("By priority", done, byPriority, "high", "medium", "low", "none")),
		wide(7, took("By severity", done, bySeverity, "high", "medium", "low", "informational")),
	}}
}

// quantiles are drawn in minutes or hours, so that the axis has whole ones.
func quantiles(done, metric, unit string, seconds int) *timeseries.PanelBuilder {
	of := func(q string) string {
		return fmt.Sprintf("(%s) / %d", increased(inWindow).quantile(q, "", metric), seconds)
	}
	return painted(trend("Quantiles over time", "Of the incidents "+done+" in the time that lines look back: half took at most the median, nine of ten at most the line above it.",
		over("median", of("0.5")), over("9 of 10", of("0.9"))),
		[]step{{"median", "", teal}, {"9 of 10", "", orange}}).
		Unit("suffix: " + unit).AxisSoftMax(1)
}

// took is a table in the order of the scale, not of the numbers.
func took(title, done, metric string, scale ...string) cog.Builder[dashboard.Panel] {
	label := labelOf(metric)
	t := list(title, "How many incidents were "+done+" in the time range, and how long it took: half of them at most the median, nine of ten at most the other.",
		rows(ranked(observed(label, metric)+" > 0", label, scale...)),
		rows(increased(inWhole).quantile("0.5", label, metric)), rows(increased(inWhole).quantile("0.9", label, metric))).
		NoValue("none " + done).
		WithTransformation(joined()).WithTransformation(sorted("rank", false))
	return laid(t, []string{"rank"},
		graded(label, strings.ToUpper(label[:1])+label[1:], 110), col("Value #A", "Number", 75),
		lasting("Value #B", "Median", 85), lasting("Value #C", "9 of 10", 85))
}

// attainment has what was promised beside what was kept.
func attainment() cog.Builder[dashboard.Panel] {
	past := share(before("objective", met), "("+before("objective", met)+" + "+before("objective", lapsed)+")")
	t := list("Attainment", "Of each objective how many incidents met it and how many missed it, the share of those that met it, and that share in the period before; -: nothing was decided, or it was not seen whole. "+
		"Late are those that are open and have missed it. BLIND: those of that tenant are missing.",
		rows("max by (objective) ("+series("objective_target_seconds")+")"), rows(inRange("objective", met)), rows(inRange("objective", lapsed)),
		rows(attained()), rows(sought(past)), rows(total("objective", breached)+" or "+unmeasured())).
		WithTransformation(joined()).WithTransformation(sorted("Value #D", false))
	percent := []dashboard.DynamicConfigValue{property("unit", "percentunit"), property("noValue", "-")}
	return laid(t, nil,
		col("objective", "Objective", 220, property("custom.align", common.FieldTextAlignmentLeft)), lasting("Value #A", "Target", 75),
		col("Value #B", "Met", 70), col("Value #C", "Missed", 70), col("Value #D", "In time", 75, percent...),
		col("Value #E", "Before", 75, percent...), toned("Value #F", "Late", 65, steps(blue, from(1, amber), from(5, red)), property("noValue", "-"), property("mappings", []dashboard.ValueMapping{say("-1", blind, red)})))
}

func attainmentTrend() *timeseries.PanelBuilder {
	met, missed := counted("", met, "$window"), counted("", lapsed, "$window")
	return painted(trend("Objectives met over time", "Share of the objectives decided in the time that lines look back that were met.",
		over("met", share(met, "("+met+" + "+missed+")"))), []step{{"met", "", teal}}).
		Unit("percentunit").Max(1).AxisSoftMax(1)
}

// verdicts are numbers of what was resolved.
func verdicts() *bargauge.PanelBuilder {
	return painted(bars("How they were classified", "Incidents resolved in the time range by classification.",
		each(classifications(), now, func(m string) string { return inRange("", resolved, m) })...), classifications())
}

func causes() *bargauge.PanelBuilder {
	return bars("What they turned out to be", "Incidents resolved in the time range by determination, the commonest first; those that did not occur are left out.",
		now("{{determination}}", "sort_desc("+inRange("determination", determined)+" > 0)")).
		NoValue("none resolved").Text(size(14, 24))
}

func verdictTrend() *timeseries.PanelBuilder {
	return painted(layers("Classification over time", "Share of each classification among the incidents resolved in the time that lines look back.",
		each(classifications(), over, func(m string) string {
			return share(counted("", resolved, "$window", m), counted("", resolved, "$window"))
		})...), classifications()).
		Unit("percentunit").AxisSoftMax(1).Max(1).NoValue("none resolved")
}

func scored() *timeseries.PanelBuilder {
	return painted(counts("Entered a priority band", "Incidents that were in a priority band for the first time while open, in each stretch of time. "+
		"Most enter without a score and are scored minutes later: they count in both.",
		each(priorities(), during, func(m string) string { return allSeen(counted("", entered, "$__interval", m)) })...), priorities())
}

func undone() *timeseries.PanelBuilder {
	ask := func(name, metric string) query { return during(name, allSeen(counted("", metric, "$__interval"))) }
	return painted(counts("Reopened and merged", "Resolved incidents that were open again, and open ones that were merged into another, in each stretch of time.",
		ask("reopened", reopened), ask("merged", merged)),
		[]step{{"reopened", "", orange}, {"merged", "", grey}})
}
