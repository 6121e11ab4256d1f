package main

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// performance is for the weekly review: does the team keep up, how soon does it act,
// and how does it close.
func performance() board {
	return board{
		uid: performanceUID, title: "Microsoft security incidents / SOC performance", from: "now-24h", refresh: "5m",
		description: "Whether the team keeps up: arrivals and closures, the age of the backlog, how soon incidents are acknowledged and resolved, " +
			"and how they are closed. Counted while the exporter runs.",
		variables: []dashboard.VariableModel{window()},
		shelves: []shelf{
			{height: 4, stacks: []stack{
				wide(3, state()), wide(3, arrived()), wide(3, closed()), wide(3, growth()),
				wide(4, soon("acknowledge", acknowledge)), wide(4, soon("resolve", resolve)), wide(4, wrong()),
			}},
			{height: 9, stacks: []stack{wide(12, flow()), wide(12, backlog())}},
			durations("Time to acknowledge: from creation until assigned or in progress", "acknowledged", acknowledge, []bound{
				{"5 minutes", 300}, {"15 minutes", 900}, {"30 minutes", 1800}, {"1 hour", 3600}, {"4 hours", 4 * 3600}, {"1 day", 24 * 3600},
			}),
			durations("Time to resolve: from creation until resolved", "resolved", resolve, []bound{
				{"1 hour", 3600}, {"4 hours", 4 * 3600}, {"8 hours", 8 * 3600}, {"1 day", 24 * 3600}, {"3 days", 72 * 3600}, {"7 days", 168 * 3600},
			}),
			{heading: "Quality of closure", height: 9, stacks: []stack{wide(7, verdicts()), wide(7, causes()), wide(10, verdictTrend())}},
			{heading: "What arrives", height: 8, stacks: []stack{wide(8, arrivals()), wide(8, scored()), wide(8, undone())}},
		},
	}
}

// window is how far back each point of a line over time looks.
func window() dashboard.VariableModel {
	v := dashboard.VariableModel{
		Type: dashboard.VariableTypeInterval, Name: "window", Label: new("Lines look back"),
		Description: new("How far back each point of a line of quantiles or shares looks: longer is smoother."),
		Query:       &dashboard.StringOrMap{String: new("1h,6h,1d,7d,30d")},
		Auto:        new(false), Refresh: new(dashboard.VariableRefreshOnTimeRangeChanged),
		Current: &dashboard.VariableOption{
			Selected: new(true), Text: dashboard.StringOrArrayOfString{String: new("6h")}, Value: dashboard.StringOrArrayOfString{String: new("6h")},
		},
	}
	for _, length := range []string{"1h", "6h", "1d", "7d", "30d"} {
		text := dashboard.StringOrArrayOfString{String: &length}
		v.Options = append(v.Options, dashboard.VariableOption{Selected: new(length == "6h"), Text: text, Value: text})
	}
	return v
}

const wholeRange = "$__range"

func arrived() *stat.PanelBuilder {
	return figure("Opened", "Incidents that appeared in the time range.", now("", grown("", opened, wholeRange))).NoValue("unknown")
}

func closed() *stat.PanelBuilder {
	return figure("Closed", "Incidents that were resolved, or merged into another, in the time range.",
		now("", grown("", resolved, wholeRange)+" + "+grown("", merged, wholeRange))).NoValue("unknown")
}

// growth is what the flow says, so that it is right whatever the length of the range.
func growth() *stat.PanelBuilder {
	return number("Backlog grew by", "Incidents opened and reopened, less those resolved and merged, in the time range. Below zero: the team caught up.",
		now("", grown("", opened, wholeRange)+" + "+grown("", reopened, wholeRange)+" - "+grown("", resolved, wholeRange)+" - "+grown("", merged, wholeRange))).
		NoValue("unknown").ColorMode(common.BigValueColorModeValue).Thresholds(levels(sky, from(1, orange)))
}

// soon shows two quantiles beside each other.
func soon(verb, metric string) *stat.PanelBuilder {
	return figure("Time to "+verb, "How long it took to "+verb+" incidents in the time range, from their creation: half of them at most the median, nine of ten at most the other.",
		now("median", quantile(0.5, "", metric, wholeRange)), now("9 of 10", quantile(0.9, "", metric, wholeRange))).
		Unit("s").Decimals(1).TextMode(common.BigValueTextModeValueAndName).Orientation(common.VizOrientationVertical)
}

func wrong() *stat.PanelBuilder {
	return number("False positives", "Share of the incidents resolved in the time range that were classified as false positives. Much of it means rules to tune.",
		now("", share(grown("", resolved, wholeRange, `classification="falsePositive"`), grown("", resolved, wholeRange)))).
		Unit("percentunit").NoValue("none resolved").ColorMode(common.BigValueColorModeValue).
		Thresholds(levels(sky, from(0.3, orange), from(0.6, vermillion)))
}

// flow draws what comes upwards and what goes downwards: the longer side wins.
func flow() *timeseries.PanelBuilder {
	down := []dashboard.DynamicConfigValue{property("custom.transform", "negative-Y")}
	panel := counts("Arrivals and closures", "Incidents in each stretch of time: above the line opened and reopened, below it resolved and merged into another.",
		during("opened", grown("", opened, "$__interval")), during("reopened", grown("", reopened, "$__interval")),
		during("resolved", grown("", resolved, "$__interval")), during("merged", grown("", merged, "$__interval"))).
		AxisSoftMin(-5).OverrideByName("resolved", down).OverrideByName("merged", down).NoValue("unknown")
	return painted(panel, []step{{"opened", "", orange}, {"reopened", "", yellow}, {"resolved", "", blue}, {"merged", "", grey}})
}

// backlog cuts the open incidents into slices of age, from the differences of the steps.
func backlog() *timeseries.PanelBuilder {
	older := func(age string) string { return total("", olderThan, `age="`+age+`"`) }
	scale := []step{
		{"under 1 hour", total("", open) + " - " + older("1h"), sky},
		{"1 to 4 hours", older("1h") + " - " + older("4h"), blue},
		{"4 hours to 1 day", older("4h") + " - " + older("1d"), green},
		{"1 to 3 days", older("1d") + " - " + older("3d"), yellow},
		{"3 to 7 days", older("3d") + " - " + older("7d"), orange},
		{"7 to 30 days", older("7d") + " - " + older("30d"), vermillion},
		{"over 30 days", older("30d"), purple},
	}
	var queries []query
	for _, s := range scale {
		queries = append(queries, over(s.name, s.matcher))
	}
	return painted(layers("Backlog by age", "Open incidents by how long ago they were created, the youngest at the bottom. A gap: the exporter was blind.", queries...), scale).
		Decimals(0)
}

// A bound is that of a bucket of a histogram.
type bound struct {
	name    string
	seconds int
}

// durations is a shelf about one histogram.
func durations(heading, done, metric string, bounds []bound) shelf {
	return shelf{heading: heading, height: 8, stacks: []stack{
		wide(10, quantiles(done, metric)), wide(8, bySeverity(done, metric)), wide(6, soonEnough(done, metric, bounds)),
	}}
}

func quantiles(done, metric string) *timeseries.PanelBuilder {
	return painted(trend("Quantiles over time", "Of the incidents "+done+" in the time that lines look back: half took at most the median, nine of ten at most the line above it.",
		over("median", quantile(0.5, "", metric, "$window")), over("9 of 10", quantile(0.9, "", metric, "$window"))),
		[]step{{"median", "", sky}, {"9 of 10", "", orange}}).
		Unit("s").AxisSoftMax(60).NoValue("none " + done)
}

func bySeverity(done, metric string) cog.Builder[dashboard.Panel] {
	long := []dashboard.DynamicConfigValue{property("unit", "s"), property("decimals", 1), property("noValue", "-")}
	count := "sum by (severity) (" + once("increase("+series(metric+"_count")+"["+wholeRange+"])") + ")"
	return list("By severity", "How many incidents of each severity were "+done+" in the time range, and how long it took.",
		rows(count+" > 0"), rows(quantile(0.5, "severity", metric, wholeRange)), rows(quantile(0.9, "severity", metric, wholeRange))).
		NoValue("none "+done).
		WithTransformation(joined()).
		WithTransformation(sorted("Value #A", true)).
		WithTransformation(arranged(nil, [2]string{"severity", "Severity"}, [2]string{"Value #A", "Incidents"},
			[2]string{"Value #B", "Median"}, [2]string{"Value #C", "9 of 10"})).
		OverrideByName("Severity", wordColors()).
		OverrideByName("Median", long).OverrideByName("9 of 10", long)
}

// soonEnough compares with limits that one would set oneself.
func soonEnough(done, metric string, bounds []bound) *bargauge.PanelBuilder {
	all := "sum(" + once("sum without (severity) (increase("+series(metric+"_count")+"["+wholeRange+"]))") + ")"
	var queries []query
	for _, b := range bounds {
		bucket := series(metric+"_bucket", fmt.Sprintf(`le=~"%d(\\.0)?"`, b.seconds))
		queries = append(queries, now("within "+b.name, share("sum("+once("sum without (severity, le) (increase("+bucket+"["+wholeRange+"]))")+")", all)))
	}
	return bars("Share "+done+" in time", "Of the incidents "+done+" in the time range, how many took no longer. Each bar is part of the one below it.", queries...).
		Unit("percentunit").Max(1).NoValue("none " + done)
}

// verdicts are shares of what was resolved.
func verdicts() *bargauge.PanelBuilder {
	return painted(bars("How they were classified", "Incidents resolved in the time range by classification.",
		each(classifications(), now, func(m string) string { return grown("", resolved, wholeRange, m) })...), classifications()).NoValue("unknown")
}

func causes() *bargauge.PanelBuilder {
	return bars("What they were determined to be", "Incidents resolved in the time range by determination, the commonest first; those that did not occur are left out.",
		now("{{determination}}", "sort_desc(round("+grown("determination", determined, wholeRange)+") > 0)")).
		NoValue("none resolved")
}

func verdictTrend() *timeseries.PanelBuilder {
	return painted(layers("Classification over time", "Share of each classification among the incidents resolved in the time that lines look back.",
		each(classifications(), over, func(m string) string {
			return share(grown("", resolved, "$window", m), grown("", resolved, "$window"))
		})...), classifications()).
		Unit("percentunit").AxisSoftMax(1).Max(1).NoValue("none resolved")
}

func scored() *timeseries.PanelBuilder {
	return painted(counts("Entered a priority band", "Incidents that were in a priority band for the first time while open, in each stretch of time. "+
		"Most enter without a score and are scored minutes later: they count in both.",
		each(priorities(), during, func(m string) string { return grown("", entered, "$__interval", m) })...), priorities()).NoValue("unknown")
}

func undone() *timeseries.PanelBuilder {
	return painted(counts("Reopened and merged", "Resolved incidents that were open again, and open ones that were merged into another, in each stretch of time.",
		during("reopened", grown("", reopened, "$__interval")), during("merged", grown("", merged, "$__interval"))),
		[]step{{"reopened", "", orange}, {"merged", "", grey}}).NoValue("unknown")
}
