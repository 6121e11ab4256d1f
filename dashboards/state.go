package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
)

// seeing has a series for each target, 1 or 0. One that was there within the hour and
// is gone is not seeing either.
func seeing() string {
	return once(series("up") + " or 0 * last_over_time(" + series("up") + "[1h])")
}

// state says whether the numbers can be believed. It stands at the top left, and it
// speaks even where Prometheus holds nothing at all.
func state() *stat.PanelBuilder {
	return number("Exporter",
		"Whether the numbers on this page are right and current. SEEING: all of them. BLIND, with the number of targets: Microsoft Graph "+
			"cannot be read, or the exporter is gone, and its incidents are missing here. Unknown is not zero. The link in the corner leads to the reason.",
		now("", "(count("+seeing()+" == 0) or count("+seeing()+") * 0) or vector(1)")).
		Unit("suffix:BLIND").NoValue("no answer").
		Mappings([]dashboard.ValueMapping{say("0", "SEEING", blue)}).
		Thresholds(levels(blue, from(1, vermillion))).
		Links(leading("Exporter health", healthUID))
}

// age is how old the numbers are, those of the target that is furthest behind.
func age() *stat.PanelBuilder {
	return number("Age of the numbers",
		"How long ago Microsoft Graph was last read completely; of several targets the one furthest behind. After five minutes, unless "+
			"configured otherwise, the exporter withdraws its incidents rather than show old ones.",
		now("", "clamp_min(time() - min("+once(series("snapshot_timestamp_seconds"))+"), 0)")).
		Unit("s").NoValue("unknown").
		Thresholds(levels(blue, from(120, orange), from(300, vermillion)))
}
