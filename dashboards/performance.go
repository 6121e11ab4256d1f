package main

import (
	"strings"

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
			{height: 5, stacks: []stack{
				wide(4, state()), wide(4, coverage()),
				wide(4, compared("Opened", "Incidents that appeared in the time range.", opened)),
				wide(4, compared("Reopened", "Resolved incidents that were open again, in the time range.", reopened)),
				wide(4, compared("Closed", "Incidents that were resolved, or merged into another, in the time range.", resolved, merged)),
				wide(4, grew()),
			}},
			{height: 5, stacks: []stack{
				wide(4, soon("Acknowledged: median", "0.5", acknowledge)), wide(4, soon("Acknowledged: 9 of 10", "0.9", acknowledge)),
				wide(4, soon("Resolved: median", "0.5", resolve)), wide(4, soon("Resolved: 9 of 10", "0.9", resolve)),
				wide(4, kept()), wide(4, wrong()),
			}},
			{height: 11, stacks: []stack{wide(12, flow()), wide(12, backlog())}},
			{heading: "Objectives: decided in the time range, in time or not", height: 6, stacks: []stack{wide(15, attainment()), wide(9, attainmentTrend())}},
			durations("Time to acknowledge: from creation until assigned or in progress", "acknowledged", "min", 60, acknowledge, acknowledgeByPriority),
			durations("Time to resolve: from creation until resolved", "resolved", "h", 3600, resolve, resolveByPriority),
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

// coverage says whether the numbers of the time range are those of all of it.
func coverage() *stat.PanelBuilder {
	return tile("Range seen", "The share of the time range in which the exporter saw, of the tenant of which it saw least. What happened in the rest is counted late or never, "+
		"and where the exporter is younger than the range the numbers are those of its life.",
		now("Range seen", covered())).
		Unit("percentunit").Thresholds(levels(red, from(0.9, amber), from(0.99, blue)))
}

// compared shows what was counted in the time range, of one or of several counters, and
// in the period before it.
func compared(title, description string, metrics ...string) *stat.PanelBuilder {
	var present, past []string
	for _, m := range metrics {
		present, past = append(present, inRange("", m)), append(past, before("", m))
	}
	return beside(figure(title, description+" Below it the period before, which is as long; no data: it was not seen whole.",
		now("now", strings.Join(present, " + ")), now("before", orUnseen(sought(strings.Join(past, " + "))))))
}

// orUnseen has a number far from any other stand for one that is not known, since a
// figure leaves out what is not there.
func orUnseen(expr string) string { return expr + " or vector(-1e9)" }

// beside gives the second value of a figure its word for that.
func beside(panel *stat.PanelBuilder) *stat.PanelBuilder {
	return panel.OverrideByName("before", []dashboard.DynamicConfigValue{property("mappings", []dashboard.ValueMapping{say("-1000000000", noData, grey)})})
}

// grew is what the flow says, so that it is right whatever the length of the range, and
// is the sum of the figures to its left.
func grew() *stat.PanelBuilder {
	sum := func(ask func(by, metric string, matchers ...string) string) string {
		return ask("", opened) + " + " + ask("", reopened) + " - " + ask("", resolved) + " - " + ask("", merged)
	}
	return beside(figure("Backlog grew by", "Incidents opened and reopened, less those closed, in the time range; below it in the period before. Below zero: the team caught up.",
		now("now", sum(inRange)), now("before", orUnseen(sought(sum(before))))))
}

// soon is how long incidents took, and how long those of the period before.
func soon(title, q, metric string) *stat.PanelBuilder {
	return beside(figure(title, "How long it took from the creation of the incidents of the time range, and of those of the period before: half of them took at most the median, nine of ten at most 9 of 10.",
		now("now", increased(inWhole).quantile(q, "", metric)), now("before", orUnseen(sought(increased(inPast).quantile(q, "", metric))))).
		Unit("s").Decimals(1))
}

// kept is the share of all objectives that were met.
func kept() *stat.PanelBuilder {
	of := func(ask func(by, metric string, matchers ...string) string) string {
		return share(ask("", met), "("+ask("", met)+" + "+ask("", lapsed)+")")
	}
	return beside(figure("Objectives met", "Of the objectives that were decided in the time range the share that was met, and that of the period before. Met: acknowledged or resolved in time. Missed: the time passed while it was open.",
		now("now", of(inRange)), now("before", orUnseen(sought(of(before))))).Unit("percentunit"))
}

func wrong() *stat.PanelBuilder {
	of := func(ask func(by, metric string, matchers ...string) string) string {
		return share(ask("", resolved, `classification="falsePositive"`), ask("", resolved))
	}
	return beside(figure("False positives", "Share of the incidents resolved in the time range that were classified as false positives, and that of the period before. Much of it means rules to tune.",
		now("now", of(inRange)), now("before", orUnseen(sought(of(before))))).Unit("percentunit"))
}

// flow draws what comes upwards and what goes downwards: the longer side wins.
func flow() *timeseries.PanelBuilder {
	down := []dashboard.DynamicConfigValue{property("custom.transform", "negative-Y")}
	ask := func(name, metric string) query { return during(name, allSeen(counted("", metric, "$__interval"))) }
	panel := counts("Arrivals and closures", "Incidents in each stretch of time: above the line opened and reopened, below it resolved and merged into another. A gap: some tenant was not seen at the end of it.",
		ask("opened", opened), ask("reopened", reopened), ask("resolved", resolved), ask("merged", merged)).
		AxisSoftMin(-5).OverrideByName("resolved", down).OverrideByName("merged", down)
	return painted(panel, []step{{"opened", "", amber}, {"reopened", "", orange}, {"resolved", "", blue}, {"merged", "", grey}})
}

// backlog cuts the open incidents into slices of age, from the differences of the steps.
func backlog() *timeseries.PanelBuilder {
	older := func(age string) string { return total("", olderThan, `age="`+age+`"`) }
	scale := []step{
		{"under 1 hour", total("", open) + " - " + older("1h"), sky},
		{"1 to 4 hours", older("1h") + " - " + older("4h"), blue},
		{"4 hours to 1 day", older("4h") + " - " + older("1d"), teal},
		{"1 to 3 days", older("1d") + " - " + older("3d"), amber},
		{"3 to 7 days", older("3d") + " - " + older("7d"), orange},
		{"7 to 30 days", older("7d") + " - " + older("30d"), red},
		{"over 30 days", older("30d"), purple},
	}
	var queries []query
	for _, s := range scale {
		queries = append(queries, over(s.name, allSeen(s.matcher)))
	}
	return painted(layers("Backlog by age", "Open incidents by how long ago they were created, the youngest at the bottom. A gap: of some tenant they were not known.", queries...), scale).
		Decimals(0)
}
