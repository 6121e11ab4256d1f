package statuspage

import (
	"maps"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"

	"msgraph_security_exporter/internal/defender"
)

// namespace begins the names of the metrics that the page reads.
const namespace = "msgraph_security_"

// shown is how many severities a chart tells apart.
const shown = 6

// scale is the severities of a chart from the bottom up, in the words of the metrics.
var scale = [shown]string{"high", "medium", "low", "informational", "unknown", "other"}

// A rank is how urgent incidents are. Where one of them is empty it is any: a margin of the table.
type rank struct{ severity, priority string }

// A standing is how the open incidents do by one objective.
type standing struct {
	missed int
	next   time.Time // when the next one misses it; zero if none can
	target time.Duration
}

// An incident is one of the most pressing.
type incident struct {
	ID, Severity, Priority, Status, URL string
	Assigned                            bool
	Created                             time.Time
}

// numbers are what one answer of the metrics says, as far as the page shows it. They are not written
// to once they are read.
type numbers struct {
	at         time.Time // of the answer
	known      bool      // whether the answer has incidents; if not, no number is shown
	taken      time.Time // of the snapshot, by Graph's clock; zero before the first
	skew       time.Duration
	up         bool
	progress   float64
	problems   []string
	open       map[rank]int // with its margins, as the next two
	unassigned map[rank]int
	oldest     map[rank]time.Time
	objectives map[string]*standing
	pressing   []incident
	opened     int // since the start, like the next two
	resolved   int
	requests   int
	limit      float64
	sweep      time.Duration
	expiry     map[string]time.Time // by the kind of credential
	fallback   bool
}

// A labelled value is one series of a metric.
type labelled struct {
	value float64
	label func(name string) string
}

func (l labelled) rank() rank { return rank{l.label("severity"), l.label("priority")} }

func (l labelled) time() time.Time { return time.UnixMicro(int64(l.value * 1e6)) }

func (l labelled) duration() time.Duration { return time.Duration(l.value * float64(time.Second)) }

// takers take one series of the metric of that name, without the namespace.
var takers = map[string]func(*numbers, labelled){
	"open_incidents": func(n *numbers, l labelled) { n.known = true; n.open[l.rank()] += int(l.value) },
	"open_incidents_unassigned": func(n *numbers, l labelled) {
		n.unassigned[l.rank()] += int(l.value)
	},
	"oldest_open_incident_created_timestamp_seconds": func(n *numbers, l labelled) { n.oldest[l.rank()] = l.time() },
	"objective_breached_incidents":                   func(n *numbers, l labelled) { n.standing(l).missed = int(l.value) },
	"objective_next_breach_timestamp_seconds":        func(n *numbers, l labelled) { n.standing(l).next = l.time() },
	"objective_target_seconds":                       func(n *numbers, l labelled) { n.standing(l).target = l.duration() },
	"open_incident_info":                             takeIncident,
	"incidents_opened_total":                         func(n *numbers, l labelled) { n.opened += int(l.value) },
	"incidents_resolved_total":                       func(n *numbers, l labelled) { n.resolved += int(l.value) },
	"graph_requests_total":                           func(n *numbers, l labelled) { n.requests += int(l.value) },
	"graph_requests_per_minute_limit":                func(n *numbers, l labelled) { n.limit = l.value },
	"sweep_period_seconds":                           func(n *numbers, l labelled) { n.sweep = l.duration() },
	"up":                                             func(n *numbers, l labelled) { n.up = l.value == 1 },
	"sync_progress_ratio":                            func(n *numbers, l labelled) { n.progress = l.value },
	"snapshot_timestamp_seconds":                     func(n *numbers, l labelled) { n.taken = l.time() },
	"clock_skew_seconds":                             func(n *numbers, l labelled) { n.skew = l.duration() },
	"credential_expiry_timestamp_seconds":            func(n *numbers, l labelled) { n.expiry[l.label("kind")] = l.time() },
	"credential_fallback":                            func(n *numbers, l labelled) { n.fallback = l.value == 1 },
	"problem": func(n *numbers, l labelled) {
		if l.value == 1 {
			n.problems = append(n.problems, l.label("reason"))
		}
	},
}

func takeIncident(n *numbers, l labelled) {
	created, _ := time.Parse(time.RFC3339, l.label("created"))
	n.pressing = append(n.pressing, incident{
		ID: l.label("incident_id"), Severity: l.label("severity"), Priority: l.label("priority"), Status: l.label("status"),
		Assigned: l.label("assigned") == "true", Created: created, URL: l.label("url"),
	})
}

func (n *numbers) standing(l labelled) *standing {
	name := l.label("objective")
	if n.objectives[name] == nil {
		n.objectives[name] = &standing{}
	}
	return n.objectives[name]
}

// read returns what an answer of the metrics says. An answer is read off one snapshot.
func read(families []*dto.MetricFamily, at time.Time) *numbers {
	n := &numbers{
		at: at, open: map[rank]int{}, unassigned: map[rank]int{}, oldest: map[rank]time.Time{},
		objectives: map[string]*standing{}, expiry: map[string]time.Time{},
	}
	for _, f := range families {
		name, _ := strings.CutPrefix(f.GetName(), namespace)
		take := takers[name]
		if take == nil {
			continue
		}
		for _, m := range f.GetMetric() {
			take(n, labelled{m.GetGauge().GetValue() + m.GetCounter().GetValue(), labelOf(m)})
		}
	}
	addMargins(n.open, sum)
	addMargins(n.unassigned, sum)
	addMargins(n.oldest, earlier)
	return n
}

// addMargins adds to what there is of each severity and priority what there is of each severity, of each
// priority and of all.
func addMargins[T any](all map[rank]T, join func(a, b T) T) {
	for r, value := range maps.Clone(all) {
		for _, margin := range []rank{{r.severity, ""}, {"", r.priority}, {}} {
			if before, ok := all[margin]; ok {
				all[margin] = join(before, value)
			} else {
				all[margin] = value
			}
		}
	}
}

func sum(a, b int) int { return a + b }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// labelOf returns a function that looks up the labels of a series.
func labelOf(m *dto.Metric) func(string) string {
	return func(name string) string {
		for _, l := range m.GetLabel() {
			if l.GetName() == name {
				return l.GetValue()
			}
		}
		return ""
	}
}

// age returns how old the snapshot is.
func (n *numbers) age(now time.Time) time.Duration {
	return max(0, now.Add(n.skew).Sub(n.taken))
}

// severities returns the severities to show, the worst first; unknown and other only while there are such
// incidents.
func (n *numbers) severities() []string {
	return slices.DeleteFunc(slices.Clone(scale[:]), func(s string) bool { return rare(s) && n.open[rank{s, ""}] == 0 })
}

// rare reports whether incidents of a severity are there only now and then.
func rare(severity string) bool { return severity == "unknown" || severity == defender.Other }

// priorities returns the priority bands, the most pressing first.
func priorities() []string {
	var names []string
	for _, p := range slices.Backward(defender.Priorities()) {
		names = append(names, p.String())
	}
	return names
}
