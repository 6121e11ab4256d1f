package collector

import (
	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/internal/mirror"
)

var rankLabels = []string{"severity", "priority"}

// incidents are the families about the tenant's incidents. They are absent while
// there is no snapshot that may be served: unknown is not zero.
var incidents = []family{
	{
		name:   "open_incidents",
		help:   "Open incidents (neither resolved nor merged into another), zero where there are none; a value that this build does not know is other.",
		kind:   prometheus.GaugeValue,
		labels: []string{"severity", "status", "classification", "priority"},
		read:   readOpen,
	},
	{
		name:   "open_incidents_unassigned",
		help:   "Open incidents that are assigned to nobody.",
		kind:   prometheus.GaugeValue,
		labels: rankLabels,
		read: func(r *reading, emit func(float64, ...string)) {
			if r.Snapshot == nil {
				return
			}
			ranks(r.unassigned, func(k rankKey) {
				emit(float64(r.unassigned[k]), k.severity.String(), k.priority.String())
			})
		},
	},
	{
		name:   "oldest_open_incident_created_timestamp_seconds",
		help:   "When the oldest open incident was created (createdDateTime), in seconds since 1970; absent where none is open.",
		kind:   prometheus.GaugeValue,
		labels: rankLabels,
		read: func(r *reading, emit func(float64, ...string)) {
			for k, created := range r.oldest {
				emit(seconds(created), k.severity.String(), k.priority.String())
			}
		},
	},
}

func readOpen(r *reading, emit func(float64, ...string)) {
	if r.Snapshot == nil {
		return
	}
	one := func(k openKey, n int) {
		emit(float64(n), k.severity.String(), k.status.String(), k.classification.String(), k.priority.String())
	}
	known := map[openKey]bool{}
	for _, k := range knownOpen() {
		known[k] = true
		one(k, r.open[k])
	}
	for k, n := range r.open {
		if !known[k] {
			one(k, n)
		}
	}
}

// seconds returns an instant as seconds since 1970.
func seconds(t mirror.Ticks) float64 { return float64(t) / 1e7 }
