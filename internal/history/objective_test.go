package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"msgraph_security_exporter/internal/defender"
)

// TestDecide holds one incident against objectives over its life, as one snapshot after the
// other shows it, to the second.
func TestDecide(t *testing.T) {
	const high, low = defender.Severity(5), defender.Severity(3)
	objectives := []Objective{
		{Name: "ack", Severities: []defender.Severity{high}, AcknowledgeWithin: 10 * time.Minute},
		{Name: "fix", ResolveWithin: time.Hour},
		{Name: "top", Priorities: []defender.Priority{defender.PriorityHigh}, ResolveWithin: 2 * time.Hour},
	}
	// An act is what happens to an incident that was created at 0 and first seen then, in
	// seconds after that.
	type act struct {
		updated, at int
		do          func(*defender.Incident)
	}
	nothing := func(*defender.Incident) {}
	assign := func(i *defender.Incident) { i.Assigned = true }
	giveBack := func(i *defender.Incident) { i.Assigned = false }
	resolve := func(i *defender.Incident) { i.Status = defender.StatusResolved }
	reopen := func(i *defender.Incident) { i.Status = defender.StatusActive }
	merge := func(i *defender.Incident) { i.Status = defender.StatusRedirected }
	grade := func(s defender.Severity) func(*defender.Incident) {
		return func(i *defender.Incident) { i.Severity = s }
	}
	score := func(i *defender.Incident) { i.Scored, i.Score = true, 90 }
	for _, c := range []struct {
		name  string
		first int // when the first snapshot was taken
		acts  []act
		want  string
	}{
		{"acknowledged in time", -1, []act{{600, 601, assign}}, "met:ack"},
		{"acknowledged a second late", -1, []act{{601, 602, assign}}, "missed:ack"},
		{"a second before it is due", -1, []act{{0, 599, nothing}}, ""},
		{"when it is due", -1, []act{{0, 600, nothing}, {601, 602, assign}}, "missed:ack"},
		{"given back before it is due", -1, []act{{60, 61, assign}, {120, 121, giveBack}, {120, 700, nothing}}, "met:ack"},
		{"resolved in time", -1, []act{{60, 61, resolve}}, "met:ack met:fix"},
		{"resolved between two times", -1, []act{{1200, 1201, resolve}}, "missed:ack met:fix"},
		{"late, seen late", -1, []act{{4000, 8000, resolve}}, "missed:ack missed:fix"},
		{"all missed", -1, []act{{0, 600, nothing}, {0, 3600, nothing}, {0, 9000, score}, {9100, 9101, resolve}}, "missed:ack missed:fix missed:top"},
		{"merged before it is due", -1, []act{{60, 61, merge}, {60, 9000, nothing}}, ""},
		{"merged after it was due", -1, []act{{1200, 1300, merge}}, "missed:ack"},
		{"merged and assigned", -1, []act{{1200, 1300, func(i *defender.Incident) { merge(i); assign(i) }}}, ""},
		{"merged and back", -1, []act{{60, 61, merge}, {120, 121, reopen}, {120, 9000, nothing}}, ""},
		{"reopened", -1, []act{{60, 61, resolve}, {120, 121, reopen}, {120, 9000, score}}, "met:ack met:fix"},
		{"graded down before it is due", -1, []act{{60, 61, grade(low)}, {60, 700, nothing}}, ""},
		{"graded down and up again", -1, []act{{60, 61, grade(low)}, {60, 700, nothing}, {800, 801, grade(high)}}, "missed:ack"},
		{"in and out and in", -1, []act{{0, 600, nothing}, {660, 661, grade(low)}, {700, 701, grade(high)}}, "missed:ack"},
		{"acknowledged, then graded", -1, []act{{10, 11, grade(low)}, {60, 61, assign}, {900, 901, grade(high)}}, "met:ack"},
		{"scored too late", -1, []act{{60, 61, assign}, {60, 7201, score}}, "met:ack missed:fix missed:top"},
		{"due before the first snapshot", 600, []act{{0, 700, nothing}, {700, 701, assign}}, ""},
		{"due after it", 599, []act{{0, 700, nothing}}, "missed:ack"},
		{"resolved long after its time", 3000, []act{{9000, 9001, resolve}}, "missed:fix"},
	} {
		in := &defender.Incident{ID: "1", Severity: high, Status: defender.StatusActive}
		var p Past
		var got []string
		before := in
		for _, a := range c.acts {
			now := *before
			a.do(&now)
			now.Updated = defender.Ticks(a.updated) * defender.Second
			step := interval{end: defender.Ticks(a.at) * defender.Second, first: defender.Ticks(c.first) * defender.Second}
			for _, o := range objectives {
				step.objectives = append(step.objectives, activeObjective{o, ticksIn(o.Within()), minTicks})
			}
			next := transition{before: before, now: &now, past: p.with(before), interval: step}
			next.run()
			p = next.past
			for _, e := range next.events {
				if e.Objective != "" {
					got = append(got, map[Kind]string{ObjectiveMet: "met:", ObjectiveMissed: "missed:"}[e.Kind]+e.Objective)
				}
			}
			before = &now
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestTranslate keeps what has been decided through any change of the objectives, by name.
func TestTranslate(t *testing.T) {
	named := func(names string) []activeObjective {
		var all []activeObjective
		for n := range strings.FieldsSeq(names) {
			all = append(all, activeObjective{Objective: Objective{Name: n}})
		}
		return all
	}
	for _, c := range []struct {
		last, now string
		d, want   decisions
	}{
		{"a b c", "a b c", 0b101, 0b101},
		{"a b c", "c b a", 0b001, 0b100},
		{"a b c", "x c", 0b111, 0b010},
		{"a b c", "", 0b111, 0},
		{"", "a b", allDecided, allDecided},
	} {
		if got := c.d.translate(named(c.last), named(c.now)); got != c.want {
			t.Errorf("%s to %s: got %b, want %b", c.last, c.now, got, c.want)
		}
	}
}

// TestSetObjectives shows from when an objective counts: one that stays as it is goes on, one that
// is new or has changed begins with the last snapshot.
func TestSetObjectives(t *testing.T) {
	var h History
	now := time.Unix(5000, 0)
	set := func(taken time.Time, objectives ...Objective) {
		h.SetObjectives(objectives, taken, func(func(*Past)) {})
	}
	a, b := Objective{Name: "a", ResolveWithin: time.Hour}, Objective{Name: "b", AcknowledgeWithin: time.Minute}
	set(time.Time{}, a)
	set(now, b, a)
	changed := a
	changed.ResolveWithin = 2 * time.Hour
	got := fmt.Sprint(h.objectives[0].since == defender.TicksOf(now), h.objectives[1].since == minTicks)
	set(now, changed)
	if got += fmt.Sprint(h.objectives[0].since == defender.TicksOf(now)); got != "true truetrue" {
		t.Errorf("got %s", got)
	}
	set(now, make([]Objective, 40)...)
	if len(h.objectives) != maxObjectives {
		t.Errorf("got %d objectives", len(h.objectives))
	}
}

// nobody is a copy that holds nothing.
type nobody struct{}

func (nobody) Incident(string) (*defender.Incident, Past, bool) { return nil, Past{}, false }
func (nobody) Keep(string, Past)                                {}

// BenchmarkEvents finds what happened between two snapshots of a hundred thousand open incidents
// if nothing did, at the pace of one pull a second: the time of one passes in each.
func BenchmarkEvents(b *testing.B) {
	var h History
	at := defender.TicksOf(time.Unix(1_000_000, 0))
	var open []defender.Incident
	for i := range 100_000 {
		open = append(open, defender.Incident{ID: fmt.Sprint(i), Created: at - defender.Ticks(i)*defender.Second, Status: defender.StatusActive, Severity: defender.Severity(i % 6)})
	}
	var objectives []Objective
	for i := range 6 {
		objectives = append(objectives, Objective{Name: fmt.Sprint(i), ResolveWithin: time.Duration(i+1) * time.Hour})
	}
	h.SetObjectives(objectives, time.Time{}, func(func(*Past)) {})
	for b.Loop() {
		last := at
		at += defender.Second
		h.Events(Step{Last: last.Time(), Next: at.Time(), Open: open, Touched: map[string]*defender.Incident{}}, nobody{})
	}
}
