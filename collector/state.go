package collector

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/mirror"
)

// state are the families about the exporter itself. They are there whether or not
// incidents may be served.
var state = []family{
	{
		name: "up",
		help: "Whether the last refresh succeeded and the snapshot is within the maximum age: 1 or 0.",
		kind: prometheus.GaugeValue,
		read: one(func(r *reading) (float64, bool) { return number(r.Up), true }),
	},
	{
		name:   "problem",
		help:   "Whether reading from Microsoft Graph is in trouble for that reason at present: 1 or 0.",
		kind:   prometheus.GaugeValue,
		labels: []string{"reason"},
		read: func(r *reading, emit func(float64, ...string)) {
			for _, p := range mirror.Problems() {
				emit(number(slices.Contains(r.Problems, p)), string(p))
			}
		},
	},
	{
		name: "snapshot_timestamp_seconds",
		help: "The time on Graph's clock of the last complete snapshot, as a Unix time; absent until there is one.",
		kind: prometheus.GaugeValue,
		read: one(func(r *reading) (float64, bool) {
			return seconds(defender.TicksOf(r.Taken)), !r.Taken.IsZero()
		}),
	},
	{
		name: "sync_progress_ratio",
		help: "How much of the first synchronisation is done, from 0 to 1, and 1 ever after.",
		kind: prometheus.GaugeValue,
		read: one(func(r *reading) (float64, bool) { return r.Progress, true }),
	},
	{
		name:   "refreshes_total",
		help:   "Refreshes by result.",
		kind:   prometheus.CounterValue,
		labels: []string{"result"},
		read: func(r *reading, emit func(float64, ...string)) {
			emit(float64(r.Succeeded), "success")
			emit(float64(r.Failed), "error")
		},
	},
	{
		name: "last_refresh_duration_seconds",
		help: "How long the last refresh took, whatever its result; absent until one has ended.",
		kind: prometheus.GaugeValue,
		read: one(func(r *reading) (float64, bool) { return r.LastRefresh.Seconds(), r.LastRefresh > 0 }),
	},
	{
		name: "graph_requests_per_minute_limit",
		help: "Requests a minute that the limiter on this side allows at present.",
		kind: prometheus.GaugeValue,
		read: one(func(r *reading) (float64, bool) { return r.RequestsPerMinute, true }),
	},
	{
		name:   "sweep_corrections_total",
		help:   "Open incidents that a sweep found otherwise than the passes had left them, by kind of difference.",
		kind:   prometheus.CounterValue,
		labels: []string{"kind"},
		read: func(r *reading, emit func(float64, ...string)) {
			for _, c := range mirror.Corrections() {
				emit(float64(r.Corrections[c]), c.String())
			}
		},
	},
	{
		name: "sweep_period_seconds",
		help: "The longest that an incident older than an hour goes, or has gone by now, without being read again; absent until known.",
		kind: prometheus.GaugeValue,
		read: one(func(r *reading) (float64, bool) { return r.SweepPeriod.Seconds(), r.SweepPeriod > 0 }),
	},
	{
		name: "sweep_young_period_seconds",
		help: "Longest time that an incident younger than an hour has gone without being read again; absent until it is known, and while there is no such incident.",
		kind: prometheus.GaugeValue,
		read: one(func(r *reading) (float64, bool) { return r.YoungPeriod.Seconds(), r.YoungPeriod > 0 }),
	},
	{
		name: "lookback_age_seconds",
		help: "Time since the last lookback began, which finds changes that become readable late; absent until one has completed.",
		kind: prometheus.GaugeValue,
		read: one(func(r *reading) (float64, bool) { return r.LookbackAge.Seconds(), r.LookbackAge > 0 }),
	},
	{
		name: "mirror_incidents",
		help: "Incidents held in memory: open ones, and closed ones that a late answer could still show open.",
		kind: prometheus.GaugeValue,
		read: one(func(r *reading) (float64, bool) { return float64(r.Incidents), true }),
	},
	{
		name: "clock_skew_seconds",
		help: "Graph's clock less that of this host; absent until known.",
		kind: prometheus.GaugeValue,
		read: one(func(r *reading) (float64, bool) { return r.ClockSkew.Round(time.Millisecond).Seconds(), r.SkewKnown }),
	},
	{
		name:   "unknown_values_total",
		help:   "Rows read with a value that this build does not know, by field.",
		kind:   prometheus.CounterValue,
		labels: []string{"field"},
		read: func(r *reading, emit func(float64, ...string)) {
			for _, f := range defender.Fields() {
				emit(float64(r.UnknownValues[f]), f.String())
			}
		},
	},
}

// one reads a family of a single series; false: absent.
func one(value func(*reading) (float64, bool)) func(*reading, func(float64, ...string)) {
	return func(r *reading, emit func(float64, ...string)) {
		if v, ok := value(r); ok {
			emit(v)
		}
	}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
