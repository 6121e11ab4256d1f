package main

import (
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
	met        = "objective_met_total"
	lapsed     = "objective_missed_total"
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
		return []string{"severity", "priority", "age"}
	case breached, met, lapsed:
		return []string{"objective"}
	case entered:
		return []string{"priority"}
	case resolved:
		return []string{"severity", "classification"}
	case determined:
		return []string{"determination"}
	case "graph_requests_total":
		return []string{"operation", "code"}
	case "refreshes_total":
		return []string{"result"}
	case "sweep_corrections_total":
		return []string{"kind"}
	case "unknown_values_total":
		return []string{"field"}
	default:
		return []string{"severity"}
	}
}

// choice selects what the variables choose.
const choice = `job=~"$job",tenant=~"$tenant",instance=~"$instance"`

// series selects those of a metric that the variables choose, and that match.
func series(metric string, matchers ...string) string {
	return "msgraph_security_" + metric + "{" + strings.Join(append([]string{choice}, matchers...), ",") + "}"
}

// apart are the labels that tell one tenant from another. What else Prometheus adds,
// such as instance, pod or node, tells replicas of one apart.
const apart = "job, tenant"

// once takes of the replicas of a tenant the one that shows most: adding them up would
// count every incident as often as there are replicas. It keeps the labels of by.
func once(by, expr string) string { return "max by (" + with(by) + ") (" + expr + ")" }

// with are the labels that tell tenants apart, and others.
func with(by string) string {
	if by == "" {
		return apart
	}
	return apart + ", " + by
}

// gathered adds up what is left of each tenant, by labels or altogether.
func gathered(by, expr string) string {
	if by == "" {
		return "sum(" + expr + ")"
	}
	return "sum by (" + by + ") (" + expr + ")"
}

// whole adds up the labels of a metric that are not asked for, of each replica by
// itself: two that differ for the moment between two pulls must not have an incident
// twice, in its old state and in its new one.
func whole(by string, labels []string, expr string) string {
	kept := strings.Split(by, ", ")
	gone := slices.DeleteFunc(slices.Clone(labels), func(label string) bool { return slices.Contains(kept, label) })
	if len(gone) == 0 {
		return expr
	}
	return "sum without (" + strings.Join(gone, ", ") + ") (" + expr + ")"
}

// total adds up a gauge by a label, or altogether if that is "".
func total(by, metric string, matchers ...string) string {
	return gathered(by, perTenant(by, metric, matchers...))
}

// perTenant is a gauge of each tenant, once whatever the number of its replicas.
func perTenant(by, metric string, matchers ...string) string {
	return once(by, whole(by, labelsOf(metric), series(metric, matchers...)))
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

// during asks for the time range in stretches that each query counts by $__interval.
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
