package mirror

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// believesNothing fails the test where a pull shows fewer incidents than there are and is up.
func believesNothing(t *testing.T, w *watcher, d time.Duration, before func(int)) {
	t.Helper()
	n, told := len(open(w.sim)), false
	for _, p := range w.pullFor(d, 15*time.Second, before) {
		if r := &p.report; r.Up && r.Snapshot != nil && len(r.Snapshot.Open) < n {
			t.Fatalf("%d of %d open at %s with up 1", len(r.Snapshot.Open), n, p.at.Format(time.TimeOnly))
		}
		told = told || slices.Contains(p.report.Problems, "incomplete")
	}
	if !told {
		t.Error("nothing was suspected")
	}
}

// TestLapseThatComesAndGoes: for two of every three parts of a minute Graph answers without rows.
// A second look that falls into a lapse is none.
func TestLapseThatComesAndGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
		fill(sim, 207, 90*24*time.Hour)
		began := time.Now()
		lapsed := func(*http.Request) bool {
			at := time.Since(began)
			return at > 2*time.Minute && at < time.Hour && at%time.Minute < 40*time.Second
		}
		sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultNoRows, Where: lapsed})
		sim.Fault(graphsim.Fault{Match: graphsim.GetOperation, Status: http.StatusNotFound, Where: lapsed})
		w := watch(t, sim, Config{SweepInterval: time.Minute})
		believesNothing(t, w, time.Hour, nil)
		after := w.pullFor(5*time.Minute, 15*time.Second, nil)
		if last := after[len(after)-1]; !last.right || !last.report.Up {
			t.Errorf("afterwards right %t, up %t, %v", last.right, last.report.Up, last.report.Problems)
		}
	})
}

// TestHiddenFromLists: lists lack the older half of the incidents, which are there by their ids.
func TestHiddenFromLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
		fill(sim, 382, 90*24*time.Hour)
		w := watch(t, sim, Config{SweepInterval: time.Minute})
		sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultNoRows, Where: func(r *http.Request) bool {
			_, before, ok := strings.Cut(r.URL.Query().Get("$filter"), "createdDateTime lt ")
			at, err := time.Parse(time.RFC3339, strings.Fields(before + " -")[0])
			return ok && err == nil && at.Before(time.Date(1999, 11, 20, 0, 0, 0, 0, time.UTC))
		}})
		believesNothing(t, w, 30*time.Minute, nil)
		sim.ClearFaults()
		after := w.pullFor(5*time.Minute, 15*time.Second, nil)
		if last := after[len(after)-1]; !last.right || !last.report.Up {
			t.Errorf("afterwards right %t, up %t, %v", last.right, last.report.Up, last.report.Problems)
		}
	})
}
