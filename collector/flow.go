package collector

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/history"
)

// A counter is one metric that counts events of a kind, by labels of the incident.
type counter struct {
	name   string // without the namespace
	help   string
	kind   history.Kind
	labels []label
}

// A label is how an incident is told apart by one of its properties.
type label struct {
	name  string
	of    func(*defender.Incident) string
	known []string // values that are sent from the start, zeros too
}

var (
	bySeverity = label{"severity", func(in *defender.Incident) string { return in.Severity.String() },
		names(defender.Severities())}
	byPriority = label{"priority", func(in *defender.Incident) string { return in.Priority().String() },
		names(defender.Priorities())}
	byClassification = label{"classification", func(in *defender.Incident) string { return in.Classification.String() },
		names(defender.Classifications())}
	byDetermination = label{"determination", func(in *defender.Incident) string { return in.Determination.String() },
		names(defender.Determinations())}
)

// counters are the families about what happens to incidents, since the exporter's
// start.
var counters = []counter{
	{"incidents_opened_total", "Incidents that were opened.", history.Opened, []label{bySeverity}},
	{"incidents_entered_priority_total", "Incidents that entered the priority band for the first time while open, by creation or by scoring.",
		history.EnteredPriority, []label{byPriority}},
	{"incidents_entered_severity_total", "Incidents that entered the severity for the first time while open, by creation or by change.",
		history.EnteredSeverity, []label{bySeverity}},
	{"incidents_resolved_total", "Times that an open incident was resolved.", history.Resolved, []label{bySeverity, byClassification}},
	{"incidents_determined_total", "Times that an open incident was resolved, by what it was determined to be.",
		history.Resolved, []label{byDetermination}},
	{"incidents_reopened_total", "Times that a resolved incident was reopened.", history.Reopened, []label{bySeverity}},
	{"incidents_merged_total", "Open incidents that were merged into another.", history.Merged, []label{bySeverity}},
}

// A duration is one metric of how long events of a kind take from the creation of
// the incident, by one of its labels.
type duration struct {
	name    string
	help    string
	kind    history.Kind
	by      label
	buckets []time.Duration
}

const day = 24 * time.Hour

// The bounds of the classic buckets.
var (
	acknowledgeBuckets = []time.Duration{
		time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, day, 3 * day, 7 * day,
	}
	resolveBuckets = []time.Duration{
		5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour, 8 * time.Hour, day, 2 * day, 3 * day, 7 * day, 14 * day, 30 * day,
	}
)

// durations are the families about how fast a team is. Severity and priority have
// families of their own: together they would be a thousand series.
var durations = []duration{
	{"incident_acknowledge_duration_seconds", "Time from the creation of an incident until it was first assigned or in progress.",
		history.Acknowledged, bySeverity, acknowledgeBuckets},
	{"incident_resolve_duration_seconds", "Time from the creation of an incident until it was resolved.",
		history.Resolved, bySeverity, resolveBuckets},
	{"incident_acknowledge_duration_by_priority_seconds", "Time from the creation of an incident until it was first assigned or in progress, by its priority then.",
		history.Acknowledged, byPriority, acknowledgeBuckets},
	{"incident_resolve_duration_by_priority_seconds", "Time from the creation of an incident until it was resolved, by its priority then.",
		history.Resolved, byPriority, resolveBuckets},
}

// A Flow counts what happens to the incidents of one tenant. It implements
// [prometheus.Collector]; all its methods may be called at once.
type Flow struct {
	counts     []*prometheus.CounterVec
	times      []*prometheus.HistogramVec
	objectives *objectiveCounters
	exemplars  bool
}

// NewFlow returns a Flow at zero. With exemplars, an OpenMetrics answer names an
// incident beside each bucket of how long things took.
func NewFlow(exemplars bool) *Flow {
	f := &Flow{exemplars: exemplars, objectives: newObjectiveCounters()}
	for _, c := range counters {
		vec := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: c.name, Help: c.help}, labelNames(c.labels))
		eachKnown(c.labels, func(values []string) { vec.WithLabelValues(values...) })
		f.counts = append(f.counts, vec)
	}
	for _, s := range durations {
		vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace:                       namespace,
			Name:                            s.name,
			Help:                            s.help,
			Buckets:                         inSeconds(s.buckets),
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  160,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{s.by.name})
		eachKnown([]label{s.by}, func(values []string) { vec.WithLabelValues(values...) })
		f.times = append(f.times, vec)
	}
	return f
}

// SetObjectives replaces the objectives by which incidents are counted as met and missed. One of a
// name that was counted before goes on from where it was.
func (f *Flow) SetObjectives(objectives []Objective) { f.objectives.set(objectives) }

// Observe counts events.
func (f *Flow) Observe(events []history.Event) {
	for i := range events {
		e := &events[i]
		f.objectives.count(e)
		for n, c := range counters {
			if c.kind == e.Kind {
				f.counts[n].WithLabelValues(valuesOf(&e.Incident, c.labels)...).Inc()
			}
		}
		for n, s := range durations {
			if s.kind == e.Kind {
				f.time(f.times[n].WithLabelValues(s.by.of(&e.Incident)), e)
			}
		}
	}
}

// time adds how long an event took to a histogram.
func (f *Flow) time(h prometheus.Observer, e *history.Event) {
	took := e.Took.Seconds()
	if x, ok := h.(prometheus.ExemplarObserver); ok && f.exemplars {
		x.ObserveWithExemplar(took, prometheus.Labels{"incident_id": displayID(e.Incident.ID)})
		return
	}
	h.Observe(took)
}

// Describe implements [prometheus.Collector].
func (f *Flow) Describe(descs chan<- *prometheus.Desc) {
	for _, vec := range f.counts {
		vec.Describe(descs)
	}
	for _, vec := range f.times {
		vec.Describe(descs)
	}
	f.objectives.describe(descs)
}

// Collect implements [prometheus.Collector].
func (f *Flow) Collect(metrics chan<- prometheus.Metric) {
	for _, vec := range f.counts {
		vec.Collect(metrics)
	}
	for _, vec := range f.times {
		vec.Collect(metrics)
	}
	f.objectives.collect(metrics)
}

func names[E interface{ String() string }](values []E) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = v.String()
	}
	return all
}

func labelNames(labels []label) []string {
	all := make([]string, len(labels))
	for i, l := range labels {
		all[i] = l.name
	}
	return all
}

func valuesOf(in *defender.Incident, labels []label) []string {
	all := make([]string, len(labels))
	for i, l := range labels {
		all[i] = l.of(in)
	}
	return all
}

// eachKnown calls f with every combination of known values.
func eachKnown(labels []label, f func(values []string)) {
	if len(labels) == 0 {
		f(nil)
		return
	}
	for _, v := range labels[0].known {
		eachKnown(labels[1:], func(rest []string) { f(slices.Concat([]string{v}, rest)) })
	}
}

func inSeconds(bounds []time.Duration) []float64 {
	all := make([]float64, len(bounds))
	for i, d := range bounds {
		all[i] = d.Seconds()
	}
	return all
}
