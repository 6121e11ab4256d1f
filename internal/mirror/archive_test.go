package mirror

import (
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/history"
)

// A record is the events of each incident.
type record map[string]string

// listen follows a tenant and records its events.
func listen(t *testing.T, sim *graphsim.Sim) (*Mirror, record) {
	heard := record{}
	m := follow(t, sim, Config{SweepInterval: 5 * time.Minute, Observe: func(events []history.Event) {
		for _, e := range events {
			heard[e.Incident.ID] = strings.TrimSpace(heard[e.Incident.ID] + " " + narrate([]history.Event{{Kind: e.Kind, Incident: e.Incident}}))
		}
	}})
	synced(t, m)
	return m, heard
}

// pulls pulls every 15 s for so long.
func pulls(t *testing.T, m *Mirror, d time.Duration) {
	t.Helper()
	for range int(d / (15 * time.Second)) {
		time.Sleep(15 * time.Second)
		pull(t, m)
	}
}

func (h record) expect(t *testing.T, id, want string) {
	t.Helper()
	if got := strings.ReplaceAll(h[id], ":0s", ""); got != want {
		t.Errorf("incident %s: got %q, want %q", id, got, want)
	}
}

var (
	assign  = func(in *graphsim.Incident) { in.AssignedTo = "analyst@soc.example" }
	resolve = func(in *graphsim.Incident) { in.Status = "resolved" }
	merge   = func(in *graphsim.Incident) { in.Status = "redirected" }
	reopen  = func(in *graphsim.Incident) { in.Status = "active" }
)

// TestEmptyStart begins while Graph answers with 200 and no rows. What it shows later was
// there before: none of it is opened or reopened, and what becomes of it then is reported.
func TestEmptyStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond})
		fill(sim, 300, 30*24*time.Hour)
		young := sim.Add(graphsim.Incident{Created: time.Now().Add(-time.Minute)})
		sim.Fault(graphsim.Fault{Kind: graphsim.FaultNoRows})
		m, heard := listen(t, sim)
		pulls(t, m, 10*time.Minute)
		sim.ClearFaults()
		pulls(t, m, 20*time.Minute)
		if n := len(m.Report().Snapshot.Open); n != 301 {
			t.Fatalf("%d incidents are open", n)
		}
		if len(heard) > 0 {
			t.Errorf("%d incidents have events: %v", len(heard), heard)
		}
		sim.Change(young, graphsim.Dated, assign)
		pulls(t, m, time.Minute)
		sim.Change(young, graphsim.Dated, resolve)
		pulls(t, m, time.Minute)
		sim.Change(young, graphsim.Dated, reopen)
		pulls(t, m, time.Minute)
		heard.expect(t, young, "acknowledged resolved reopened")
	})
}

// TestLate has an incident become readable twenty minutes after its creation, and in the
// meantime assigned. It is opened, and nothing else.
func TestLate(t *testing.T) {
	for name, change := range map[string]func(*graphsim.Incident){"untouched": nil, "assigned": assign} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lag := time.Duration(0)
				sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond,
					VisibilityLag: func(*rand.Rand) time.Duration { return lag }})
				fill(sim, 20, 30*24*time.Hour)
				m, heard := listen(t, sim)
				pulls(t, m, time.Minute)
				lag = 20 * time.Minute
				id := sim.Add(graphsim.Incident{Severity: "high"})
				want := "opened priority severity"
				if change != nil {
					time.Sleep(5 * time.Minute)
					lag = 15 * time.Minute
					sim.Change(id, graphsim.Dated, change)
					want += " acknowledged"
				}
				pulls(t, m, 40*time.Minute)
				heard.expect(t, id, want)
			})
		})
	}
}

// TestBetweenPulls shows what came and went between two pulls, also by merging.
func TestBetweenPulls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond})
		fill(sim, 20, 30*24*time.Hour)
		m, heard := listen(t, sim)
		pulls(t, m, time.Minute)
		merged, resolved := sim.Add(graphsim.Incident{}), sim.Add(graphsim.Incident{})
		time.Sleep(time.Second)
		sim.Change(merged, graphsim.Dated, merge)
		sim.Change(resolved, graphsim.Dated, resolve)
		pulls(t, m, 20*time.Minute)
		heard.expect(t, merged, "opened priority severity merged")
		heard.expect(t, resolved, "opened priority severity resolved")
	})
}

// TestReturn has incidents come back that the book has long forgotten: treated as if
// they had stayed.
func TestReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond})
		fill(sim, 20, 30*24*time.Hour)
		m, heard := listen(t, sim)
		m.SetObjectives([]history.Objective{{Name: "mend", ResolveWithin: 90 * time.Minute}})
		pulls(t, m, time.Minute)
		resolved, merged := sim.Add(graphsim.Incident{}), sim.Add(graphsim.Incident{})
		pulls(t, m, time.Minute)
		sim.Change(resolved, graphsim.Dated, assign)
		pulls(t, m, time.Minute)
		sim.Change(resolved, graphsim.Dated, resolve)
		sim.Change(merged, graphsim.Dated, merge)
		pulls(t, m, time.Hour)
		if n := len(m.copy.rows); n != 20 {
			t.Fatalf("%d rows are held", n)
		}
		sim.Change(resolved, graphsim.Dated, reopen)
		sim.Change(merged, graphsim.Dated, reopen)
		pulls(t, m, time.Hour)
		heard.expect(t, resolved, "opened priority severity acknowledged resolved met reopened")
		heard.expect(t, merged, "opened priority severity merged")
	})
}

// TestRestart begins anew in the middle: nothing that happened before is
// reported, and what happens after is reported once.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond})
		fill(sim, 200, 30*24*time.Hour)
		ids := []string{}
		for range 8 {
			ids = append(ids, sim.Add(graphsim.Incident{Severity: "high"}))
		}
		change := func(id string, f func(*graphsim.Incident)) { sim.Change(id, graphsim.Dated, f) }
		time.Sleep(time.Minute)
		change(ids[0], assign)
		change(ids[1], resolve)
		change(ids[2], resolve)
		time.Sleep(time.Hour)
		change(ids[3], resolve)
		time.Sleep(time.Minute)
		var events []history.Event
		m := follow(t, sim, Config{Observe: func(e []history.Event) { events = append(events, e...) }})
		synced(t, m)
		for range 5 {
			time.Sleep(30 * time.Second)
			pull(t, m)
		}
		if len(events) > 0 {
			t.Errorf("what happened before is reported: %s", narrate(events))
		}
		change(ids[0], resolve) // acknowledged before
		change(ids[1], reopen)  // resolved long before
		change(ids[3], reopen)  // resolved shortly before
		change(ids[4], assign)
		time.Sleep(30 * time.Second)
		pull(t, m)
		got := map[string]string{}
		for _, e := range events {
			got[e.Incident.ID] += narrate([]history.Event{{Kind: e.Kind}}) + " "
		}
		want := map[string]string{ids[0]: "resolved:0s ", ids[1]: "reopened ", ids[3]: "reopened ", ids[4]: "acknowledged "}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

// TestPause lets nobody pull until the copy is dropped. What happened meanwhile is no event, nor
// is an objective decided by what was before.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond})
		fill(sim, 20, 30*24*time.Hour)
		m, heard := listen(t, sim)
		m.SetObjectives([]history.Objective{{Name: "mend", ResolveWithin: 30 * time.Minute}})
		before := sim.Add(graphsim.Incident{})
		pulls(t, m, time.Minute)
		resolved := sim.Add(graphsim.Incident{})
		time.Sleep(6 * time.Hour)
		meanwhile := sim.Add(graphsim.Incident{})
		sim.Change(resolved, graphsim.Dated, resolve)
		time.Sleep(time.Hour)
		_ = m.Refresh(t.Context())
		synced(t, m)
		pulls(t, m, time.Hour)
		heard.expect(t, before, "opened priority severity")
		heard.expect(t, resolved, "opened priority severity") // by a lookback, before reading paused
		heard.expect(t, meanwhile, "")
		after := sim.Add(graphsim.Incident{})
		pulls(t, m, time.Hour)
		heard.expect(t, after, "opened priority severity missed")
	})
}
