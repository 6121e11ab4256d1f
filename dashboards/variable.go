package main

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// The dashboards, by the ids that links and bookmarks hold.
const (
	wallUID        = "msgraph-security-wall"
	performanceUID = "msgraph-security-performance"
	healthUID      = "msgraph-security-health"
)

// targets returns the variables that choose what a dashboard is about. "All" jobs are
// those that were found, since another job is none of ours; "all" tenants and instances
// are anything, so that series without the label count too.
func targets() []dashboard.VariableModel {
	return []dashboard.VariableModel{
		{
			Type: dashboard.VariableTypeDatasource, Name: "datasource", Label: new("Data source"),
			Description: new("A Prometheus that scrapes the exporter."),
			Query:       &dashboard.StringOrMap{String: new("prometheus")}, Refresh: new(dashboard.VariableRefreshOnDashboardLoad),
		},
		jobs(),
		chosen("tenant", "Tenant", `msgraph_security_up{job=~"$job"}`, ".*",
			"Where one exporter serves many tenants, by the label that Prometheus gives them. Without the label: All."),
		chosen("instance", "Instance", `msgraph_security_up{job=~"$job",tenant=~"$tenant"}`, ".*",
			"Replicas of one tenant are never added up: All is right."),
	}
}

// jobs are those that had the exporter at some time in the last week: one of which all
// targets are gone is still asked for, and missed.
func jobs() dashboard.VariableModel {
	v := chosen("job", "Job", "", "", "The job under which Prometheus scrapes the exporter, now or some time in the last week.")
	query := "query_result(count by (job) (msgraph_security_up or max_over_time(msgraph_security_up[7d:15m])))"
	v.Query.Map["query"], v.Definition, v.Regex = query, &query, new(`/job="([^"]+)"/`)
	return v
}

// chosen is a variable with the values that a label has, all of them at first.
func chosen(name, label, series, all, description string) dashboard.VariableModel {
	query := fmt.Sprintf("label_values(%s, %s)", series, name)
	v := dashboard.VariableModel{
		Type: dashboard.VariableTypeQuery, Name: name, Label: &label, Description: &description,
		Datasource: &common.DataSourceRef{Type: new("prometheus"), Uid: new("${datasource}")},
		Query:      &dashboard.StringOrMap{Map: map[string]any{"query": query, "refId": "variable"}},
		Definition: &query, Refresh: new(dashboard.VariableRefreshOnTimeRangeChanged), Sort: new(dashboard.VariableSortAlphabeticalAsc),
		Multi: new(true), IncludeAll: new(true), Current: option([]string{"All"}, []string{"$__all"}),
	}
	if all != "" {
		v.AllValue = &all
	}
	return v
}

func option(text, value []string) *dashboard.VariableOption {
	return &dashboard.VariableOption{
		Selected: new(true),
		Text:     dashboard.StringOrArrayOfString{ArrayOfString: text}, Value: dashboard.StringOrArrayOfString{ArrayOfString: value},
	}
}

// links lead from one dashboard to the others, and take the time range and the
// variables along.
func links(from string) []dashboard.DashboardLink {
	var all []dashboard.DashboardLink
	for _, to := range [][2]string{{wallUID, "SOC wall"}, {performanceUID, "SOC performance"}, {healthUID, "Exporter health"}} {
		if to[0] != from {
			all = append(all, dashboard.DashboardLink{
				Type: dashboard.DashboardLinkTypeLink, Title: to[1], Url: new("/d/" + to[0]), Icon: "dashboard",
				Tags: []string{}, IncludeVars: true, KeepTime: true,
			})
		}
	}
	return all
}

// leading is the link of a panel to a dashboard. It takes nothing along by itself.
func leading(title, uid string) []cog.Builder[dashboard.DashboardLink] {
	return []cog.Builder[dashboard.DashboardLink]{link{dashboard.DashboardLink{
		Type: dashboard.DashboardLinkTypeLink, Title: title, Tags: []string{},
		Url: new("/d/" + uid + "?${datasource:queryparam}&${job:queryparam}&${tenant:queryparam}&${instance:queryparam}&${__url_time_range}"),
	}}}
}

// A link is its own builder: the SDK's puts links into a menu that Grafana 10 has not.
type link struct{ dashboard.DashboardLink }

// Build returns the link.
func (l link) Build() (dashboard.DashboardLink, error) { return l.DashboardLink, nil }
