package main

import (
	"fmt"
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/table"
)

// rank is a number for each single incident by a label: the first value is worth most.
func rank(label string, weight int, values ...string) string {
	expr := series("open_incident_info") + " * 0"
	for i, v := range slices.Backward(values) {
		expr = fmt.Sprintf("%s * %d or %s", series("open_incident_info", label+`="`+v+`"`), weight*(len(values)-i), expr)
	}
	return "(" + expr + ")"
}

// pressing lists single incidents: those that nobody has before the others, then by
// priority, by severity and by age. A tenant that is missing stands above all.
func pressing() *table.PanelBuilder {
	expr := rank("assigned", 100, "false") + " + " + rank("priority", 10, "high", "medium", "low") + " + " +
		rank("severity", 1, "high", "medium", "low", "informational")
	expr = "max by (tenant, incident_id, priority, severity, status, assigned, created, url) (" + expr + ")" +
		` or label_replace(max by (tenant) (label_replace(1e6 - ` + unseen() + `, "tenant", "$1", "who", "(.*)")), "incident_id", "` + blind + `", "", "")`
	t := list("Most pressing incidents",
		"The open incidents to begin with: first those that nobody has, then by priority, severity and age, each with a link to the Defender portal. "+
			"BLIND: those of that tenant are missing. The exporter shows single incidents only when asked to: --collector.incident-info=25.",
		rows(expr)).
		NoValue("none, or no --collector.incident-info=25").
		WithTransformation(asTime("created")).WithTransformation(sorted("created", false)).WithTransformation(sorted("Value", true))
	return laid(t, []string{"Value"},
		col("incident_id", "Incident", 80, filled(spoken(step{blind, blind, red}), property("thresholds", steps("transparent")))...),
		col("assigned", "Owner", 80, filled(spoken(step{"false", "nobody", red}, step{"true", "taken", "transparent"}), property("thresholds", steps("transparent")))...),
		graded("priority", "Priority", 85), graded("severity", "Severity", 110),
		col("created", "Created", 115, property("unit", "dateTimeFromNow")),
		col("status", "Status", 115), col("tenant", "Tenant", 100),
		col("url", "Portal", 65, portal()...))
}

// portal shows a link in place of an address.
func portal() []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{
		property("mappings", []any{map[string]any{"type": "regex", "options": map[string]any{
			"pattern": "https://.*", "result": map[string]any{"text": "open"},
		}}}),
		property("links", []map[string]any{{"title": "Open in the Defender portal", "url": "${__value.raw}", "targetBlank": true}}),
	}
}

// unmeasured has -1 for a tenant that is missing, as if that were an objective.
func unmeasured() string {
	return `max by (objective) (label_replace(` + unseen() + `, "objective", "` + blind + `: $1", "who", "(.*)")) * 0 - 1`
}

// objectives has what is due next at the top.
func objectives() *table.PanelBuilder {
	next := "min by (objective) (" + series("objective_next_breach_timestamp_seconds") + ")"
	t := list("Objectives",
		"How soon incidents are to be acknowledged or resolved, when the next open one will miss it if nobody acts, how many have, and of those decided in the time range "+
			"how many were in time. BLIND: those of that tenant are missing.",
		rows("clamp_min("+next+" - time(), 0) or "+total("objective", breached)+" * 0 + 1e10 or "+unmeasured()),
		rows(total("objective", breached)),
		rows("max by (objective) ("+series("objective_target_seconds")+")"),
		rows(attained())).
		NoValue(noData).
		WithTransformation(joined()).WithTransformation(sorted("Value #A", false))
	return laid(t, nil,
		col("objective", "Objective", 220, property("custom.align", common.FieldTextAlignmentLeft)),
		lasting("Value #C", "Target", 75),
		toned("Value #A", "Next miss in", 100, steps(red, from(60, amber), from(300, blue)),
			property("unit", "s"), property("decimals", 1), property("mappings", []dashboard.ValueMapping{sayFrom(never, "none", blue), say("-1", blind, red)})),
		toned("Value #B", "Late", 55, steps(blue, from(1, amber), from(5, red)), property("noValue", "-")),
		col("Value #D", "In time", 70, property("unit", "percentunit"), property("noValue", "-")))
}

// attained is the share of the objectives that were met among those decided in the
// time range, by objective.
func attained() string {
	return share(inRange("objective", met), "("+inRange("objective", met)+" + "+inRange("objective", lapsed)+")")
}

// alert selects series about the alerts of this exporter's rules. Some are of no job.
func alert(name, more string) string {
	return name + `{alertname=~"MsgraphSecurity.*",job=~"$job|",tenant=~"$tenant"` + more + "}"
}

// unruled finds something while the Prometheus that is asked evaluates no rules of ours: that no
// alert fires then means nothing.
func unruled() string {
	return `label_replace(label_replace(0 * max(` + series("up") + `) + 1000 * time() unless on () max(tenant:msgraph_security_up:max), ` +
		`"severity", "no rules", "", ""), "alertname", "not evaluated here", "", "")`
}

// firing lists the alerts of this exporter's rules.
func firing() *table.PanelBuilder {
	since := "min by (tenant, alertname, severity) (" + alert("ALERTS_FOR_STATE", "") + " and ignoring (alertstate) " + alert("ALERTS", `,alertstate="firing"`) + ")"
	t := list("Firing alerts", "Alerts of the exporter's rules that fire, and since when their condition holds. No rules: the Prometheus that is asked does not evaluate those of deploy/mixin, and knows of no alert.",
		rows(`label_replace(1000 * `+ranked(since, "severity", "critical", "warning", "info")+`, "alertname", "$1", "alertname", "MsgraphSecurity(.*)") or `+unruled())).
		NoValue("none fires").
		WithTransformation(sorted("Value", false)).WithTransformation(sorted("rank", false))
	return laid(t, []string{"rank"},
		col("severity", "Level", 85, filled(spoken(step{"critical", "", red}, step{"warning", "", amber}, step{"info", "", blue}, step{"no rules", "", grey}), property("thresholds", steps(grey)))...),
		col("alertname", "Alert", 220), col("tenant", "Tenant", 100),
		col("Value", "Since", 115, property("unit", "dateTimeFromNow")))
}

// tenants has a line for each, which is what a team that watches many begins with.
func tenants() *table.PanelBuilder {
	by := func(metric string, matchers ...string) query { return rows(perTenant("", metric, matchers...)) }
	t := list("By tenant", "The same for each tenant: where one exporter serves many, by the label that Prometheus gives them.",
		rows(sight()), by(open), by(open, `priority="high"`), by(open, `severity="high"`), by(unassigned), by(breached)).
		WithTransformation(joined()).WithTransformation(sorted("Value #C", true)).WithTransformation(sorted("Value #A", false))
	return laid(t, nil,
		col("job", "Job", 150), col("tenant", "Tenant", 150), seen("Value #A", "Exporter"), col("Value #B", "Open", 80),
		col("Value #C", "High priority", 110), col("Value #D", "High severity", 110),
		col("Value #E", "Assigned to nobody", 150), col("Value #F", "Objectives missed", 140))
}
