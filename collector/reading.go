package collector

import (
	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/mirror"
)

// A reading is a report with its incidents counted once for all families.
type reading struct {
	mirror.Report
	groups    [wide][wide][wide][wide]group
	older     [wide][wide]backlog // by severity and priority, since they were created
	untouched [wide][wide]backlog // and since they were last updated
	// objectives are all that there are, standings how the incidents do by them; empty
	// while no snapshot may be served.
	objectives []target
	standings  []standing
}

// wide is more than any enumeration has values, so that counting is indexing: a
// tenant with a hundred thousand open incidents is counted at each pull.
const wide = 8

// A group is the open incidents that share one label set. Enumerations are small,
// so that the number of groups is bounded whatever the incidents carry.
type group struct {
	open, unassigned int
	// oldest is when the oldest was created, oldestUnassigned when the oldest of the
	// unassigned ones was; meaningful if there are any.
	oldest, oldestUnassigned defender.Ticks
}

// A labelSet is the labels of an incident, a rank the part of it that says how
// urgent it is. The zero of each
// enumeration is a value that this build does not know.
type (
	labelSet struct {
		rank
		status         defender.Status
		classification defender.Classification
	}
	rank struct {
		severity defender.Severity
		priority defender.Priority
	}
)

// read counts the incidents of a report. Of label sets with values that this build does not
// know there are at most so many.
func read(report mirror.Report, objectives []target, unknown int) *reading {
	r := &reading{Report: report, objectives: objectives}
	if report.Snapshot == nil {
		return r
	}
	r.standings = make([]standing, len(objectives))
	taken := defender.TicksOf(report.Snapshot.Taken)
	for i := range report.Snapshot.Open {
		in := &report.Snapshot.Open[i]
		k := rank{in.Severity, in.Priority()}
		r.older[k.severity][k.priority].add(taken, in.Created)
		r.untouched[k.severity][k.priority].add(taken, in.Updated)
		r.group(labelSet{k, in.Status, in.Classification}).add(in)
		for n := range objectives {
			if o := &objectives[n]; o.covers(in) {
				r.standings[n].add(o, in, taken)
			}
		}
	}
	r.fold(unknown)
	return r
}

func (r *reading) group(l labelSet) *group {
	return &r.groups[l.severity][l.priority][l.status][l.classification]
}

func (g *group) add(in *defender.Incident) {
	if g.open == 0 || in.Created < g.oldest {
		g.oldest = in.Created
	}
	g.open++
	if in.Assigned {
		return
	}
	if g.unassigned == 0 || in.Created < g.oldestUnassigned {
		g.oldestUnassigned = in.Created
	}
	g.unassigned++
}

// merge adds the incidents of another group.
func (g *group) merge(other *group) {
	if other.open > 0 && (g.open == 0 || other.oldest < g.oldest) {
		g.oldest = other.oldest
	}
	if other.unassigned > 0 && (g.unassigned == 0 || other.oldestUnassigned < g.oldestUnassigned) {
		g.oldestUnassigned = other.oldestUnassigned
	}
	g.open += other.open
	g.unassigned += other.unassigned
}

// ranked returns the incidents of every status and classification in one group.
func (r *reading) ranked(k rank) group {
	var sum group
	for _, byClassification := range r.groups[k.severity][k.priority] {
		for _, g := range byClassification {
			sum.merge(&g)
		}
	}
	return sum
}

// eachSet calls f for every label set that is served: each of known values,
// and each with an unknown one while there are such incidents.
func (r *reading) eachSet(f func(labelSet, *group)) {
	r.eachRank(func(k rank, _ group) {
		for _, status := range append(defender.OpenStatuses(), defender.StatusOther) {
			for _, classification := range append(defender.Classifications(), 0) {
				l := labelSet{k, status, classification}
				if g := r.group(l); l.known() || g.open > 0 {
					f(l, g)
				}
			}
		}
	})
}

// eachRank does the same for severity and priority alone; it calls nothing while
// no snapshot may be served.
func (r *reading) eachRank(f func(rank, group)) {
	if r.Snapshot == nil {
		return
	}
	for _, severity := range append(defender.Severities(), 0) {
		for _, priority := range defender.Priorities() {
			k := rank{severity, priority}
			if g := r.ranked(k); severity != 0 || g.open > 0 {
				f(k, g)
			}
		}
	}
}

// fold bounds the label sets with values that this build does not know. If there are more than
// most, the incidents of a severity and priority that have an unknown status or classification
// count under both unknown.
func (r *reading) fold(most int) {
	unknown := 0
	r.eachSet(func(l labelSet, _ *group) {
		if !l.known() {
			unknown++
		}
	})
	if unknown <= most {
		return
	}
	r.eachSet(func(l labelSet, g *group) {
		if (l.status == defender.StatusOther) != (l.classification == 0) {
			r.group(labelSet{l.rank, defender.StatusOther, 0}).merge(g)
			*g = group{}
		}
	})
}

// known reports whether this build knows every value of the label set.
func (l labelSet) known() bool {
	return l.severity != 0 && l.status != defender.StatusOther && l.classification != 0
}
