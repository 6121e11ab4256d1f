package main

import "github.com/grafana/grafana-foundation-sdk/go/timeseries"

// latency is the histogram of the answers of Microsoft Graph.
const latency = "graph_request_duration_seconds"

// line is a trend with one line for each tenant: of its replicas the one that shows most.
func line(title, description, unit, expr string) *timeseries.PanelBuilder {
	return trend(title, description, over("{{job}} {{tenant}}", expr)).Unit(unit)
}

// perMinute is the rate of requests of the busiest replica of each tenant.
func perMinute(by string, matchers ...string) string {
	expr := "60 * " + perSecond(series("graph_requests_total", matchers...))
	return gathered(by, once(by, whole(by, labelsOf("graph_requests_total"), expr)))
}

func requests() *timeseries.PanelBuilder {
	operations := []step{{"delta", `operation="delta"`, blue}, {"sweep", `operation="sweep"`, amber}, {"get", `operation="get"`, sky}, {"token", `operation!~"delta|sweep|get"`, purple}}
	return painted(layers("Requests to Graph", "Requests a minute by what they are for, of the busiest replica: delta is the pull's own, sweep reads old incidents again, get asks for single ones, token signs in.",
		each(operations, over, func(m string) string { return perMinute("", m) })...), operations).
		Unit("suffix: /min")
}

func limit() *timeseries.PanelBuilder {
	return line("Limit", "Requests a minute that the limiter allows at present. A refusal by Graph halves it; it grows again by itself, up to --graph.requests-per-minute.",
		"suffix: /min", once("", series("graph_requests_per_minute_limit")))
}

// answers shows what has occurred: most codes never do.
func answers() *timeseries.PanelBuilder {
	codes := []step{
		{"200", "", blue}, {"206", "", sky}, {"429", "", amber}, {"error", "", red}, {"other", "", grey},
		{"400", "", orange}, {"401", "", orange}, {"403", "", orange}, {"404", "", orange},
		{"500", "", purple}, {"502", "", purple}, {"503", "", purple}, {"504", "", purple},
	}
	return painted(layers("Answers by code", "Requests a minute by HTTP status, of the busiest replica; error: there was no answer. Those that do not occur are left out.",
		over("{{code}}", perMinute("code")+" > 0")), codes).
		Unit("suffix: /min").NoValue("no request")
}

func answerTime() *timeseries.PanelBuilder {
	of := func(q string) string { return growth(perSecond).quantile(q, "", latency, `operation!="token"`) }
	return painted(trend("Time to answer", "How long Microsoft Graph takes to answer: half of the requests at most the median, and so on.",
		over("median", of("0.5")), over("9 of 10", of("0.9")), over("99 of 100", of("0.99"))),
		[]step{{"median", "", teal}, {"9 of 10", "", amber}, {"99 of 100", "", red}}).
		Unit("suffix: s").AxisSoftMax(1).NoValue("no request")
}

func sweepPeriod() *timeseries.PanelBuilder {
	return line("Sweep period", "The longest that an incident older than an hour goes without being read again: how late a change that Graph does not date can be seen.",
		"suffix: min", once("", series("sweep_period_seconds"))+" / 60").AxisSoftMax(10)
}

// occurred is a chart of what a counter grew by in each stretch of time, by a scale.
func occurred(title, description, metric string, scale []step) *timeseries.PanelBuilder {
	return painted(counts(title, description,
		each(scale, during, func(m string) string { return counted("", metric, "$__interval", m) })...), scale)
}

func corrections() *timeseries.PanelBuilder {
	return occurred("Corrections by sweeps", "Incidents that a sweep found otherwise than they were known, in each stretch of time: mostly priority scores computed anew.",
		"sweep_corrections_total", []step{{"added", `kind="added"`, amber}, {"changed", `kind="changed"`, sky}, {"removed", `kind="removed"`, purple}})
}

func held() *timeseries.PanelBuilder {
	return line("Incidents held", "Incidents in memory: the open ones, and closed ones that a late answer could still show open.", "locale", once("", series("mirror_incidents"))).Decimals(0)
}

func unknownValues() *timeseries.PanelBuilder {
	return occurred("Values not known to this build", "Rows read with a severity, status, classification or determination that this build does not know, in each stretch of time: "+
		"Microsoft added one, and it is time for an update. Flat at zero is fine.",
		"unknown_values_total", []step{
			{"severity", `field="severity"`, amber}, {"status", `field="status"`, sky},
			{"classification", `field="classification"`, blue}, {"determination", `field="determination"`, purple},
		})
}

func refreshes() *timeseries.PanelBuilder {
	return occurred("Refreshes", "How often the copy was brought up to date in each stretch of time, and how often that failed.",
		"refreshes_total", []step{{"success", `result="success"`, blue}, {"error", `result="error"`, red}})
}

func refreshTime() *timeseries.PanelBuilder {
	return line("Time of a refresh", "How long the last refresh took. A pull waits for it, up to its deadline.", "suffix: s", once("", series("last_refresh_duration_seconds"))).AxisSoftMax(1)
}

func skew() *timeseries.PanelBuilder {
	return line("Clock skew", "Microsoft Graph's clock less that of the exporter's host. More than a few seconds: mend the host's clock.", "suffix: s", once("", series("clock_skew_seconds"))).
		AxisSoftMin(-1).AxisSoftMax(1)
}

// memory is of the processes that say that they are this exporter.
func memory() *timeseries.PanelBuilder {
	return trend("Memory", "Resident memory of the exporter, of the largest process of each job.",
		over("{{job}}", "max by (job) (process_resident_memory_bytes and on (job, instance) "+build()+")")).
		Unit("bytes").AxisSoftMax(64 << 20)
}
