package history

import (
	"strings"
	"testing"

	"msgraph_security_exporter/internal/defender"
)

// TestTransition plays each story of one incident between two snapshots.
func TestTransition(t *testing.T) {
	step := interval{known: 1000 * defender.Second, recent: 1800 * defender.Second, end: 2000 * defender.Second}
	type in = defender.Incident
	state := func(created, updated defender.Ticks, s defender.Status, f func(*in)) *in {
		i := &in{ID: "1", Created: created * defender.Second, Updated: updated * defender.Second, Status: s}
		if f != nil {
			f(i)
		}
		return i
	}
	assigned := func(i *in) { i.Assigned = true }
	high := func(i *in) { i.Scored, i.Score = true, 90 }
	bad := func(i *in) { i.Severity = 5 }
	for _, c := range []struct {
		name   string
		before *in
		now    *in
		past   Past
		want   string
	}{
		{"new", nil, state(1500, 1500, defender.StatusActive, nil), Past{}, "opened priority severity"},
		{"new and assigned", nil, state(1500, 1520, defender.StatusActive, assigned), Past{}, "opened priority severity acknowledged:20s"},
		{"new and resolved", nil, state(1500, 1530, defender.StatusResolved, assigned), Past{}, "opened priority severity acknowledged:30s resolved:30s"},
		{"new and resolved by itself", nil, state(1500, 1530, defender.StatusResolved, nil), Past{}, "opened priority severity resolved:30s"},
		{"new and merged", nil, state(1500, 1530, defender.StatusRedirected, assigned), Past{}, "opened priority severity merged"},
		{"new and late", nil, state(1001, 1001, defender.StatusActive, nil), Past{}, "opened priority severity"},
		{"old, missing before", nil, state(500, 1700, defender.StatusActive, assigned), Past{}, ""},
		{"old, first seen merged", nil, state(500, 1900, defender.StatusRedirected, nil), Past{}, ""},
		{"old, first seen open", nil, state(500, 1900, defender.StatusActive, assigned), Past{}, "reopened"},
		{"old, first seen closed", nil, state(500, 1900, defender.StatusResolved, nil), Past{}, ""},
		{"nothing", state(500, 500, defender.StatusActive, nil), state(500, 500, defender.StatusActive, nil), Past{}, ""},
		{"assigned", state(500, 500, defender.StatusActive, nil), state(500, 560, defender.StatusActive, assigned), Past{}, "acknowledged:1m0s"},
		{"assigned without a date", state(500, 500, defender.StatusActive, nil), state(500, 500, defender.StatusActive, assigned), Past{}, "acknowledged:25m0s"},
		{"begun when assigned before", state(500, 500, defender.StatusActive, assigned), state(500, 560, defender.StatusInProgress, assigned), Past{}, ""},
		{"assigned anew", state(500, 500, defender.StatusActive, nil), state(500, 560, defender.StatusActive, assigned), Past{acknowledged: true}, ""},
		{"scored", state(500, 500, defender.StatusActive, nil), state(500, 500, defender.StatusActive, high), Past{}, "priority"},
		{"scored again", state(500, 500, defender.StatusActive, nil), state(500, 500, defender.StatusActive, high), Past{bands: 1 << defender.PriorityHigh}, ""},
		{"worse", state(500, 500, defender.StatusActive, nil), state(500, 500, defender.StatusActive, bad), Past{}, "severity"},
		{"worse again", state(500, 500, defender.StatusActive, nil), state(500, 500, defender.StatusActive, bad), Past{severities: 1 << 5}, ""},
		{"worse when resolved", state(500, 500, defender.StatusActive, nil), state(500, 620, defender.StatusResolved, bad), Past{}, "resolved:2m0s"},
		{"resolved", state(500, 500, defender.StatusInProgress, nil), state(500, 620, defender.StatusResolved, nil), Past{}, "resolved:2m0s"},
		{"assigned and resolved", state(500, 500, defender.StatusActive, nil), state(500, 620, defender.StatusResolved, assigned), Past{}, "acknowledged:2m0s resolved:2m0s"},
		{"scored when resolved", state(500, 500, defender.StatusActive, nil), state(500, 620, defender.StatusResolved, high), Past{}, "resolved:2m0s"},
		{"merged", state(500, 500, defender.StatusActive, nil), state(500, 500, defender.StatusRedirected, assigned), Past{}, "merged"},
		{"reopened", state(500, 500, defender.StatusResolved, nil), state(500, 600, defender.StatusActive, nil), Past{bands: 1, acknowledged: true}, "reopened"},
		{"reopened, first scored when resolved", state(500, 500, defender.StatusResolved, high), state(500, 600, defender.StatusActive, high), Past{bands: 1, severities: 1, reported: true}, "reopened priority"},
		{"merged undone", state(500, 500, defender.StatusRedirected, nil), state(500, 600, defender.StatusActive, nil), Past{bands: 1}, ""},
		{"resolved, then merged", state(500, 500, defender.StatusResolved, nil), state(500, 600, defender.StatusRedirected, nil), Past{}, ""},
		{"denied", state(500, 500, defender.StatusActive, nil), nil, Past{}, ""},
		{"before its time", state(500, 500, defender.StatusActive, nil), state(500, 510, defender.StatusResolved, func(i *in) { i.Created = 600 * defender.Second }), Past{}, "resolved:0s"},
	} {
		first := transition{before: c.before, now: c.now, past: c.past.with(c.before), interval: step}
		first.run()
		if got := narrate(first.events); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if c.now == nil {
			continue
		}
		second := transition{before: c.now, now: c.now, past: first.past.with(c.now), interval: step}
		if second.run(); len(second.events) > 0 {
			t.Errorf("%s: reported again: %s", c.name, narrate(second.events))
		}
	}
}

func narrate(events []Event) string {
	var words []string
	for _, e := range events {
		word := [...]string{"opened", "priority", "severity", "acknowledged", "resolved", "reopened", "merged", "met", "missed"}[e.Kind]
		if e.Took > 0 || e.Kind == Resolved {
			word += ":" + e.Took.String()
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}
