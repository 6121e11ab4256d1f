package server

import (
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/graphtest"
)

// objectivesFile are objectives as a file declares them, beside what they say, for the
// oracle: nil severities or bands are any.
const objectivesFile = `objectives:
  - {name: page, severities: [high], priorities: [high, none], acknowledge_within: 10m}
  - {name: look, acknowledge_within: 45m}
  - {name: mend, severities: [medium, low], resolve_within: 2h}
  - {name: pressing, priorities: [high], resolve_within: 30m}
`

// An objective is one of them.
type objective struct {
	severities, bands []string
	acknowledge       bool
	within            time.Duration
}

func objectives() map[string]objective {
	return map[string]objective{
		"page":     {[]string{"high"}, []string{"high", "none"}, true, 10 * time.Minute},
		"look":     {nil, nil, true, 45 * time.Minute},
		"mend":     {[]string{"medium", "low"}, nil, false, 2 * time.Hour},
		"pressing": {nil, []string{"high"}, false, 30 * time.Minute},
	}
}

// due returns when an incident will miss the objective if nobody acts; false if it
// cannot.
func (p objective) due(in graphsim.Incident) (time.Time, bool) {
	of := func(all []string, value string) bool { return all == nil || slices.Contains(all, value) }
	taken := in.AssignedTo != "" || in.Status == "inProgress"
	bound := in.Open() && of(p.severities, in.Severity) && of(p.bands, band(in)) && (!p.acknowledge || !taken)
	return in.Created.Add(p.within), bound
}

// expectedObjectives is what a page of a moment should say of objectives, worked out from the
// incidents.
func expectedObjectives(incidents []graphsim.Incident, at time.Time) page {
	want := page{}
	for name, p := range objectives() {
		label := `{objective="` + name + `"}`
		breached, next := "msgraph_security_objective_breached_incidents"+label, "msgraph_security_objective_next_breach_timestamp_seconds"+label
		want[breached] = 0
		for _, in := range incidents {
			due, bound := p.due(in)
			switch stamp := float64(due.UnixMilli()) / 1000; {
			case !bound:
			case !due.After(at):
				want[breached]++
			case want[next] == 0 || stamp < want[next]:
				want[next] = stamp
			}
		}
	}
	return want
}

// TestObjectivesToTheSecond has a team work for half a shift: incidents appear, are assigned
// and given back, change severity, are scored again, resolved and reopened. Every
// page tells of every objective what follows from the incidents, also in each of the
// seconds around a breach.
func TestObjectivesToTheSecond(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	synctest.Test(t, func(t *testing.T) {
		g := inProcess(t, "http://127.0.0.1:1", graphsim.Config{})
		f := inBubble(t, graphtest.Configure(t, g.Entry("contoso"), objectivesFile), io.Discard, g)
		f.pull(t, "contoso", "10")
		time.Sleep(time.Minute)
		rng := rand.New(rand.NewPCG(seed, 1))
		breaches := 0
		for end := time.Now().Add(4 * time.Hour); time.Now().Before(end); {
			changeAtRandom(g, rng)
			next := checkObjectives(t, g, f)
			wait := time.Duration(rng.Int64N(int64(4 * time.Minute)))
			if due := time.Until(next); !next.IsZero() && due < 4*time.Minute {
				breaches++
				time.Sleep(max(0, due-2*time.Second))
				for range 5 {
					checkObjectives(t, g, f)
					time.Sleep(time.Second)
				}
				continue
			}
			time.Sleep(wait)
		}
		if breaches < 10 {
			t.Errorf("only %d breaches were seen", breaches)
		}
	})
}

// checkObjectives compares a page with the truth and returns when the next breach is,
// by that page.
func checkObjectives(t *testing.T, g *graphtest.Graph, f *fleet) (next time.Time) {
	t.Helper()
	got, _ := f.pull(t, "contoso", "10")
	at := got["msgraph_security_snapshot_timestamp_seconds"]
	taken := time.UnixMilli(int64(at * 1000))
	if late := time.Since(taken); late < 0 || late > 2*time.Second {
		t.Errorf("the page tells of %s ago", late)
	}
	told := got.family("msgraph_security_objective_next_breach_timestamp_seconds")
	for _, stamp := range told {
		if due := time.UnixMilli(int64(stamp * 1000)); next.IsZero() || due.Before(next) {
			next = due
		}
	}
	maps.Copy(told, got.family("msgraph_security_objective_breached_incidents"))
	if diff := cmp.Diff(expectedObjectives(g.Truth(), taken), told, cmpopts.EquateApprox(0, 0.001)); diff != "" {
		t.Errorf("at %s (-want +got):\n%s", taken, diff)
	}
	return next
}

// changeAtRandom lets one thing happen to one incident, and makes sure that there are some.
func changeAtRandom(g *graphtest.Graph, rng *rand.Rand) {
	one := func(values ...string) string { return values[rng.IntN(len(values))] }
	score := func() *int { return []*int{nil, new(10), new(50), new(86), new(100)}[rng.IntN(5)] }
	severity := func() string { return one("informational", "low", "medium", "high", "unknown") }
	if rng.IntN(3) == 0 {
		g.Add(graphsim.Incident{Severity: severity(), Score: score()})
	}
	all := g.Truth()
	in := all[rng.IntN(len(all))]
	g.Change(in.ID, graphsim.Dated, func(in *graphsim.Incident) {
		switch rng.IntN(5) {
		case 0:
			in.AssignedTo = one("", "alice@soc.example")
		case 1:
			in.Severity = severity()
		case 2:
			in.Score = score()
		case 3:
			in.Status = one("active", "inProgress", "awaitingAction")
		default:
			in.Status = "resolved"
		}
	})
}
