package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// health is for whoever runs the exporter: can it see, if not why not, and what does
// Graph bear.
func health() board {
	return board{
		uid: healthUID, title: "Microsoft security incidents / Exporter health", from: "now-3h", refresh: "30s",
		description: "Whether the exporter sees, and if not why not: freshness, reasons for trouble, requests to Microsoft Graph and their limit, sweeps, credentials.",
		shelves: []shelf{
			{height: 5, stacks: []stack{
				wide(4, state()), wide(4, age()), wide(4, answering()), wide(3, troubles()), wide(3, limitUsed()), wide(3, refused()), wide(3, expiry()),
			}},
			{height: 9, stacks: []stack{wide(12, reasons()), wide(12, ageTrend())}},
			{height: 8, stacks: []stack{wide(24, targetList())}},
			{heading: "Microsoft Graph", height: 8, stacks: []stack{wide(7, requests()), wide(5, limit()), wide(6, answers()), wide(6, answerTime())}},
			{heading: "The copy and its sweeps", height: 7, stacks: []stack{
				wide(6, sweepPeriod()), wide(6, corrections()), wide(6, held()), wide(6, unknownValues()),
			}},
			{heading: "The process", height: 7, stacks: []stack{wide(6, refreshes()), wide(6, refreshTime()), wide(6, skew()), wide(6, memory())}},
			{heading: "Builds and configuration", height: 7, stacks: []stack{wide(24, builds())}},
		},
	}
}

// targetsUp is Prometheus' own word on each target, which is there also when the
// exporter is not.
const targetsUp = "up{" + choice + "}"

// answering tells a process that is gone from one that cannot read Graph.
func answering() *stat.PanelBuilder {
	down := "min by (" + apart + ") (" + targetsUp + ")"
	return tile("Targets", "Of how many tenants a target does not answer Prometheus at all, by Prometheus' own `up`: the process is gone, or cannot be reached. "+
		"Then nothing below is known of it, and the reason is in its log.",
		now("No answer", "count("+down+" == 0) or count("+down+") * 0")).
		Mappings([]dashboard.ValueMapping{say("0", "none", blue)}).Thresholds(levels(blue, from(1, red)))
}

func troubles() *stat.PanelBuilder {
	return tile("Reasons", "How many reasons there are at present why Microsoft Graph cannot be read as it should. The panel below names them.",
		now("Reasons", "sum(max by (reason) ("+series("problem")+"))")).
		Mappings([]dashboard.ValueMapping{say("0", "none", blue)}).Thresholds(levels(blue, from(1, red)))
}

// limitUsed is of the target that is nearest to its limit.
func limitUsed() *stat.PanelBuilder {
	used := "60 * sum without (operation, code) (rate(" + series("graph_requests_total", `operation!="token"`) + "[15m]))"
	return tile("Limit used", "Requests to Microsoft Graph in the last quarter of an hour as a share of what the limiter allows, of the target nearest to its limit. "+
		"Near 100 %, changes are seen later.",
		now("Limit used", "max("+used+" / "+series("graph_requests_per_minute_limit")+")")).
		Unit("percentunit").Thresholds(levels(blue, from(0.8, amber), from(1, red)))
}

func refused() *stat.PanelBuilder {
	return tile("Refused", "Requests that Microsoft Graph refused in the time range because there were too many (429). The limiter slows down by itself.",
		now("Refused", inRange("", "graph_requests_total", `code="429"`))).
		Thresholds(levels(blue, from(1, amber), from(100, red)))
}

// undeclared stands for an end that nobody has told.
const undeclared = 1e11

func expiry() *stat.PanelBuilder {
	return tile("Credential", "Time until the first certificate or secret that the exporter signs in with ends. Entra does not tell when a secret ends: "+
		"declare it as secret_expires in the configuration file, or it is not known here.",
		now("Credential", "min("+series("credential_expiry_timestamp_seconds")+") - time() or max("+series("up")+") * 0 + 1e11")).
		Unit("s").Decimals(0).Text(size(22, 28)).Mappings([]dashboard.ValueMapping{sayFrom(undeclared, "unknown", grey)}).
		Thresholds(levels(red, from(7*24*3600, amber), from(30*24*3600, blue)))
}

// reasons begins with the one that the exporter itself cannot give.
func reasons() *statetimeline.PanelBuilder {
	return describe(statetimeline.NewPanelBuilder(), "Reasons over time", "When which reason stood in the way of reading Microsoft Graph. No answer: the exporter did not answer Prometheus. docs/operations.md says what to do about each.",
		[]query{over("no answer", "1 - min("+targetsUp+")"), over("{{reason}}", "max by (reason) ("+series("problem")+")")}).
		ColorScheme(byThresholds()).Thresholds(levels(grey, from(1, red))).
		Mappings([]dashboard.ValueMapping{say("0", "fine", grey), say("1", "TROUBLE", red)}).
		ShowValue(common.VisibilityModeNever).RowHeight(0.8).FillOpacity(80).MergeValues(true).PerPage(0).
		Legend(common.NewVizLegendOptionsBuilder().ShowLegend(false).DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderNone))
}

func ageTrend() *timeseries.PanelBuilder {
	return line("Age of the numbers over time", "How long ago Microsoft Graph was last read completely when Prometheus pulled. The dashed lines: look at two minutes; at five, "+
		"unless configured otherwise, incidents are withdrawn.", "suffix: s",
		once("", "clamp_min(timestamp("+series("snapshot_timestamp_seconds")+") - "+series("snapshot_timestamp_seconds")+", 0)")).
		AxisSoftMax(60).Thresholds(levels(blue, from(120, amber), from(300, red))).
		ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
}

// targetList has a line for each replica: it is what one comes to this board to tell apart.
func targetList() *table.PanelBuilder {
	by := func(expr string) query { return rows("max by (job, tenant, instance) (" + expr + ")") }
	t := list("Each target", "What Prometheus and each target itself say: one line for each tenant and each replica. GONE: it does not answer Prometheus.",
		by(targetsUp+" and on (job, tenant) "+sight()),
		by(series("up")+" or 0 * last_over_time("+series("up")+"[1h])"),
		by("clamp_min(time() - "+series("snapshot_timestamp_seconds")+", 0)"),
		by(series("sync_progress_ratio")), by(series("sweep_period_seconds")),
		by(series("graph_requests_per_minute_limit")), by(series("mirror_incidents"))).
		WithTransformation(joined()).WithTransformation(sorted("Value #B", false)).WithTransformation(sorted("Value #A", false))
	return laid(t, nil,
		col("job", "Job", 140), col("tenant", "Tenant", 110), col("instance", "Instance", 160),
		col("Value #A", "Scrape", 90, filled(spoken(step{"0", gone, red}, step{"1", "answers", blue}), property("thresholds", steps(grey)))...),
		seen("Value #B", "Exporter"), lasting("Value #C", "Age", 85),
		col("Value #D", "First sync", 90, property("unit", "percentunit")), lasting("Value #E", "Sweep period", 110),
		col("Value #F", "Limit", 95, property("unit", "suffix: /min")), col("Value #G", "Incidents held", 115))
}

// build has a series for each process. Where tenants have pages of their own, it is on
// another page than they are, and so under another job.
func build() string { return `msgraph_security_exporter_build_info{instance=~"$instance"}` }

func builds() *table.PanelBuilder {
	of := func(metric string) string {
		return "max by (job, instance) (msgraph_security_config_" + metric + `{instance=~"$instance"})`
	}
	t := list("Each process", "The build, and whether the configuration file was last read well: FAILED means that the one before it is still in use.",
		rows("max by (job, instance, version, goversion) ("+build()+")"), rows(of("last_reload_successful")), rows("1000 * "+of("last_reload_success_timestamp_seconds"))).
		WithTransformation(joined())
	return laid(t, []string{"Value #A"},
		col("job", "Job", 150), col("instance", "Instance", 160), col("version", "Version", 100), col("goversion", "Go", 100),
		col("Value #B", "Configuration", 110, filled(spoken(step{"0", "FAILED", red}, step{"1", "good", blue}), property("thresholds", steps(grey)))...),
		col("Value #C", "Read at", 160, property("unit", "dateTimeAsIso")))
}
