package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/internal/mirror"
)

// An age is a step of the backlog's age; an incident counts in every step that it
// has passed.
type age struct {
	name string
	past mirror.Ticks
}

// ages are the steps, the shortest first.
var ages = [...]age{
	{"1h", ticks(time.Hour)}, {"4h", ticks(4 * time.Hour)}, {"1d", ticks(day)},
	{"3d", ticks(3 * day)}, {"7d", ticks(7 * day)}, {"30d", ticks(30 * day)},
}

func ticks(d time.Duration) mirror.Ticks { return mirror.Ticks(d / 100) }

// A backlog counts open incidents by how long ago something was.
type backlog [len(ages)]int

func (b *backlog) add(taken, at mirror.Ticks) {
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
