package mirror

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestNobodyAsks: reading pauses when nobody asks, and the copy is dropped after
// an hour and made again by the next pull.
func TestNobodyAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond})
		fill(sim, 60, 24*time.Hour)
		m := follow(t, sim, Config{})
		synced(t, m)
		time.Sleep(11 * time.Minute)
		if r := m.Report(); r.Snapshot != nil || r.Up {
			t.Error("a snapshot older than the maximum age is served")
		}
		sim.ForgetRequests()
		time.Sleep(30 * time.Minute)
		if n := len(sim.Requests()); n != 0 {
			t.Errorf("%d requests while nobody asked", n)
		}
		sim.Add(graphsim.Incident{})
		equalTruth(t, sim, pull(t, m))
		time.Sleep(2 * time.Hour)
		sim.Add(graphsim.Incident{})
		_ = m.Refresh(t.Context())
		time.Sleep(5 * time.Second)
		equalTruth(t, sim, pull(t, m))
	})
}

// TestSlowGraph: pulls are answered in time from the last snapshot, and the
// refresh that they left behind ends by itself.
func TestSlowGraph(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 3 * time.Second})
		fill(sim, 10, 24*time.Hour)
		m := follow(t, sim, Config{})
		time.Sleep(15 * time.Second)
		for range 10 {
			time.Sleep(13 * time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			began := time.Now()
			_ = m.Refresh(ctx)
			cancel()
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("the pull took %s", took)
			}
			r := m.Report()
			if age := time.Since(r.Taken); !r.Up || age > 25*time.Second {
				t.Errorf("up %t with a snapshot of %s", r.Up, age)
			}
		}
	})
}

// TestRecovery: each fault shows as its problem, and is over with the next pull.
func TestRecovery(t *testing.T) {
	cases := []struct {
		fault graphsim.Fault
		want  Problem
	}{
		{graphsim.Fault{Status: 500}, "server_error"},
		{graphsim.Fault{Status: 503}, "server_error"},
		{graphsim.Fault{Status: 403}, "forbidden"},
		{graphsim.Fault{Status: 401}, "unauthorized"},
		{graphsim.Fault{Status: 400}, "bad_request"},
		{graphsim.Fault{Status: 429}, "throttled"},
		{graphsim.Fault{Kind: graphsim.FaultHTML}, "malformed"},
		{graphsim.Fault{Kind: graphsim.FaultTruncated}, "unreachable"},
		{graphsim.Fault{Kind: graphsim.FaultUnreachable}, "unreachable"},
		{graphsim.Fault{Kind: graphsim.FaultPartial}, "incomplete"},
		{graphsim.Fault{Kind: graphsim.FaultHang}, "timeout"},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s %d", c.want, c.fault.Status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond})
				fill(sim, 20, 24*time.Hour)
				m := follow(t, sim, Config{})
				synced(t, m)
				time.Sleep(10 * time.Second)
				c.fault.Match = graphsim.ListOperation
				sim.Fault(c.fault)
				sim.Add(graphsim.Incident{})
				_ = m.Refresh(t.Context())
				r := m.Report()
				if diff := cmp.Diff([]Problem{c.want}, r.Problems); r.Up || diff != "" {
					t.Errorf("up %t, problems (-want +got):\n%s", r.Up, diff)
				}
				if r.Snapshot == nil || len(r.Snapshot.Open) != 20 {
					t.Error("the snapshot before the fault is gone or was replaced")
				}
				sim.ClearFaults()
				time.Sleep(2 * time.Second)
				equalTruth(t, sim, pull(t, m))
			})
		})
	}
}

// TestLateChangesBeforeAnOutage: what became readable late, while no lookback succeeded, is shown
// once one does.
func TestLateChangesBeforeAnOutage(t *testing.T) {
	for _, outage := range []time.Duration{10 * time.Minute, 35 * time.Minute, 2 * time.Hour} {
		t.Run(outage.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				lag := time.Duration(0)
				sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true,
					VisibilityLag: func(*rand.Rand) time.Duration { return lag }})
				fill(sim, 300, 90*24*time.Hour)
				w := watch(t, sim, Config{SweepInterval: 24 * time.Hour})
				w.pullFor(2*time.Minute, 15*time.Second, nil)
				all := ids(sim)
				lag = 4 * time.Minute
				for i := range 5 {
					sim.Change(all[100+40*i], graphsim.Dated, closeIncident)
				}
				lag = 0
				w.pullFor(2*time.Minute, 15*time.Second, nil) // so that no pass brings them
				sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Status: 500, Where: isLookback})
				w.pullFor(outage, 15*time.Second, nil)
				sim.ClearFaults()
				pulls := w.pullFor(3*time.Minute, 15*time.Second, nil)
				if last := pulls[len(pulls)-1]; !last.right || !last.report.Up {
					t.Errorf("up %t, right %t, %v", last.report.Up, last.right, last.report.Problems)
				}
			})
		})
	}
}

// isLookback reports whether a request asks for what was updated more than five minutes ago.
func isLookback(r *http.Request) bool {
	_, since, ok := strings.Cut(r.URL.Query().Get("$filter"), "lastUpdateDateTime ge ")
	if !ok {
		return false
	}
	at, err := time.Parse(time.RFC3339, strings.Fields(since)[0])
	return err == nil && time.Since(at) > 5*time.Minute
}
