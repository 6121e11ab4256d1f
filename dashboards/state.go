package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
)

// What stands where there is no number, in words that differ: none is a zero.
const (
	blind   = "BLIND"   // there are incidents, and they cannot be read
	noData  = "no data" // nothing has been read yet, or Prometheus holds nothing
	seeing  = "SEEING"
	lost    = "lost" // a tenant of which not even the age is known
	gone    = "GONE" // a target that does not answer Prometheus
	reading = 0.5    // the value of a tenant that is being read for the first time
)

// sight is of each tenant 1 if its numbers can be believed, 0 if not, and 0.5 while it
// is read for the first time. A target that does not answer Prometheus counts for as long
// as Prometheus tries, and one that Prometheus has forgotten for an hour.
func sight() string {
	return once("", series("up")+
		` or 0.5 * (`+series("problem", `reason="synchronising"`)+` == 1)`+
		` or 0 * (up{`+choice+`} == 0)`+
		` or 0 * last_over_time(`+series("up")+`[1h])`)
}

// allSeen is the condition under which a total over time is drawn: a line that goes on
// with one tenant less looks like a line that falls.
func allSeen(expr string) string { return "(" + expr + ") unless on () (" + sight() + " < 1)" }

// unseen names a tenant of which a total has nothing: the label who, with how many more
// there are. The value is that of [sight]. It finds nothing while all are seen.
func unseen() string {
	x := "(" + sight() + " < 1)"
	return `label_replace(label_join(` + named("bottomk(1, "+x+")") +
		` + on () group_left (more) 0 * count_values("more", count(` + x + `) - 1), "who", " +", "who", "more"), "who", "$1", "who", "(.*) [+]0")`
}

// named gives the label who to series: the tenant or, where there is only one, the job.
func named(expr string) string {
	return `label_replace(label_replace(` + expr + `, "who", "$1", "job", "(.*)"), "who", "$1", "tenant", "(.+)")`
}

// missingID is the id of the query for [unseen], on every panel that shows a total.
const missingID = "Z"

// missing is the query that has a panel say what it lacks.
func missing() query { return now("{{who}}", unseen()).RefId(missingID) }

// honest has a panel show a tenant that is missing in red, beside the numbers of the others.
func honest(p *dashboard.Panel) {
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, dashboard.DashboardFieldConfigSourceOverrides{
		Matcher: dashboard.MatcherConfig{Id: "byFrameRefID", Options: missingID},
		Properties: []dashboard.DynamicConfigValue{
			property("mappings", []dashboard.ValueMapping{say("0", blind, red), say("0.5", noData, grey)}),
			property("color", map[string]string{"mode": "thresholds"}), property("thresholds", steps(red)),
			property("min", -1), property("max", 0), // a bar is full of it
		},
	})
}

// state says whether the numbers can be believed. It stands at the top left.
func state() *stat.PanelBuilder {
	return tile("Exporter",
		"Whether the numbers on this page are right and current. SEEING: those of all tenants. BLIND, with the name of a tenant and how many more: Microsoft Graph "+
			"cannot be read, or the exporter does not answer, and the incidents are missing here. Unknown is not zero. No data: nothing has been read yet. "+
			"The link in the corner leads to the reason.",
		now("Exporter", "min("+sight()+") == 1"), missing()).
		Mappings([]dashboard.ValueMapping{say("1", seeing, blue)}).
		Links(leading("Exporter health", healthUID))
}

// endless is the age of numbers that there are none of, and never a moment that does
// not come. No age and no moment is as far away.
const (
	endless = 2e10
	never   = 1e10
)

// age is how old the numbers are, those of the tenant that is furthest behind. One
// of which nothing is left is further behind than any.
func age() *stat.PanelBuilder {
	old := "clamp_min(time() - " + once("", series("snapshot_timestamp_seconds")) + ", 0)"
	return tile("Age of numbers",
		"How long ago Microsoft Graph was last read completely; of several tenants the one furthest behind. Lost: one of them does not answer. After five minutes, unless "+
			"configured otherwise, the exporter withdraws its incidents rather than show old ones.",
		now("Age of numbers", "max("+old+" or 2e10 - 1e10 * "+sight()+")")).
		Unit("s").Mappings([]dashboard.ValueMapping{sayFrom(endless, lost, red), sayBetween(never, endless-1, noData, grey)}).
		Thresholds(levels(blue, from(120, amber), from(300, red)))
}
