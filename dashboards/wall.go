package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// wall is what hangs in the operations room: what is burning now. A screen of 1080 lines
// without menus holds all above the first heading.
func wall() board {
	return board{
		uid: wallUID, title: "Microsoft security incidents / SOC wall", from: "now-6h", refresh: "30s",
		description: "What is burning now: open incidents of Microsoft Defender XDR by priority and severity, which of them nobody has, what is late, and which alerts fire.",
		shelves: []shelf{
			{height: 8, stacks: []stack{
				wide(4, state(), age()),
				wide(4, openHigh("High priority", "priority", 10)), wide(4, openHigh("High severity", "severity", 25)),
				wide(4, nobodysHigh()), wide(4, waiting()), wide(4, due()),
			}},
			{height: 14, stacks: []stack{wide(14, pressing()), wide(10, objectives(), firing()).tall(8)}},
			{height: 6, stacks: []stack{
				wide(6, amounts("Open by severity", "Open incidents by severity, as Defender rates the kind of attack.", open, severities())),
				wide(6, amounts("Open by priority", "Open incidents by the band of their priority score: high above 85, medium from 15, low below. "+
					"No score: not enabled for the tenant, or still being computed.", open, priorities())),
				wide(12, openTrend()),
			}},
			{heading: "Who waits, and for how long", height: 8, stacks: []stack{
				wide(6, amounts("Open by status", "Open incidents by where the work on them is. Active: nobody has begun. Awaiting: for somebody else's action.", open, statuses())),
				wide(6, nobodys()),
				wide(6, amounts("Open for longer than", "Open incidents that were created longer ago. Each bar is part of the one above it.", olderThan, ages())),
				wide(6, amounts("Untouched for longer than", "Open incidents that nobody and nothing has updated for longer. Each bar is part of the one above it.", untouchedFor, ages())),
			}},
			{heading: "How it came to this", height: 8, stacks: []stack{wide(12, arrivals()), wide(12, urgentTrend())}},
			{heading: "Tenants", height: 7, stacks: []stack{wide(24, tenants())}},
		},
	}
}

// amounts are bars of a gauge by a scale, with a bar for whom it lacks.
func amounts(title, description, metric string, scale []step) *bargauge.PanelBuilder {
	queries := each(scale, now, func(m string) string { return total("", metric, m) })
	return painted(bars(title, description, append(queries, missing())...), scale)
}

// openHigh is the number that everybody looks for. Having some is a team's trade, and
// no reason for a colour; many are.
func openHigh(title, label string, many float64) *stat.PanelBuilder {
	about := map[string]string{
		"priority": "Open incidents with a priority score above 85: those to begin with. Always 0 for a tenant without priority scores. Yellow from 10.",
		"severity": "Open incidents of high severity, whatever their priority score. Yellow from 25.",
	}
	return tile(title, about[label], now(title, total("", open, label+`="high"`)), missing()).
		Text(size(22, 52)).Thresholds(levels(blue, from(many, amber)))
}

// unowned counts the incidents of high priority or high severity that are assigned to
// nobody: wherever these boards speak of such, it is this.
func unowned() string {
	return total("", unassigned, `priority="high"`) + " + " + total("", unassigned, `severity="high"`, `priority!="high"`)
}

func nobodysHigh() *stat.PanelBuilder {
	return tile("High, unowned", "Open incidents of high priority or high severity that are assigned to nobody.", now("High, unowned", unowned()), missing()).
		Text(size(22, 52)).Thresholds(levels(blue, from(1, amber), from(5, red)))
}

// nobodys has the same number as [nobodysHigh], and the rest by severity.
func nobodys() *bargauge.PanelBuilder {
	scale := severities()
	queries := []query{now("high", unowned())}
	for _, s := range scale[1:] {
		queries = append(queries, now(s.name, total("", unassigned, s.matcher, `priority!="high"`)))
	}
	return painted(bars("Assigned to nobody", "Open incidents that are assigned to nobody: high are those of high priority or of high severity, as above; the others are by severity.",
		append(queries, missing())...), scale)
}

// waiting has -1 for none, which is not the same as not known.
func waiting() *stat.PanelBuilder {
	oldest := "oldest_unassigned_incident_created_timestamp_seconds"
	return tile("Oldest unowned", "How long the oldest incident of high priority or high severity that is assigned to nobody has waited.",
		now("Oldest unowned", "clamp_min(time() - min("+series(oldest, `priority="high"`)+" or "+series(oldest, `severity="high"`)+"), 0) or "+
			total("", open)+" * 0 - 1"), missing()).
		Unit("s").Decimals(1).Text(size(22, 44)).Mappings([]dashboard.ValueMapping{say("-1", "none", blue)}).
		Thresholds(levels(blue, from(15*60, amber), from(30*60, red)))
}

// due is what has missed an objective and when the next will.
func due() *stat.PanelBuilder {
	return tile("Objectives", "Open incidents that have missed an objective, each as often as it has missed one: what is put right leaves. "+
		"Below it the time until the next open incident misses an objective if nobody acts.",
		now("Objectives missed", total("", breached)),
		now("Next miss in", "clamp_min(min("+series("objective_next_breach_timestamp_seconds")+") - time(), 0) or "+total("", open)+" * 0 + 1e10"), missing()).
		Text(size(22, 40)).Thresholds(levels(blue, from(1, amber), from(5, red))).
		OverrideByQuery("B", []dashboard.DynamicConfigValue{
			property("unit", "s"), property("decimals", 1), property("mappings", []dashboard.ValueMapping{sayFrom(never, "none", blue)}),
			property("thresholds", steps(red, from(60, amber), from(5*60, blue))),
		})
}

func openTrend() *timeseries.PanelBuilder {
	return painted(layers("Open by severity over time", "Open incidents by severity. A gap: of some tenant they were not known.",
		each(severities(), over, func(m string) string { return allSeen(total("", open, m)) })...), severities()).Decimals(0)
}

func urgentTrend() *timeseries.PanelBuilder {
	return painted(trend("High ones over time", "Open incidents of high priority, of high severity, and those of either that are assigned to nobody. A gap: of some tenant they were not known.",
		over("high priority", allSeen(total("", open, `priority="high"`))),
		over("high severity", allSeen(total("", open, `severity="high"`))),
		over("unowned", allSeen(unowned()))),
		[]step{{"high priority", "", red}, {"high severity", "", amber}, {"unowned", "", blue}}).Decimals(0)
}

func arrivals() *timeseries.PanelBuilder {
	return painted(counts("New incidents", "Incidents that appeared in each stretch of time, by severity. A gap: some tenant was not seen at the end of it.",
		each(severities(), during, func(m string) string { return allSeen(counted("", opened, "$__interval", m)) })...), severities())
}
