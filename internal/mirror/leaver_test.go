package mirror

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// A leaver updates an incident after a first page of a listing has shown it, so that it leaves
// the span of updates that the listing asks for and another slips through.
type leaver struct {
	*graphsim.Sim
	ids  []string
	left atomic.Int64
}

// RoundTrip implements [http.RoundTripper].
func (l *leaver) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.Sim.RoundTrip(r)
	filter := r.URL.Query().Get("$filter")
	bounded := strings.Contains(filter, "lastUpdateDateTime lt") && strings.Contains(filter, "createdDateTime lt")
	if err == nil && bounded && !r.URL.Query().Has("$skip") && l.left.Load() == 0 && !strings.Contains(filter, "severity") {
		l.left.Add(1)
		l.Change(l.ids[len(l.ids)-1], graphsim.Dated, func(in *graphsim.Incident) { in.AssignedTo = "a" })
	}
	return resp, err
}

// TestLeavingASecond starts on a list sorted by update of which a second is longer than a page: a
// row that leaves it while it is read hides no other.
func TestLeavingASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leaver{Sim: graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Order: graphsim.UpdatedDescending, Terse: true})}
		created, updated := time.Now().Add(-time.Hour), time.Now().Add(-30*time.Minute)
		for i := range 120 {
			l.ids = append(l.ids, l.Add(graphsim.Incident{
				Created: created, Updated: updated.Add(time.Duration(i) * time.Millisecond), Severity: []string{"low", "high"}[i%2],
			}))
		}
		for i, age := range []time.Duration{3 * time.Hour, 90 * time.Minute, 2 * time.Hour} { // in no order of creation
			l.Add(graphsim.Incident{Created: time.Now().Add(-age), Updated: time.Now().Add(-time.Duration(20+i) * time.Minute)})
		}
		m := New(clientOf(l), Config{SweepInterval: 1000 * time.Hour})
		run(t, m)
		synced(t, m)
		if l.left.Load() == 0 {
			t.Error("no second was listed")
		}
		equalTruth(t, l.Sim, pull(t, m))
	})
}

// TestStartWhileAListShrinks closes an incident of the first page of a list that is not sorted
// before the second is read: the listing counts up and lacks another one, which the start notices.
func TestStartWhileAListShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true, Order: graphsim.Shuffled})
		fill(sim, 120, 90*24*time.Hour)
		closed := false
		m := New(limited(roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Get("$skip") != "" && !closed {
				closed = true
				first := slices.MinFunc(ids(sim), func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
				sim.Change(first, graphsim.Dated, closeIncident)
			}
			return sim.RoundTrip(r)
		})), Config{})
		run(t, m)
		synced(t, m)
		if w := (&watcher{t: t, sim: sim, m: m}); !closed || !w.pull().right {
			t.Errorf("closed %t, %d open instead of %d", closed, len(m.Report().Snapshot.Open), len(open(sim)))
		}
	})
}
