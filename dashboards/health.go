package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
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
			{height: 4, stacks: []stack{
				wide(4, state()), wide(4, age()), wide(4, troubles()), wide(4, limitUsed()), wide(4, refused()), wide(4, expiry()),
			}},
			{height: 9, stacks: []stack{wide(12, reasons()), wide(12, ageTrend())}},
			{heading: "Microsoft Graph", height: 8, stacks: []stack{wide(7, requests()), wide(5, limit()), wide(6, answers()), wide(6, latency())}},
			{heading: "The copy and its sweeps", height: 7, stacks: []stack{
				wide(6, sweepPeriod()), wide(6, corrections()), wide(6, held()), wide(6, unknownValues()),
			}},
			{heading: "The process", height: 7, stacks: []stack{wide(6, refreshes()), wide(6, refreshTime()), wide(6, skew()), wide(6, memory())}},
			{heading: "Targets", height: 7, stacks: []stack{wide(14, targetList()), wide(10, builds())}},
		},
	}
}

func troubles() *stat.PanelBuilder {
	return number("Reasons for trouble", "How many reasons there are at present why Microsoft Graph cannot be read as it should. The panel below names them.",
		now("", "sum(max by (reason) ("+series("problem")+"))")).
		NoValue("unknown").Mappings([]dashboard.ValueMapping{say("0", "none", blue)}).Thresholds(levels(blue, from(1, vermillion)))
}

// limitUsed is of the target that is nearest to its limit.
func limitUsed() *stat.PanelBuilder {
	return number("Share of the limit in use", "Requests to Microsoft Graph in the last five minutes as a share of what the limiter allows, of the target nearest to its limit. "+
		"Near 100 %, changes are seen later.",
		now("", "max("+perMinute(" without (operation, code)", "5m", `operation!="token"`)+" / "+series("graph_requests_per_minute_limit")+")")).
		Unit("percentunit").NoValue("unknown").Thresholds(levels(blue, from(0.8, orange), from(1, vermillion)))
}

// perMinute is the rate of requests, added up in some way.
func perMinute(how, window string, matchers ...string) string {
	return "60 * sum" + how + " (rate(" + series("graph_requests_total", matchers...) + "[" + window + "]))"
}

func refused() *stat.PanelBuilder {
	return number("Refused by Graph", "Requests that Microsoft Graph refused in the time range because there were too many (429). The limiter slows down by itself.",
		now("", "sum(increase("+series("graph_requests_total", `code="429"`)+"["+wholeRange+"]))")).
		NoValue("unknown").Thresholds(levels(blue, from(1, orange), from(100, vermillion)))
}

func expiry() *stat.PanelBuilder {
	return number("Credential ends in", "Time until the first certificate or secret that the exporter signs in with ends. Entra does not tell when a secret ends: "+
		"declare it as secret_expires in the configuration file.",
		now("", "min("+series("credential_expiry_timestamp_seconds")+") - time()")).
		Unit("s").Decimals(1).NoValue("not declared").
		Thresholds(levels(vermillion, from(7*24*3600, orange), from(30*24*3600, blue)))
}

func reasons() *statetimeline.PanelBuilder {
	return describe(statetimeline.NewPanelBuilder(), "Reasons over time", "When which reason stood in the way of reading Microsoft Graph. docs/operations.md says what to do about each.",
		[]query{over("{{reason}}", "max by (reason) ("+series("problem")+")")}).
		NoValue("unknown").ColorScheme(byThresholds()).Thresholds(levels(grey, from(1, vermillion))).
		Mappings([]dashboard.ValueMapping{say("0", "fine", grey), say("1", "TROUBLE", vermillion)}).
		ShowValue(common.VisibilityModeNever).RowHeight(0.8).FillOpacity(80).MergeValues(true).
		Legend(legend()).Tooltip(tooltip())
}

func tooltip() cog.Builder[common.VizTooltipOptions] {
	return common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderNone)
}

// perTarget names a line by whatever tells targets apart.
const perTarget = "{{job}} {{tenant}} {{instance}}"

// line is a trend with one line for each target.
func line(title, description, unit, expr string) *timeseries.PanelBuilder {
	return trend(title, description, over(perTarget, expr)).Unit(unit).NoValue("unknown")
}

func ageTrend() *timeseries.PanelBuilder {
	return line("Age of the numbers over time", "How long ago Microsoft Graph was last read completely when Prometheus pulled. The dashed lines: look at two minutes; at five, "+
		"unless configured otherwise, incidents are withdrawn.", "s",
		"clamp_min(timestamp("+series("snapshot_timestamp_seconds")+") - "+series("snapshot_timestamp_seconds")+", 0)").
		AxisSoftMax(60).Thresholds(levels(blue, from(120, orange), from(300, vermillion))).
		ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
}

func requests() *timeseries.PanelBuilder {
	operations := []step{{"delta", `operation="delta"`, blue}, {"sweep", `operation="sweep"`, orange}, {"get", `operation="get"`, sky}, {"token", `operation!~"delta|sweep|get"`, purple}}
	return painted(layers("Requests to Graph", "Requests a minute by what they are for: delta is the pull's own, sweep reads old incidents again, get asks for single ones, token signs in.",
		each(operations, over, func(m string) string { return perMinute("", "$__rate_interval", m) })...), operations).
		Unit("suffix:/min").NoValue("unknown")
}

func limit() *timeseries.PanelBuilder {
	return line("Limit", "Requests a minute that the limiter allows at present. A refusal by Graph halves it; it grows again by itself, up to --graph.requests-per-minute.",
		"suffix:/min", series("graph_requests_per_minute_limit"))
}

// answers shows what has occurred: most codes never do.
func answers() *timeseries.PanelBuilder {
	codes := []step{
		{"200", "", blue}, {"206", "", sky}, {"429", "", orange}, {"error", "", vermillion}, {"other", "", grey},
		{"400", "", yellow}, {"401", "", yellow}, {"403", "", yellow}, {"404", "", yellow},
		{"500", "", purple}, {"502", "", purple}, {"503", "", purple}, {"504", "", purple},
	}
	return painted(layers("Answers by code", "Requests a minute by HTTP status; error: there was no answer. Those that do not occur are left out.",
		over("{{code}}", perMinute(" by (code)", "$__rate_interval")+" > 0")), codes).
		Unit("suffix:/min").NoValue("no request")
}

func latency() *timeseries.PanelBuilder {
	of := func(q string) string {
		return "histogram_quantile(" + q + ", sum by (le) (rate(" + series("graph_request_duration_seconds_bucket", `operation!="token"`) + "[$__rate_interval]))) >= 0"
	}
	return painted(trend("Time to answer", "How long Microsoft Graph takes to answer: half of the requests at most the median, and so on.",
		over("median", of("0.5")), over("9 of 10", of("0.9")), over("99 of 100", of("0.99"))),
		[]step{{"median", "", sky}, {"9 of 10", "", orange}, {"99 of 100", "", vermillion}}).
		Unit("s").AxisSoftMax(1).NoValue("no request")
}

func sweepPeriod() *timeseries.PanelBuilder {
	return line("Sweep period", "The longest that an incident older than an hour goes without being read again: how late a change that Graph does not date can be seen.",
		"s", series("sweep_period_seconds")).AxisSoftMax(600)
}

func corrections() *timeseries.PanelBuilder {
	kinds := []step{{"added", `kind="added"`, orange}, {"changed", `kind="changed"`, sky}, {"removed", `kind="removed"`, purple}}
	return painted(counts("Corrections by sweeps", "Incidents that a sweep found otherwise than they were known, in each stretch of time: mostly priority scores computed anew.",
		each(kinds, during, func(m string) string {
			return "sum(increase(" + series("sweep_corrections_total", m) + "[$__interval]))"
		})...), kinds).NoValue("unknown")
}

func held() *timeseries.PanelBuilder {
	return line("Incidents held", "Incidents in memory: the open ones, and closed ones that a late answer could still show open.", "locale", series("mirror_incidents")).Decimals(0)
}

func unknownValues() *timeseries.PanelBuilder {
	fields := []step{{"severity", "", orange}, {"status", "", sky}, {"classification", "", blue}, {"determination", "", purple}}
	return painted(counts("Values that this build does not know", "Rows read with a severity, status, classification or determination that this build does not know, in each stretch of time: "+
		"Microsoft added one, and it is time for an update. Flat at zero is fine.",
		during("{{field}}", "sum by (field) (increase("+series("unknown_values_total")+"[$__interval]))")), fields).NoValue("unknown")
}

func refreshes() *timeseries.PanelBuilder {
	results := []step{{"success", `result="success"`, blue}, {"error", `result="error"`, vermillion}}
	return painted(counts("Refreshes", "How often the copy was brought up to date in each stretch of time, and how often that failed.",
		each(results, during, func(m string) string { return "sum(increase(" + series("refreshes_total", m) + "[$__interval]))" })...), results).
		NoValue("unknown")
}

func refreshTime() *timeseries.PanelBuilder {
	return line("Time of a refresh", "How long the last refresh took. A pull waits for it, up to its deadline.", "s", series("last_refresh_duration_seconds")).AxisSoftMax(1)
}

func skew() *timeseries.PanelBuilder {
	return line("Clock skew", "Microsoft Graph's clock less that of the exporter's host. More than a few seconds: mend the host's clock.", "s", series("clock_skew_seconds")).
		AxisSoftMin(-1).AxisSoftMax(1)
}

// memory is of the processes that say that they are this exporter.
func memory() *timeseries.PanelBuilder {
	return trend("Memory", "Resident memory of each exporter process.",
		over("{{job}} {{instance}}", "process_resident_memory_bytes and on (job, instance) "+build())).
		Unit("bytes").AxisSoftMax(64 << 20).NoValue("unknown")
}

// build has a series for each process. Where tenants have pages of their own, it is on
// another page than they are, and so under another job.
func build() string { return `msgraph_security_exporter_build_info{instance=~"$instance"}` }

func targetList() *table.PanelBuilder {
	by := func(expr string) query { return rows("max by (job, tenant, instance) (" + expr + ")") }
	seconds := []dashboard.DynamicConfigValue{property("unit", "s"), property("decimals", 1)}
	return list("Each target", "What each target says of itself: one line for each tenant and each replica.",
		by(series("up")+" or 0 * last_over_time("+series("up")+"[1h])"),
		by("clamp_min(time() - "+series("snapshot_timestamp_seconds")+", 0)"),
		by(series("sync_progress_ratio")), by(series("sweep_period_seconds")),
		by(series("graph_requests_per_minute_limit")), by(series("mirror_incidents"))).
		NoValue("no target").
		WithTransformation(joined()).
		WithTransformation(arranged(nil, [2]string{"job", "Job"}, [2]string{"tenant", "Tenant"}, [2]string{"instance", "Instance"},
			[2]string{"Value #A", "State"}, [2]string{"Value #B", "Age"}, [2]string{"Value #C", "First sync"},
			[2]string{"Value #D", "Sweep period"}, [2]string{"Value #E", "Limit"}, [2]string{"Value #F", "Incidents held"})).
		OverrideByName("State", seen()).OverrideByName("Age", seconds).OverrideByName("Sweep period", seconds).
		OverrideByName("First sync", []dashboard.DynamicConfigValue{property("unit", "percentunit")}).
		OverrideByName("Limit", []dashboard.DynamicConfigValue{property("unit", "suffix:/min")})
}

func builds() *table.PanelBuilder {
	of := func(metric string) string {
		return "max by (job, instance) (msgraph_security_config_" + metric + `{instance=~"$instance"})`
	}
	return list("Each process", "The build, and whether the configuration file was last read well: FAILED means that the one before it is still in use.",
		rows("max by (job, instance, version, goversion) ("+build()+")"), rows(of("last_reload_successful")), rows("1000 * "+of("last_reload_success_timestamp_seconds"))).
		NoValue("no process").
		WithTransformation(joined()).
		WithTransformation(arranged([]string{"Value #A"}, [2]string{"job", "Job"}, [2]string{"instance", "Instance"}, [2]string{"version", "Version"},
			[2]string{"goversion", "Go"}, [2]string{"Value #B", "Configuration"}, [2]string{"Value #C", "Read at"})).
		OverrideByName("Configuration", []dashboard.DynamicConfigValue{
			property("mappings", []any{map[string]any{"type": "value", "options": map[string]any{
				"0": map[string]any{"text": "FAILED", "color": vermillion}, "1": map[string]any{"text": "good", "color": blue},
			}}}),
			property("color", map[string]string{"mode": "thresholds"}), colored("color-background"), property("custom.width", 120),
		}).
		OverrideByName("Read at", []dashboard.DynamicConfigValue{property("unit", "dateTimeAsIso"), property("custom.width", 170)})
}
