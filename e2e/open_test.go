package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestOpenIncidents follows three tenants through their changes: whatever manners
// their Graph has, each series in Prometheus equals the truth, zeros included.
func TestOpenIncidents(t *testing.T) {
	for name, cfg := range map[string]graphsim.Config{
		"plain": {},
		"shifting pages": {
			Order: graphsim.Shuffled, NextLink: graphsim.SkipWithoutFilter, EmptyPages: 0.2, RepeatIDs: 0.2,
			Spelling: graphsim.PascalCase, NullsForUnknown: true, DocumentationSpelling: true, Ticks: 10_000_000,
		},
		"refuses what it may": {
			Order: graphsim.UpdatedAscending, NextLink: graphsim.Token, RefuseCount: true, RefuseStatusFilter: true,
			RefuseNe: true, RefuseOr: true, RefuseNot: true, RefuseIn: true, RefuseParentheses: true,
			RefuseSelect: true, RefuseOrderBy: true, OmitDate: true, Latency: 20 * time.Millisecond,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := tenant(cfg)
			populate(sim)
			s := play(t, sim, "--collector.sweep-interval=10s")
			s.checkAsOf(t, time.Now(), "at the start")
			rng := rand.New(rand.NewPCG(3, 3))
			workday(rng, sim)
			s.checkAsOf(t, time.Now(), "after dated changes")
			silence(rng, sim)
			s.awaitTruth(t, "after changes without a date")
		})
	}
}

// checkAsOf compares the first pull whose snapshot claims to be as late as that.
func (s *stage) checkAsOf(t *testing.T, at time.Time, when string) {
	t.Helper()
	got := s.await(t, "a snapshot "+when, func(got scrape) error {
		if taken := got[snapshotTime]; taken < float64(at.UnixMilli())/1e3 {
			return fmt.Errorf("the last one is of %.3f, want %.3f", taken, float64(at.UnixMilli())/1e3)
		}
		return isUp(got)
	})
	if diff := s.diff(got); diff != "" {
		t.Fatalf("%s (-truth +Prometheus):\n%s", when, diff)
	}
}

// awaitTruth waits until Prometheus has the truth.
func (s *stage) awaitTruth(t *testing.T, when string) {
	t.Helper()
	s.await(t, "the truth "+when, func(got scrape) error {
		if err := isUp(got); err != nil {
			return err
		}
		if diff := s.diff(got); diff != "" {
			return fmt.Errorf("-truth +Prometheus:\n%s", diff)
		}
		return nil
	})
}

func isUp(got scrape) error {
	if got["up[]"] != 1 || got[up] != 1 {
		return fmt.Errorf("the exporter is up: %v, and sees Graph: %v", got["up[]"], got[up])
	}
	return nil
}

// workday makes changes of every kind that Graph dates.
func workday(rng *rand.Rand, sim *graphsim.Sim) {
	everySeventh(sim, func(in graphsim.Incident) {
		sim.Change(in.ID, graphsim.Dated, func(in *graphsim.Incident) {
			now := random(rng, in.Created)
			in.Severity, in.Status, in.Classification, in.Score, in.AssignedTo = now.Severity, now.Status, now.Classification, now.Score, now.AssignedTo
			if rng.IntN(3) == 0 {
				in.Status = "resolved"
			}
		})
	})
	all := sim.Truth()
	for i := range 10 {
		sim.Merge(all[40*i+1].ID, all[40*i+2].ID, graphsim.Dated)
	}
	for range 60 {
		sim.Add(random(rng, time.Time{})) // now
	}
}

// silence makes changes that only a sweep can find.
func silence(rng *rand.Rand, sim *graphsim.Sim) {
	everySeventh(sim, func(in graphsim.Incident) {
		if rng.IntN(5) == 0 {
			sim.Delete(in.ID)
			return
		}
		sim.Change(in.ID, graphsim.Undated, func(in *graphsim.Incident) {
			in.Score, in.Severity, in.Override = new(rng.IntN(101)), pick(rng, severities...), nil
		})
	})
}

func everySeventh(sim *graphsim.Sim, do func(graphsim.Incident)) {
	for i, in := range sim.Truth() {
		if i%7 == 3 {
			do(in)
		}
	}
}
