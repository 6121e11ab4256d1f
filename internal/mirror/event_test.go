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
	"msgraph_security_exporter/internal/history"
)

var weekHours = flag.Int("events.hours", 6, "hours of the scripted week that the event test plays")

func narrate(events []history.Event) string {
	var words []string
	for _, e := range events {
		word := [...]string{"opened", "priority", "severity", "acknowledged", "resolved", "reopened", "merged", "met", "missed"}[e.Kind]
		if e.Took > 0 || e.Kind == history.Resolved {
			word += ":" + e.Took.String()
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// A tally counts events as the metrics do.
type tally map[string]int

func (c tally) add(k history.Kind, in *defender.Incident) {
	switch k {
	case history.Opened, history.EnteredSeverity, history.Acknowledged, history.Reopened, history.Merged:
		c[fmt.Sprint(k, in.Severity)]++
	case history.EnteredPriority:
		c[fmt.Sprint(k, in.Priority())]++
	case history.Resolved:
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
	var past struct {
		bands        uint8
		acknowledged bool
	}
	rest := func(most time.Duration) { time.Sleep(s.slack + time.Duration(rng.Int64N(int64(most)))) }
	id := s.sim.Add(graphsim.Incident{Severity: one(rng, "informational", "low", "medium", "high")})
	happened := func(k history.Kind) {
		truth, _ := s.sim.Incident(id)
		in := fromSim(truth)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.want.add(k, &in)
		if k == history.Acknowledged || k == history.Resolved {
			s.total += in.Updated.Time().Sub(in.Created.Time())
		}
	}
	change := func(kind graphsim.Dating, f func(*graphsim.Incident)) {
		s.sim.Change(id, kind, f)
		truth, _ := s.sim.Incident(id)
		in := fromSim(truth)
		if in.Status.Open() && past.bands&(1<<in.Priority()) == 0 {
			past.bands |= 1 << in.Priority()
			happened(history.EnteredPriority)
		}
		if !past.acknowledged && in.Acknowledged() {
			past.acknowledged = true
			happened(history.Acknowledged)
		}
	}
	happened(history.Opened)
	happened(history.EnteredSeverity)
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
			happened(history.Merged)
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
		happened(history.Resolved)
		if rng.IntN(4) > 0 {
			return
		}
		rest(time.Hour)
		change(graphsim.Dated, func(in *graphsim.Incident) { in.Status = "active" })
		happened(history.Reopened)
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
	m := follow(t, sim, Config{SweepInterval: 2 * time.Minute, MaxAge: time.Hour, Observe: func(events []history.Event) {
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
