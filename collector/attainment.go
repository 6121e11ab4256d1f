package collector

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/internal/mirror"
)

// attainments count by objective how many incidents have met it and how many have not. All
// methods may be called at once.
type attainments struct {
	met, missed *prometheus.Desc

	mu   sync.Mutex
	held map[string]*attainment // by the objective's name
}

// An attainment is how a team does by one objective.
type attainment struct{ met, missed uint64 }

func newAttainments() *attainments {
	return &attainments{
		met: prometheus.NewDesc(namespace+"_objective_met_total",
			"Incidents that were acknowledged or resolved in time by the objective.", []string{"objective"}, nil),
		missed: prometheus.NewDesc(namespace+"_objective_missed_total",
			"Incidents that were not acknowledged or resolved when the time of the objective passed.", []string{"objective"}, nil),
		held: map[string]*attainment{},
	}
}

// hold has these objectives be counted, from where they are.
func (a *attainments) hold(objectives []Objective) {
	a.mu.Lock()
	defer a.mu.Unlock()
	held := map[string]*attainment{}
	for _, o := range objectives {
		if held[o.Name] = a.held[o.Name]; held[o.Name] == nil {
			held[o.Name] = &attainment{}
		}
	}
	a.held = held
}

// count counts an event if it is about an objective that is held.
func (a *attainments) count(e *mirror.Event) {
	if e.Kind != mirror.ObjectiveMet && e.Kind != mirror.ObjectiveMissed {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch of := a.held[e.Objective]; {
	case of == nil:
	case e.Kind == mirror.ObjectiveMet:
		of.met++
	default:
		of.missed++
	}
}

func (a *attainments) describe(descs chan<- *prometheus.Desc) {
	descs <- a.met
	descs <- a.missed
}

func (a *attainments) collect(metrics chan<- prometheus.Metric) {
	for name, of := range a.now() {
		metrics <- prometheus.MustNewConstMetric(a.met, prometheus.CounterValue, float64(of.met), name)
		metrics <- prometheus.MustNewConstMetric(a.missed, prometheus.CounterValue, float64(of.missed), name)
	}
}

// now returns the counts of this moment.
func (a *attainments) now() map[string]attainment {
	a.mu.Lock()
	defer a.mu.Unlock()
	counts := make(map[string]attainment, len(a.held))
	for name, of := range a.held {
		counts[name] = *of
	}
	return counts
}
