package mirror

import (
	"strconv"
	"testing"
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
