package history

import (
	"maps"
	"slices"
	"testing"
	"time"

	"msgraph_security_exporter/internal/defender"
)

// A held incident is what a copy has of one.
type held struct {
	now  *defender.Incident
	past Past
}

// copyOf is a copy of incidents by their ids.
type copyOf map[string]held

// Incident implements [Copy].
func (c copyOf) Incident(id string) (*defender.Incident, Past, bool) {
	h, ok := c[id]
	return h.now, h.past, ok
}

// Keep implements [Copy].
func (c copyOf) Keep(id string, p Past) { c[id] = held{c[id].now, p} }

// A play takes a history from snapshot to snapshot.
type play struct {
	t       *testing.T
	history History
	copy    copyOf
	last    int // when the last snapshot was taken, in seconds
}

func second(n int) defender.Ticks { return defender.TicksOf(time.Unix(int64(10_000+n), 0)) }

// step takes the next snapshot, in which some incidents have become others, and checks what is told of it and which
// incidents were looked at.
func (p *play) step(next int, changed map[string]*defender.Incident, want string, looked ...string) {
	p.t.Helper()
	s := Step{Last: second(p.last).Time(), Next: second(next).Time(), Touched: map[string]*defender.Incident{}}
	for _, h := range p.copy {
		if h.now != nil && h.now.Status.Open() {
			s.Open = append(s.Open, *h.now)
		}
	}
	for id, now := range changed {
		s.Touched[id] = p.copy[id].now
		p.copy[id] = held{now, p.copy[id].past}
	}
	if got := narrate(p.history.Events(s, p.copy)); got != want {
		p.t.Errorf("at %d: got %q, want %q", next, got, want)
	}
	if got := slices.Sorted(maps.Keys(s.Touched)); !slices.Equal(got, looked) {
		p.t.Errorf("at %d: looked at %v, want %v", next, got, looked)
	}
	p.last = next
}

// begin returns a history whose first snapshot is taken at 0, with an objective of ten minutes.
func begin(t *testing.T) *play {
	t.Helper()
	p := &play{t: t, copy: copyOf{}}
	p.history.SetObjectives([]Objective{{Name: "ack", AcknowledgeWithin: 10 * time.Minute}}, time.Time{}, func(func(*Past)) {})
	return p
}

// incident returns one that was created and updated at some seconds.
func incident(id string, created, updated int, s defender.Status) map[string]*defender.Incident {
	return map[string]*defender.Incident{id: {ID: id, Created: second(created), Updated: second(updated), Status: s}}
}

// TestLife follows an incident from its creation until it is forgotten and comes back. An objective is missed when
// its time has passed, although nothing has changed then, and once.
func TestLife(t *testing.T) {
	p := begin(t)
	p.step(10, incident("1", 5, 5, defender.StatusActive), "opened priority severity", "1")
	p.step(604, nil, "")
	p.step(605, nil, "missed", "1")
	p.step(606, nil, "")
	p.step(700, incident("1", 5, 690, defender.StatusResolved), "resolved:11m25s", "1")
	delete(p.copy, "1")
	p.step(800, incident("1", 5, 790, defender.StatusActive), "reopened", "1")
	p.step(5000, incident("1", 5, 4990, defender.StatusResolved), "resolved:1h23m5s", "1")
}

// TestDenied shows that an incident that Graph denies and then shows again is no new one.
func TestDenied(t *testing.T) {
	p := begin(t)
	p.step(10, incident("1", 5, 5, defender.StatusActive), "opened priority severity", "1")
	p.step(20, map[string]*defender.Incident{"1": nil}, "", "1")
	delete(p.copy, "1")
	p.step(30, incident("1", 5, 5, defender.StatusActive), "", "1")
}

// TestBeforeTheFirstSnapshot shows that nothing is told of what was before it: neither that an incident was opened,
// nor which objectives it has missed.
func TestBeforeTheFirstSnapshot(t *testing.T) {
	p := begin(t)
	p.step(10, incident("1", -100, 5, defender.StatusActive), "reopened", "1")
	p.step(501, nil, "", "1")
	late := incident("2", -601, -601, defender.StatusActive)
	p = begin(t)
	p.copy["2"] = held{now: late["2"]}
	p.step(10, late, "", "2")
	p.history.Forget()
	p.step(20, incident("3", 11, 11, defender.StatusActive), "opened priority severity", "3")
	p.history.Forget()
	p.step(30, incident("4", 15, 15, defender.StatusActive), "", "4")
}

// TestUpdateOfLongAgo shows that an incident of before the first snapshot that turns up with an update of more than
// a quarter of an hour ago was open all the time, and missing from an answer.
func TestUpdateOfLongAgo(t *testing.T) {
	for updated, want := range map[int]string{4000 - 930: "", 4000 - 929: "reopened"} {
		p := begin(t)
		p.step(4000, nil, "")
		p.step(4010, incident("1", -5000, updated, defender.StatusActive), want, "1")
	}
}
