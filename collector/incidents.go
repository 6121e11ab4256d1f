package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/internal/defender"
)

// incidents are the families about the tenant's incidents. They are absent while
// there is no snapshot that may be served: unknown is not zero.
var incidents = []family{
	{
		name:   "open_incidents",
		help:   "Open incidents: neither resolved nor merged into another.",
		kind:   prometheus.GaugeValue,
		labels: []string{"severity", "status", "classification", "priority"},
		read: func(r *reading, emit func(float64, ...string)) {
			r.eachSet(func(l labelSet, g *group) {
				emit(float64(g.open), l.severity.String(), l.status.String(), l.classification.String(), l.priority.String())
			})
		},
	},
	{
		name:   "open_incidents_unassigned",
		help:   "Open incidents that are assigned to nobody.",
		kind:   prometheus.GaugeValue,
		labels: []string{"severity", "priority"},
		read: func(r *reading, emit func(float64, ...string)) {
			r.eachRank(func(k rank, g group) {
				emit(float64(g.unassigned), k.severity.String(), k.priority.String())
			})
		},
	},
	byAge("open_incidents_older_than", "Open incidents that were created longer ago than the age.",
		func(r *reading, k rank) *backlog { return &r.older[k.severity][k.priority] }),
	byAge("open_incidents_untouched_for", "Open incidents whose last update is longer ago than the age.",
		func(r *reading, k rank) *backlog { return &r.untouched[k.severity][k.priority] }),
	{
		name:   "oldest_open_incident_created_timestamp_seconds",
		help:   "Creation time of the oldest open incident, as a Unix time; absent where none is open.",
		kind:   prometheus.GaugeValue,
		labels: []string{"severity", "priority"},
		read: func(r *reading, emit func(float64, ...string)) {
			r.eachRank(func(k rank, g group) {
				if g.open > 0 {
					emit(seconds(g.oldest), k.severity.String(), k.priority.String())
				}
			})
		},
	},
	{
		name:   "oldest_unassigned_incident_created_timestamp_seconds",
		help:   "Creation time of the oldest open incident that is assigned to nobody, as a Unix time; absent where there is none.",
		kind:   prometheus.GaugeValue,
		labels: []string{"severity", "priority"},
		read: func(r *reading, emit func(float64, ...string)) {
			r.eachRank(func(k rank, g group) {
				if g.unassigned > 0 {
					emit(seconds(g.oldestUnassigned), k.severity.String(), k.priority.String())
				}
			})
		},
	},
}

// seconds returns an instant as seconds since 1970.
func seconds(t defender.Ticks) float64 { return float64(t) / 1e7 }

// An age is a step of the backlog's age; an incident counts in every step that it
// has passed.
type age struct {
	name string
	past defender.Ticks
}

// ages are the steps, the shortest first.
var ages = [...]age{
	{"1h", ticks(time.Hour)}, {"4h", ticks(4 * time.Hour)}, {"1d", ticks(day)},
	{"3d", ticks(3 * day)}, {"7d", ticks(7 * day)}, {"30d", ticks(30 * day)},
}

func ticks(d time.Duration) defender.Ticks { return defender.Ticks(d / 100) }

// A backlog counts open incidents by how long ago something was.
type backlog [len(ages)]int

func (b *backlog) add(taken, at defender.Ticks) {
	for i := range ages {
		if taken-at <= ages[i].past {
			return
		}
		b[i]++
	}
}

// byAge is a family that counts open incidents by severity, priority and an age.
func byAge(name, help string, of func(r *reading, k rank) *backlog) family {
	return family{name, help, prometheus.GaugeValue, []string{"severity", "priority", "age"}, func(r *reading, emit func(float64, ...string)) {
		r.eachRank(func(k rank, _ group) {
			for i, n := range of(r, k) {
				emit(float64(n), k.severity.String(), k.priority.String(), ages[i].name)
			}
		})
	}}
}
