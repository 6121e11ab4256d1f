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

// A backlog counts the open incidents of one severity by how long ago something was.
type backlog [len(ages)]int

func (b *backlog) add(taken, at mirror.Ticks) {
	for i := range ages {
		if taken-at <= ages[i].past {
			return
		}
		b[i]++
	}
}

// byAge is a family that counts open incidents by severity and by an age.
func byAge(name, help string, of func(r *reading, severity mirror.Severity) *backlog) family {
	return family{name, help, prometheus.GaugeValue, []string{"severity", "age"}, func(r *reading, emit func(float64, ...string)) {
		r.eachSeverity(func(s mirror.Severity) {
			for i, n := range of(r, s) {
				emit(float64(n), s.String(), ages[i].name)
			}
		})
	}}
}
