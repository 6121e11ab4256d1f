package mirror

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/defender"
)

var weekHours = flag.Int("events.hours", 6, "hours of the scripted week that the event test plays")

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
		past   past
		want   string
	}{
		{"new", nil, state(1500, 1500, defender.StatusActive, nil), past{}, "opened priority severity"},
		{"new and assigned", nil, state(1500, 1520, defender.StatusActive, assigned), past{}, "opened priority severity acknowledged:20s"},
		{"new and resolved", nil, state(1500, 1530, defender.StatusResolved, assigned), past{}, "opened priority severity acknowledged:30s resolved:30s"},
		{"new and resolved by itself", nil, state(1500, 1530, defender.StatusResolved, nil), past{}, "opened priority severity resolved:30s"},
		{"new and merged", nil, state(1500, 1530, defender.StatusRedirected, assigned), past{}, "opened priority severity merged"},
		{"new and late", nil, state(1001, 1001, defender.StatusActive, nil), past{}, "opened priority severity"},
		{"old, missing before", nil, state(500, 1700, defender.StatusActive, assigned), past{}, ""},
		{"old, first seen merged", nil, state(500, 1900, defender.StatusRedirected, nil), past{}, ""},
		{"old, first seen open", nil, state(500, 1900, defender.StatusActive, assigned), past{}, "reopened"},
		{"old, first seen closed", nil, state(500, 1900, defender.StatusResolved, nil), past{}, ""},
		{"nothing", state(500, 500, defender.StatusActive, nil), state(500, 500, defender.StatusActive, nil), past{}, ""},
		{"assigned", state(500, 500, defender.StatusActive, nil), state(500, 560, defender.StatusActive, assigned), past{}, "acknowledged:1m0s"},
		{"assigned without a date", state(500, 500, defender.StatusActive, nil), state(500, 500, defender.StatusActive, assigned), past{}, "acknowledged:25m0s"},
		{"begun when assigned before", state(500, 500, defender.StatusActive, assigned), state(500, 560, defender.StatusInProgress, assigned), past{}, ""},
		{"assigned anew", state(500, 500, defender.StatusActive, nil), state(500, 560, defender.StatusActive, assigned), past{acknowledged: true}, ""},
		{"scored", state(500, 500, defender.StatusActive, nil), state(500, 500, defender.StatusActive, high), past{}, "priority"},
		{"scored again", state(500, 500, defender.StatusActive, nil), state(500, 500, defender.StatusActive, high), past{bands: 1 << defender.PriorityHigh}, ""},
		{"worse", state(500, 500, defender.StatusActive, nil), state(500, 500, defender.StatusActive, bad), past{}, "severity"},
		{"worse again", state(500, 500, defender.StatusActive, nil), state(500, 500, defender.StatusActive, bad), past{severities: 1 << 5}, ""},
		{"worse when resolved", state(500, 500, defender.StatusActive, nil), state(500, 620, defender.StatusResolved, bad), past{}, "resolved:2m0s"},
		{"resolved", state(500, 500, defender.StatusInProgress, nil), state(500, 620, defender.StatusResolved, nil), past{}, "resolved:2m0s"},
		{"assigned and resolved", state(500, 500, defender.StatusActive, nil), state(500, 620, defender.StatusResolved, assigned), past{}, "acknowledged:2m0s resolved:2m0s"},
		{"scored when resolved", state(500, 500, defender.StatusActive, nil), state(500, 620, defender.StatusResolved, high), past{}, "resolved:2m0s"},
		{"merged", state(500, 500, defender.StatusActive, nil), state(500, 500, defender.StatusRedirected, assigned), past{}, "merged"},
		{"reopened", state(500, 500, defender.StatusResolved, nil), state(500, 600, defender.StatusActive, nil), past{bands: 1, acknowledged: true}, "reopened"},
		{"reopened, first scored when resolved", state(500, 500, defender.StatusResolved, high), state(500, 600, defender.StatusActive, high), past{bands: 1, severities: 1, reported: true}, "reopened priority"},
		{"merged undone", state(500, 500, defender.StatusRedirected, nil), state(500, 600, defender.StatusActive, nil), past{bands: 1}, ""},
		{"resolved, then merged", state(500, 500, defender.StatusResolved, nil), state(500, 600, defender.StatusRedirected, nil), past{}, ""},
		{"denied", state(500, 500, defender.StatusActive, nil), nil, past{}, ""},
		{"before its time", state(500, 500, defender.StatusActive, nil), state(500, 510, defender.StatusResolved, func(i *in) { i.Created = 600 * defender.Second }), past{}, "resolved:0s"},
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

// A tally counts events as the metrics do.
type tally map[string]int

func (c tally) add(k Kind, in *defender.Incident) {
	switch k {
	case Opened, EnteredSeverity, Acknowledged, Reopened, Merged:
		c[fmt.Sprint(k, in.Severity)]++
	case EnteredPriority:
		c[fmt.Sprint(k, in.Priority())]++
	case Resolved:
		c[fmt.Sprint(k, in.Severity, in.Classification)]++
		c[fmt.Sprint(k, in.Determination)]++
	}
}

// A script is a week of incidents that are created, assigned, worked on, scored,
// resolved, reopened, merged and deleted, and the tally of it all.
type script struct {
	sim   *graphsim.Sim
	slack time.Duration // no incident goes through two states faster
	lives sync.WaitGroup

	mu    sync.Mutex // guards what follows
	want  tally
	total time.Duration // of what was acknowledged and resolved
}

// live plays the life of one incident and ends with it.
func (s *script) live(rng *rand.Rand) {
	var past past
	rest := func(most time.Duration) { time.Sleep(s.slack + time.Duration(rng.Int64N(int64(most)))) }
	id := s.sim.Add(graphsim.Incident{Severity: one(rng, "informational", "low", "medium", "high")})
	happened := func(k Kind) {
		truth, _ := s.sim.Incident(id)
		in := fromSim(truth)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.want.add(k, &in)
		if k == Acknowledged || k == Resolved {
			s.total += in.Updated.Time().Sub(in.Created.Time())
		}
	}
	change := func(kind graphsim.Dating, f func(*graphsim.Incident)) {
		s.sim.Change(id, kind, f)
		truth, _ := s.sim.Incident(id)
		in := fromSim(truth)
		if in.Status.Open() && past.bands&bandBit(&in) == 0 {
			past.bands |= bandBit(&in)
			happened(EnteredPriority)
		}
		if !past.acknowledged && in.Acknowledged() {
			past.acknowledged = true
			happened(Acknowledged)
		}
	}
	happened(Opened)
	happened(EnteredSeverity)
	change(graphsim.Dated, func(*graphsim.Incident) {})
	rest(10 * time.Minute)
	change(graphsim.Undated, func(in *graphsim.Incident) { in.Score = new(rng.IntN(101)) })
	for {
		rest(20 * time.Minute)
		if rng.IntN(4) > 0 {
			change(graphsim.Dated, func(in *graphsim.Incident) { in.AssignedTo = "analyst@soc.example" })
			rest(20 * time.Minute)
			change(graphsim.Dated, func(in *graphsim.Incident) { in.Status = "inProgress" })
			rest(20 * time.Minute)
		}
		switch rng.IntN(8) {
		case 0:
			happened(Merged)
			s.sim.Change(id, graphsim.Dated, func(in *graphsim.Incident) { in.Status = "redirected" })
			return
		case 1:
			s.sim.Delete(id)
			return
		}
		change(graphsim.Dated, func(in *graphsim.Incident) {
			in.Status = "resolved"
			in.Classification = one(rng, "unknown", "falsePositive", "truePositive")
			in.Determination = one(rng, "unknown", "malware", "phishing")
		})
		happened(Resolved)
		if rng.IntN(4) > 0 {
			return
		}
		rest(time.Hour)
		change(graphsim.Dated, func(in *graphsim.Incident) { in.Status = "active" })
		happened(Reopened)
	}
}

// TestEvents reports a scripted week, pulled with faults, exactly: each change once,
// whatever order answers come in and however often a row is read.
func TestEvents(t *testing.T) {
	for _, every := range []time.Duration{30 * time.Second, 5 * time.Minute} {
		t.Run(every.String(), func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			synctest.Test(t, func(t *testing.T) { playWeek(t, seed, every) })
		})
	}
}

func playWeek(t *testing.T, seed uint64, every time.Duration) {
	sim := graphsim.New(graphsim.Config{Seed: seed, Latency: 100 * time.Millisecond, Jitter: time.Second})
	fill(sim, 60, 30*24*time.Hour)
	got := tally{}
	var total time.Duration
	observed := 0
	m := follow(t, sim, Config{SweepInterval: 2 * time.Minute, MaxAge: time.Hour, Observe: func(events []Event) {
		for _, e := range events {
			got.add(e.Kind, &e.Incident)
			total += e.Took
			observed++
		}
	}})
	synced(t, m)
	s := &script{sim: sim, want: tally{}, slack: every + 3*time.Minute}
	hours := time.Duration(*weekHours) * time.Hour
	for i := range uint64(hours / (5 * time.Minute)) {
		rng := rand.New(rand.NewPCG(seed, i))
		s.lives.Go(func() {
			time.Sleep(time.Duration(rng.Int64N(int64(hours))))
			s.live(rng)
		})
	}
	done := make(chan struct{})
	go func() { s.lives.Wait(); close(done) }()
	rng := rand.New(rand.NewPCG(seed, 1<<32))
	for alive := true; alive; {
		if rng.IntN(5) == 0 {
			sim.Fault(graphsim.Fault{Kind: graphsim.FaultStatus, Status: 503, Times: 1})
		}
		time.Sleep(every)
		_ = m.Refresh(t.Context())
		select {
		case <-done:
			alive = false
		default:
		}
	}
	sim.ClearFaults()
	time.Sleep(every)
	pull(t, m)
	if diff := cmp.Diff(s.want, got); diff != "" {
		t.Errorf("seed %d: events differ from the script (-want +got):\n%s", seed, diff)
	}
	if observed < 100 {
		t.Errorf("seed %d: only %d events", seed, observed)
	}
	if off := (total - s.total).Abs(); off > time.Duration(observed)*every {
		t.Errorf("seed %d: durations sum up to %s, want %s", seed, total, s.total)
	}
}
