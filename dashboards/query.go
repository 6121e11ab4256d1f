package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// The metrics of which totals are drawn, after the prefix.
const (
	open         = "open_incidents"
	unassigned   = "open_incidents_unassigned"
	olderThan    = "open_incidents_older_than"
	untouchedFor = "open_incidents_untouched_for"
	breached     = "objective_breached_incidents"

	opened     = "incidents_opened_total"
	entered    = "incidents_entered_priority_total"
	resolved   = "incidents_resolved_total"
	determined = "incidents_determined_total"
	reopened   = "incidents_reopened_total"
	merged     = "incidents_merged_total"

	acknowledge = "incident_acknowledge_duration_seconds"
	resolve     = "incident_resolve_duration_seconds"
)

// labelsOf returns the labels that the exporter gives a metric. All others are
// Prometheus': they tell tenants and replicas apart.
func labelsOf(metric string) []string {
	switch metric {
	case open:
		return []string{"severity", "status", "classification", "priority"}
	case unassigned:
		return []string{"severity", "priority"}
	case olderThan, untouchedFor:
		return []string{"severity", "age"}
	case breached:
		return []string{"objective"}
	case entered:
		return []string{"priority"}
	case resolved:
		return []string{"severity", "classification"}
	case determined:
		return []string{"determination"}
	default:
		return []string{"severity"}
	}
}

// series selects those of a metric that the variables choose, and that match.
func series(metric string, matchers ...string) string {
	chosen := append([]string{`job=~"$job"`, `tenant=~"$tenant"`, `instance=~"$instance"`}, matchers...)
	return "msgraph_security_" + metric + "{" + strings.Join(chosen, ",") + "}"
}

// once takes of several replicas the one that shows most: adding them up would count
// every incident as often as there are replicas.
func once(expr string) string { return "max without (instance, pod, node) (" + expr + ")" }

// total adds up a metric by a label, or altogether if that is "". Each replica is
// added up by itself before one is taken: two that differ for the moment between two
// pulls must not have an incident twice, in its old state and in its new one.
func total(by, metric string, matchers ...string) string {
	return totalOf(by, metric, series(metric, matchers...))
}

// grown is the total of what a counter has grown by in a window of time.
func grown(by, metric, window string, matchers ...string) string {
	return totalOf(by, metric, "increase("+series(metric, matchers...)+"["+window+"])")
}

func totalOf(by, metric, expr string) string {
	gone := slices.DeleteFunc(labelsOf(metric), func(label string) bool { return label == by })
	if len(gone) > 0 {
		expr = "sum without (" + strings.Join(gone, ", ") + ") (" + expr + ")"
	}
	if by == "" {
		return "sum(" + once(expr) + ")"
	}
	return "sum by (" + by + ") (" + once(expr) + ")"
}

// within counts the observations of a histogram in a window of time, by its bucket
// and by a label if there is one.
func within(by, metric, window string, matchers ...string) string {
	if by != "" {
		by = ", " + by
	}
	return "sum by (le" + by + ") (" + once("increase("+series(metric+"_bucket", matchers...)+"["+window+"])") + ")"
}

// quantile is that of a histogram in a window of time; nothing where nothing happened.
func quantile(q float64, by, metric, window string, matchers ...string) string {
	return fmt.Sprintf("histogram_quantile(%g, %s) >= 0", q, within(by, metric, window, matchers...))
}

// share is a part of a whole, and nothing if there is no whole.
func share(part, whole string) string { return part + " / (" + whole + " > 0)" }

// A query asks Prometheus and names what comes back.
type query = *prometheus.DataqueryBuilder

// now asks for the present. Stats, gauges and tables do nothing else: the last value of
// a range may be hours old, and would stand there as if it were current while the
// exporter is blind.
func now(name, expr string) query {
	return prometheus.NewDataqueryBuilder().Expr(expr).LegendFormat(name).Instant()
}

// over asks for the time range. The step is at least a minute, so that a rate has
// several scrapes to go by even where they are a minute apart.
func over(name, expr string) query {
	return prometheus.NewDataqueryBuilder().Expr(expr).LegendFormat(name).Range().Interval("1m")
}

// during asks for the time range in stretches that each query counts by $__interval. Two
// minutes hold two scrapes even where they are a minute apart.
func during(name, expr string) query { return over(name, expr).Interval("2m") }

// rows asks for the present, for a table.
func rows(expr string) query { return now("", expr).Format(prometheus.PromQueryFormatTable) }

// each makes one query for each step of a scale.
func each(scale []step, ask func(name, expr string) query, expr func(matcher string) string) []query {
	var all []query
	for _, s := range scale {
		all = append(all, ask(s.name, expr(s.matcher)))
	}
	return all
}
