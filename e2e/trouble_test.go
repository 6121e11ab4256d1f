package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

var reasons = []string{
	"throttled", "unauthorized", "forbidden", "bad_request", "unreachable",
	"timeout", "server_error", "incomplete", "malformed", "credential", "behind", "synchronising",
}

// TestTrouble plants a fault at a time: Prometheus sees why the numbers are no longer
// current, never numbers that are not whole, and the recovery.
func TestTrouble(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	populate(sim)
	s := play(t, sim)
	s.awaitTruth(t, "at the start")
	var earlier []string
	for _, trouble := range []struct {
		reason string
		graphsim.Fault
	}{
		{"forbidden", graphsim.Fault{Match: graphsim.ListOperation, Status: 403, Code: "Forbidden"}},
		{"bad_request", graphsim.Fault{Match: graphsim.ListOperation, Status: 400}},
		{"throttled", graphsim.Fault{Match: graphsim.ListOperation, Status: 429, RetryAfter: 2 * time.Second}},
		{"server_error", graphsim.Fault{Match: graphsim.ListOperation, Status: 503, Body: graphsim.BodyText}},
		{"incomplete", graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultPartial}},
		{"malformed", graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultHTML}},
		{"unreachable", graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultDisconnect}},
		{"credential", graphsim.Fault{Match: graphsim.TokenOperation, AADSTS: 7000215}},
	} {
		t.Run(trouble.reason, func(t *testing.T) {
			sim.Fault(trouble.Fault)
			sim.RevokeTokens()
			got := s.awaitProblem(t, trouble.reason, earlier...)
			earlier = append(earlier, trouble.reason)
			if diff := s.diff(got); diff != "" {
				t.Errorf("not the last whole snapshot (-truth +Prometheus):\n%s", diff)
			}
			sim.ClearFaults()
			sim.Add(graphsim.Incident{DisplayName: title, Score: new(99)})
			s.awaitTruth(t, "after the trouble")
		})
	}
	s.await(t, "the end of all problems", func(got scrape) error {
		return differ(problems(""), got.family("msgraph_security_problem"))
	})
}

// awaitProblem waits until there is this problem and no other but earlier ones: what
// runs beside the pulls is tried again later, and has its problem until then.
func (s *stage) awaitProblem(t *testing.T, reason string, earlier ...string) scrape {
	t.Helper()
	return s.await(t, "the problem "+reason, func(got scrape) error {
		want := problems(reason)
		for _, r := range earlier {
			if r != reason {
				want[problem(r)] = got[problem(r)]
			}
		}
		if sees, ok := got[up]; !ok || sees != 0 {
			return fmt.Errorf("the exporter sees Graph: %v", sees)
		}
		return differ(want, got.family("msgraph_security_problem"))
	})
}

// problems returns every reason there may be, one or none of which holds.
func problems(holds string) scrape {
	all := scrape{}
	for _, r := range reasons {
		all[problem(r)] = 0
		if r == holds {
			all[problem(r)] = 1
		}
	}
	return all
}

func problem(reason string) string {
	return series("msgraph_security_problem", map[string]string{"reason": reason})
}

func differ(want, got scrape) error {
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("-want +Prometheus:\n%s", diff)
	}
	return nil
}

// TestUnknownIsNotZero shows that there are no numbers before the first that are
// whole, and none when the last ones are too old.
func TestUnknownIsNotZero(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	populate(sim)
	denied := graphsim.Fault{Match: graphsim.ListOperation, Status: 403, Skip: 3} // after a few good pages
	sim.Fault(denied)
	s := play(t, sim, "--collector.max-age=10s")
	got := s.awaitProblem(t, "forbidden", "synchronising")
	if diff := cmp.Diff(scrape{}, got.incidents()); diff != "" {
		t.Errorf("numbers before there are any (+Prometheus):\n%s", diff)
	}
	sim.ClearFaults()
	s.awaitTruth(t, "after the start")
	sim.Fault(denied)
	s.await(t, "withdrawal", func(got scrape) error {
		if n := len(got.incidents()); got["up[]"] != 1 || n > 0 {
			return fmt.Errorf("%d series of incidents", n)
		}
		return nil
	})
	s.awaitProblem(t, "forbidden")
	sim.ClearFaults()
	s.awaitTruth(t, "after the trouble")
}
