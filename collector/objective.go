package collector

import (
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/history"
)

// An Objective is one of the mirror's, which decides who meets it.
type Objective = history.Objective

// DefaultObjectives are those of a team that has not declared its own.
func DefaultObjectives() []Objective {
	severities := defender.Severities()
	bySeverity := func(name string) []defender.Severity {
		i := slices.IndexFunc(severities, func(s defender.Severity) bool { return s.String() == name })
		return severities[i : i+1]
	}
	return []Objective{
		{Name: "acknowledge-high-priority", Priorities: []defender.Priority{defender.PriorityHigh}, AcknowledgeWithin: 15 * time.Minute},
		{Name: "acknowledge-high-severity", Severities: bySeverity("high"), AcknowledgeWithin: 30 * time.Minute},
		{Name: "acknowledge-medium-severity", Severities: bySeverity("medium"), AcknowledgeWithin: 4 * time.Hour},
		{Name: "resolve-high-severity", Severities: bySeverity("high"), ResolveWithin: day},
		{Name: "resolve-medium-severity", Severities: bySeverity("medium"), ResolveWithin: 3 * day},
		{Name: "resolve-low-severity", Severities: bySeverity("low"), ResolveWithin: 7 * day},
	}
}

// A target is an objective made ready to be held against every incident.
type target struct {
	Objective
	covered [wide][wide]bool // by severity and priority
}

func targets(objectives []Objective) []target {
	all := make([]target, len(objectives))
	for i, o := range objectives {
		all[i].Objective = o
		for _, s := range append(defender.Severities(), 0) {
			for _, p := range defender.Priorities() {
				all[i].covered[s][p] = o.Covers(s, p)
			}
		}
	}
	return all
}

// covers reports whether the objective is about an incident, and not yet met by it.
func (o *target) covers(in *defender.Incident) bool {
	return o.covered[in.Severity][in.Priority()] && (o.AcknowledgeWithin == 0 || !in.Acknowledged())
}

// A standing is how the open incidents do by one objective.
type standing struct {
	breached int
	next     defender.Ticks // when the next one will be; meaningful if coming
	coming   bool
}

func (s *standing) add(o *target, in *defender.Incident, taken defender.Ticks) {
	due := in.Created + ticks(o.Within())
	switch {
	case due <= taken:
		s.breached++
	case !s.coming || due < s.next:
		s.next, s.coming = due, true
	}
}

// byObjective are the families about objectives.
var byObjective = []family{
	{
		name:   "objective_breached_incidents",
		help:   "Open incidents that have missed the objective.",
		kind:   prometheus.GaugeValue,
		labels: []string{"objective"},
		read: func(r *reading, emit func(float64, ...string)) {
			for i, s := range r.standings {
				emit(float64(s.breached), r.objectives[i].Name)
			}
		},
	},
	{
		name:   "objective_next_breach_timestamp_seconds",
		help:   "Time at which the next open incident misses the objective if nobody acts, as a Unix time; absent while none can.",
		kind:   prometheus.GaugeValue,
		labels: []string{"objective"},
		read: func(r *reading, emit func(float64, ...string)) {
			for i, s := range r.standings {
				if s.coming {
					emit(seconds(s.next), r.objectives[i].Name)
				}
			}
		},
	},
	{
		name:   "objective_target_seconds",
		help:   "Time from the creation of an incident within which the objective wants it to be acknowledged or resolved.",
		kind:   prometheus.GaugeValue,
		labels: []string{"objective"},
		read: func(r *reading, emit func(float64, ...string)) {
			for i := range r.objectives {
				emit(r.objectives[i].Within().Seconds(), r.objectives[i].Name)
			}
		},
	},
}

// objectiveCounters count by objective how many incidents have met it and how many have missed
// it. All methods may be called at once.
type objectiveCounters struct {
	met, missed *prometheus.Desc

	mu     sync.Mutex
	counts map[string]*outcomes // by the objective's name
}

// outcomes are how many incidents have met one objective and missed it.
type outcomes struct{ met, missed uint64 }

func newObjectiveCounters() *objectiveCounters {
	return &objectiveCounters{
		met: prometheus.NewDesc(namespace+"_objective_met_total",
			"Incidents that met the objective: acknowledged or resolved in time.", []string{"objective"}, nil),
		missed: prometheus.NewDesc(namespace+"_objective_missed_total",
			"Incidents that missed the objective: not acknowledged or not resolved when the time had passed.", []string{"objective"}, nil),
		counts: map[string]*outcomes{},
	}
}

// set replaces the objectives that are counted.
func (c *objectiveCounters) set(objectives []Objective) {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := map[string]*outcomes{}
	for _, o := range objectives {
		if counts[o.Name] = c.counts[o.Name]; counts[o.Name] == nil {
			counts[o.Name] = &outcomes{}
		}
	}
	c.counts = counts
}

// count counts an event if it is about one of the objectives.
func (c *objectiveCounters) count(e *history.Event) {
	if e.Kind != history.ObjectiveMet && e.Kind != history.ObjectiveMissed {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch of := c.counts[e.Objective]; {
	case of == nil:
	case e.Kind == history.ObjectiveMet:
		of.met++
	default:
		of.missed++
	}
}

func (c *objectiveCounters) describe(descs chan<- *prometheus.Desc) {
	descs <- c.met
	descs <- c.missed
}

func (c *objectiveCounters) collect(metrics chan<- prometheus.Metric) {
	for name, of := range c.now() {
		metrics <- prometheus.MustNewConstMetric(c.met, prometheus.CounterValue, float64(of.met), name)
		metrics <- prometheus.MustNewConstMetric(c.missed, prometheus.CounterValue, float64(of.missed), name)
	}
}

// now returns the counts of this moment.
func (c *objectiveCounters) now() map[string]outcomes {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := make(map[string]outcomes, len(c.counts))
	for name, of := range c.counts {
		counts[name] = *of
	}
	return counts
}
