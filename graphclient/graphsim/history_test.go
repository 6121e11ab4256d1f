package graphsim_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// key counts open incidents by severity.
func key(in graphsim.Incident) string {
	if !in.Open() {
		return ""
	}
	return in.Severity
}

func TestBounds(t *testing.T) {
	sim, at := tenant(graphsim.Config{History: true}, 3)
	second := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Second) }
	raise := func(in *graphsim.Incident) { in.Severity = "high" }
	at.Time = second(10)
	sim.Change("1", graphsim.Dated, resolve)
	at.Time = second(20)
	sim.Change("2", graphsim.Undated, raise)
	at.Time = second(30)
	sim.Change("2", graphsim.Dated, func(*graphsim.Incident) {})
	sim.Delete("3")
	at.Time = second(40)
	type bounds = map[string]graphsim.Bound
	for _, test := range []struct {
		from, to int
		slack    graphsim.Slack
		want     bounds
	}{
		{1, 9, graphsim.Slack{}, bounds{"medium": {Throughout: 3, AtAnyMoment: 3}}},
		{1, 10, graphsim.Slack{}, bounds{"medium": {Throughout: 2, AtAnyMoment: 3}}},
		{10, 10, graphsim.Slack{}, bounds{"medium": {Throughout: 2, AtAnyMoment: 3}}},
		{11, 19, graphsim.Slack{}, bounds{"medium": {Throughout: 2, AtAnyMoment: 2}}},
		{11, 19, graphsim.Slack{Dated: 5 * time.Second}, bounds{"medium": {Throughout: 2, AtAnyMoment: 3}}},
		{16, 19, graphsim.Slack{Dated: 5 * time.Second}, bounds{"medium": {Throughout: 2, AtAnyMoment: 2}}},
		{11, 40, graphsim.Slack{}, bounds{"medium": {Throughout: 0, AtAnyMoment: 2}, "high": {Throughout: 0, AtAnyMoment: 1}}},
		{21, 29, graphsim.Slack{}, bounds{"medium": {Throughout: 1, AtAnyMoment: 1}, "high": {Throughout: 1, AtAnyMoment: 1}}},
		{25, 29, graphsim.Slack{Undated: time.Minute}, bounds{"medium": {Throughout: 1, AtAnyMoment: 2}, "high": {Throughout: 0, AtAnyMoment: 1}}},
		// The dated change makes a reader see the undated one before it.
		{31, 39, graphsim.Slack{Undated: time.Minute}, bounds{"medium": {Throughout: 0, AtAnyMoment: 1}, "high": {Throughout: 1, AtAnyMoment: 1}}},
		{31, 39, graphsim.Slack{}, bounds{"high": {Throughout: 1, AtAnyMoment: 1}}},
		{31, 39, graphsim.Slack{Of: func(graphsim.Transition) time.Duration { return time.Second }},
			bounds{"medium": {Throughout: 0, AtAnyMoment: 1}, "high": {Throughout: 1, AtAnyMoment: 1}}},
	} {
		got := sim.Bounds(second(test.from), second(test.to), test.slack, key)
		if diff := cmp.Diff(got, test.want); diff != "" {
			t.Errorf("%d to %d: -got +want\n%s", test.from, test.to, diff)
		}
	}
	sim.ForgetBefore(second(35))
	want := bounds{"high": {Throughout: 1, AtAnyMoment: 1}}
	if diff := cmp.Diff(sim.Bounds(second(36), second(39), graphsim.Slack{}, key), want); diff != "" {
		t.Errorf("after forgetting: -got +want\n%s", diff)
	}
}

func TestBoundsNeedHistory(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 1)
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	sim.Bounds(epoch, epoch, graphsim.Slack{}, key)
}

// A sample is what the incident's key was from one millisecond to the next, and whether the
// change to it was dated. The key of what cannot be read is "".
type sample struct {
	key   string
	in    graphsim.Incident
	there bool
	moved bool // other than before
	dated bool
}

// Bounds agrees with a reader that is tried at every millisecond with every state it could
// hold: any that was current at an earlier time, as long as no change since has been due.
func TestBoundsAgainstBruteForce(t *testing.T) {
	const end = 1500
	sim, past := lively(end)
	rng := rand.New(rand.NewPCG(5, 5))
	for range 150 {
		from := rng.IntN(end - 60)
		to := from + rng.IntN(50)
		slack := graphsim.Slack{Dated: time.Duration(rng.IntN(30)) * time.Millisecond, Undated: time.Duration(rng.IntN(60)) * time.Millisecond}
		want := map[string]graphsim.Bound{}
		for _, samples := range past {
			keys := held(samples, from, to, slack)
			for k := range keys {
				if k != "" {
					b := want[k]
					if b.AtAnyMoment++; len(keys) == 1 {
						b.Throughout++
					}
					want[k] = b
				}
			}
		}
		ms := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Millisecond) }
		if diff := cmp.Diff(sim.Bounds(ms(from), ms(to), slack, key), want); diff != "" {
			t.Fatalf("%d to %d ms, %+v: -got +want\n%s", from, to, slack, diff)
		}
	}
}

// lively plays changes of every kind for so many milliseconds, never two of them becoming
// readable in the same one, and samples what can be read.
func lively(end int) (*graphsim.Sim, map[string][]sample) {
	at, taken := &clock{epoch}, map[time.Time]bool{}
	sim := graphsim.New(graphsim.Config{Now: at.now, Ticks: 10_000_000, History: true, VisibilityLag: func(r *rand.Rand) time.Duration {
		for {
			lag := time.Duration(1+r.IntN(40)) * time.Millisecond
			if due := at.Add(lag); !taken[due] {
				taken[due] = true
				return lag
			}
		}
	}})
	past := map[string][]sample{}
	rng := rand.New(rand.NewPCG(4, 4))
	for i := range end {
		at.Time = epoch.Add(time.Duration(i) * time.Millisecond)
		observe(sim, past, i)
		if rng.IntN(4) == 0 {
			disturb(sim, rng)
		}
	}
	return sim, past
}

func disturb(sim *graphsim.Sim, rng *rand.Rand) {
	id := strconv.Itoa(1001 + rng.IntN(25))
	kind := graphsim.Dating(rng.IntN(2))
	switch rng.IntN(10) {
	case 0:
		sim.Add(graphsim.Incident{})
	case 1:
		sim.Delete(id)
	case 2, 3:
		sim.Change(id, kind, resolve)
	case 4, 5:
		sim.Change(id, kind, func(in *graphsim.Incident) { in.Status = "active" })
	default:
		severity := []string{"low", "medium", "high"}[rng.IntN(3)]
		sim.Change(id, kind, func(in *graphsim.Incident) { in.Severity = severity })
	}
}

// observe adds the sample of millisecond n for each incident ever seen.
func observe(sim *graphsim.Sim, past map[string][]sample, n int) {
	now := map[string]graphsim.Incident{}
	for _, in := range sim.Visible() {
		now[in.ID] = in
		if past[in.ID] == nil {
			past[in.ID] = make([]sample, n)
		}
	}
	for id, samples := range past {
		in, there := now[id]
		s := sample{in: in, there: there}
		if there {
			s.key = key(in)
		}
		var last sample
		if n > 0 {
			last = samples[n-1]
		}
		s.moved = there != last.there || !cmp.Equal(in, last.in)
		s.dated = there && (!last.there || !in.Updated.Equal(last.in.Updated))
		past[id] = append(samples, s)
	}
}

// held is what a reader may hold at some millisecond from from to to.
func held(samples []sample, from, to int, slack graphsim.Slack) map[string]bool {
	keys := map[string]bool{}
	for now := from; now <= to; now++ {
		latest := now + 1000 // the time by which the reader must have learned of a change since
		for i := now; i >= 0 && i > now-100; i-- {
			if now <= latest {
				keys[samples[i].key] = true
			}
			if !samples[i].moved {
				continue
			}
			due := i + int(slack.Undated.Milliseconds())
			if samples[i].dated {
				due = i + int(slack.Dated.Milliseconds())
			}
			latest = min(latest, due)
			if i > 0 && now <= latest {
				keys[samples[i-1].key] = true // current too at the moment of the change
			}
			if i == 0 && now <= latest {
				keys[""] = true
			}
		}
	}
	return keys
}
