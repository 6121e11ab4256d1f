package graphsim_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

func resolve(in *graphsim.Incident) { in.Status = "resolved" }

func find(t *testing.T, all []graphsim.Incident, id string) graphsim.Incident {
	t.Helper()
	for _, in := range all {
		if in.ID == id {
			return in
		}
	}
	t.Fatalf("no incident %s", id)
	return graphsim.Incident{}
}

func TestAddDefaults(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 0)
	id := sim.Add(graphsim.Incident{})
	want := []graphsim.Incident{{ID: id, Created: epoch, Updated: epoch, Severity: "medium", Status: "active",
		Classification: "unknown", Determination: "unknown"}}
	if diff := cmp.Diff(sim.Truth(), want); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
	if next := sim.Add(graphsim.Incident{}); next == id {
		t.Errorf("got id %s twice", next)
	}
	defer func() {
		if recover() == nil {
			t.Error("adding an id twice did not panic")
		}
	}()
	sim.Add(graphsim.Incident{ID: id})
}

// A dated change moves lastUpdateDateTime, an undated one does not, and neither ever moves
// the creation.
func TestDatedAndUndatedChanges(t *testing.T) {
	sim, at := tenant(graphsim.Config{}, 1)
	before := find(t, sim.Truth(), "1")
	at.advance(time.Minute)
	sim.Change("1", graphsim.Undated, func(in *graphsim.Incident) { in.Score, in.Created = new(90), epoch })
	in := find(t, sim.Visible(), "1")
	if *in.Score != 90 || !in.Updated.Equal(before.Updated) || !in.Created.Equal(before.Created) {
		t.Errorf("undated: got %+v", in)
	}
	sim.Change("1", graphsim.Dated, resolve)
	if in = find(t, sim.Visible(), "1"); in.Status != "resolved" || !in.Updated.Equal(at.Time) {
		t.Errorf("dated: got %+v", in)
	}
	if sim.Change("2", graphsim.Dated, resolve) || sim.Delete("2") || sim.Merge("1", "2", graphsim.Dated) || sim.Merge("1", "1", graphsim.Dated) {
		t.Error("something happened to an incident that is not there")
	}
}

// What a caller has been given shares nothing with what the service holds.
func TestStatesAreNotShared(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 0)
	given := graphsim.Incident{ID: "1", Score: new(10), Tags: []string{"a"}}
	sim.Add(given)
	*given.Score, given.Tags[0] = 99, "z"
	seen := sim.Truth()[0]
	*seen.Score, seen.Tags[0] = 99, "z"
	sim.Change("1", graphsim.Undated, func(in *graphsim.Incident) { *in.Score++ })
	if in := sim.Truth()[0]; *in.Score != 11 || in.Tags[0] != "a" {
		t.Errorf("got score %d, tags %v", *in.Score, in.Tags)
	}
}

func TestMerge(t *testing.T) {
	for kind, moved := range map[graphsim.Dating]bool{graphsim.Dated: true, graphsim.Undated: false} {
		sim, at := tenant(graphsim.Config{}, 2)
		at.advance(time.Hour)
		sim.Merge("1", "2", kind)
		source, target := find(t, sim.Visible(), "1"), find(t, sim.Visible(), "2")
		if source.Status != "redirected" || source.RedirectTo != "2" || source.Open() || source.Updated.Equal(at.Time) != moved {
			t.Errorf("kind %d: got source %+v", kind, source)
		}
		if !target.Open() || !target.Updated.Equal(at.Time) {
			t.Errorf("kind %d: got target %+v", kind, target)
		}
	}
}

func TestDelete(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 2)
	c := newCaller(t, sim)
	if !sim.Delete("1") || sim.Delete("1") || sim.Change("1", graphsim.Dated, resolve) {
		t.Error("got a deletion not done, or done twice")
	}
	if got := strings.Join(ids(c.list()), " "); got != "2" {
		t.Errorf("got %s, want 2", got)
	}
	sim.Add(graphsim.Incident{ID: "1"})
	if l := c.get(root + "/v1.0/security/incidents/1"); l.status != 200 {
		t.Errorf("got %d for a new incident of the old id", l.status)
	}
}

// Incidents vanish half a year after their creation, however lately they were updated.
func TestRetention(t *testing.T) {
	for retention, days := range map[time.Duration]int{0: 180, 24 * time.Hour: 1, -1: 10_000} {
		sim, at := tenant(graphsim.Config{Retention: retention}, 1)
		at.advance(time.Duration(days)*24*time.Hour - 2*time.Minute)
		if !sim.Change("1", graphsim.Dated, func(*graphsim.Incident) {}) || len(sim.Visible()) != 1 {
			t.Errorf("retention %s: gone too early", retention)
		}
		at.advance(time.Minute)
		if got := len(sim.Visible()) + len(sim.Truth()); (got == 0) != (retention >= 0) {
			t.Errorf("retention %s: got %d incidents after %d days", retention, got, days)
		}
	}
}

// Until its lag is over, a change is not to be seen in anything: neither in the row nor in
// what the row is found by.
func TestVisibilityLag(t *testing.T) {
	lag := 5 * time.Minute
	sim, at := tenant(graphsim.Config{VisibilityLag: func(*rand.Rand) time.Duration { return lag }}, 0)
	c := newCaller(t, sim)
	sim.Add(graphsim.Incident{ID: "1"})
	at.advance(time.Minute)
	sim.Add(graphsim.Incident{ID: "2", Created: epoch.Add(-time.Hour)})
	active := func() string { return strings.Join(ids(c.list("$filter", "status eq 'active'")), " ") }
	if got := active(); got != "2" {
		t.Errorf("after a minute: got %q, want the old incident only", got)
	}
	at.advance(4 * time.Minute)
	if got := active(); got != "1 2" {
		t.Errorf("after the lag: got %q", got)
	}
	sim.Change("1", graphsim.Dated, resolve)
	sim.Delete("2")
	at.advance(lag - 1)
	if got := active(); got != "1 2" || len(sim.Truth()) != 1 || len(sim.Visible()) != 2 {
		t.Errorf("before the lag: got %q", got)
	}
	at.advance(1)
	if got := active(); got != "" {
		t.Errorf("after the lag: got %q", got)
	}
	if in := find(t, sim.Visible(), "1"); !in.Updated.Equal(epoch.Add(lag)) {
		t.Errorf("got stamp %s, want that of the change, %s", in.Updated, epoch.Add(lag))
	}
}

// A change that shows before an earlier one shows both, and the earlier one never undoes it.
func TestOvertakingChanges(t *testing.T) {
	lags := []time.Duration{time.Minute, time.Second}
	sim, at := tenant(graphsim.Config{VisibilityLag: func(*rand.Rand) time.Duration {
		lag := lags[0]
		lags = append(lags[1:], 0)
		return lag
	}}, 0)
	sim.Add(graphsim.Incident{ID: "1", Created: epoch.Add(-time.Hour)})
	lags = []time.Duration{time.Minute, time.Second}
	sim.Change("1", graphsim.Dated, resolve)
	sim.Change("1", graphsim.Undated, func(in *graphsim.Incident) { in.Score = new(7) })
	for _, after := range []time.Duration{time.Second, time.Hour} {
		at.advance(after)
		if in := find(t, sim.Visible(), "1"); in.Status != "resolved" || in.Score == nil || !in.Updated.Equal(epoch) {
			t.Errorf("after %s: got %+v", after, in)
		}
	}
}

// Stamps come from the clocks of different nodes, so that a later change may have an earlier
// one, and in ticks, so that two may have the same.
func TestStamps(t *testing.T) {
	sim, at := tenant(graphsim.Config{NodeSkews: []time.Duration{-2 * time.Second, 2 * time.Second}}, 1)
	backwards, last := 0, epoch
	for range 100 {
		at.advance(time.Second)
		sim.Change("1", graphsim.Dated, func(*graphsim.Incident) {})
		in := find(t, sim.Visible(), "1")
		if in.Updated.Before(last) {
			backwards++
		}
		if skew := in.Updated.Sub(at.Time); skew != 2*time.Second && skew != -2*time.Second {
			t.Fatalf("got a stamp off by %s", skew)
		}
		last = in.Updated
	}
	if backwards < 10 {
		t.Errorf("got %d stamps before the last one", backwards)
	}
	for ticks, want := range map[int]string{0: "08:00:00.5533333", 1: "08:00:00", 10_000_000: "08:00:00.5555555", 10: "08:00:00.5"} {
		sim := graphsim.New(graphsim.Config{Ticks: ticks, Now: (&clock{epoch.Add(555_555_555)}).now})
		sim.Add(graphsim.Incident{})
		if got := sim.Truth()[0].Created.Format("15:04:05.9999999"); got != want {
			t.Errorf("%d ticks: got %s, want %s", ticks, got, want)
		}
	}
}
