package mirror

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/defender"
)

// TestDenialOfAClosedIncident withholds denials while an answer is still under way that shows one
// of the incidents closed: no window will ever deny that one again, and the suspicion ends without it.
func TestDenialOfAClosedIncident(t *testing.T) {
	m := New(clientOf(graphsim.New(graphsim.Config{})), Config{})
	at := func(sent, arrived time.Duration) moment { return moment{sent * time.Second, arrived * time.Second} }
	row := func(id int, updated defender.Ticks, s defender.Status) defender.Incident {
		return defender.Incident{ID: strconv.Itoa(id), Updated: updated, Status: s}
	}
	for id := range 20 {
		m.copy.put(row(id, 1, defender.StatusActive), at(0, 1))
	}
	m.windows = newPartition(nil, 0, 0, time.Minute)
	m.withhold([]string{"3"}, denial{at(10, 11), 11 * time.Second}, true)
	if !m.suspects() {
		t.Fatal("nothing is withheld")
	}
	m.lookAgain()
	if !m.suspects() {
		t.Fatal("a look alone ends the suspicion")
	}
	m.copy.put(row(3, 2, defender.StatusResolved), at(9, 12))
	m.shown("3", at(9, 12))
	m.lookAgain()
	if m.suspects() {
		t.Error("what an incident was denied for outlives it")
	}
}

// TestNothingOpenIsLeft deletes all that is open, and Graph goes on showing what is closed: that is
// never believed, since a licence can end for what is open alone.
func TestNothingOpenIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
		fill(sim, 60, 30*24*time.Hour)
		for _, id := range ids(sim)[:20] {
			sim.Change(id, graphsim.Dated, closeIncident)
		}
		w := watch(t, sim, Config{})
		w.pullFor(2*time.Minute, 15*time.Second, nil)
		for id := range open(sim) {
			sim.Delete(id)
		}
		for _, p := range w.pullFor(90*time.Minute, 30*time.Second, nil) {
			if r := &p.report; r.Up && len(r.Snapshot.Open) == 0 {
				t.Fatal("a list that went to nothing by deletions alone is believed")
			}
		}
	})
}
