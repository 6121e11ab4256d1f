package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestWall compares the wall with the truth, shows that replicas do not double it and tenants do, and
// that a blind exporter has it say so instead of showing zeros.
func TestWall(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	populate(sim)
	s := play(t, sim, "--collector.max-age=20s", "--collector.incident-info=25")
	s.await(t, "a first pull", isUp)
	await(t, "the truth on the wall", func() error { return s.checkScreen(t) })
	s.checkReplicas(t)
	s.checkTenants(t)
	sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Status: 500, Text: "Try again."})
	await(t, "a blind wall", func() error { return blind(s.screen(t)) })
}

// checkScreen compares the numbers at the top with the truth.
func (s *stage) checkScreen(t *testing.T) error {
	t.Helper()
	wall, want := s.screen(t), scrape{}
	for name, n := range expected(s.sim.Truth()).family(openIncidents) {
		for _, label := range []string{"priority", "severity"} {
			if strings.Contains(name, label+":high") {
				want["High "+label] += n
			}
		}
		want["Open"] += n
	}
	got := scrape{"High priority": wall["High priority/A"]["[]"], "High severity": wall["High severity/A"]["[]"]}
	for _, q := range "ABCDE" {
		got["Open"] += wall["Open by severity/"+string(q)]["[]"]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return errors.New("-truth +wall:\n" + diff)
	}
	return nil
}

// screen returns the present on the wall, by panel and query.
func (p *prometheus) screen(t *testing.T) map[string]scrape {
	t.Helper()
	wall := dashboards(t)["soc-wall.json"]
	values := p.variables(t, wall)
	shown := map[string]scrape{}
	for _, panel := range wall.Panels {
		for _, q := range panel.Targets {
			if !q.Instant {
				continue
			}
			got, err := p.ask(strings.NewReplacer(values...).Replace(q.Expr), true)
			if err != nil {
				t.Fatalf("%s: %v", panel.name(), err)
			}
			shown[panel.name()+"/"+q.RefID] = got
		}
	}
	return shown
}

// twice pulls the exporter under a second address as well, with other labels if any.
func (s *stage) twice(t *testing.T, labels string) *prometheus {
	t.Helper()
	_, port, _ := strings.Cut(s.address, ":")
	file := filepath.Join(t.TempDir(), "second.json")
	if err := os.WriteFile(file, fmt.Appendf(nil, `[{"targets": ["localhost:%s"], "labels": {%s}}]`, port, labels), 0o600); err != nil {
		t.Fatal(err)
	}
	p := watch(t, s.address, "    file_sd_configs: [{files: ["+file+"]}]\n")
	await(t, "two exporters", func() error {
		if n, err := p.value("count(" + oldestIncident + "{severity='high',priority='high'})"); n != 2 {
			return fmt.Errorf("%v, %w", n, err)
		}
		return nil
	})
	return p
}

// checkReplicas shows that the wall of two replicas is that of one.
func (s *stage) checkReplicas(t *testing.T) {
	t.Helper()
	replicas := s.twice(t, "")
	await(t, "the same wall", func() error {
		if diff := cmp.Diff(numbers(s.screen(t)), numbers(replicas.screen(t))); diff != "" {
			return errors.New("-one +two:\n" + diff)
		}
		return nil
	})
}

// checkTenants shows that the wall of two tenants has the incidents of both, even if
// only one of them has the label.
func (s *stage) checkTenants(t *testing.T) {
	t.Helper()
	tenants := s.twice(t, `"tenant": "second"`)
	await(t, "the wall of both", func() error {
		one, two := s.screen(t), tenants.screen(t)
		for _, title := range []string{"High priority/A", "High severity/A", "Open by severity/A"} {
			if got, want := two[title]["[]"], 2*one[title]["[]"]; got != want || got == 0 {
				return fmt.Errorf("%s: two tenants have %v, want %v", title, got, want)
			}
		}
		if n := len(two["By tenant/B"]); n != 2 {
			return fmt.Errorf("the table has %d tenants, want 2", n)
		}
		return nil
	})
}

// numbers leaves out the panels about times, which pass.
func numbers(screen map[string]scrape) map[string]scrape {
	for _, passing := range []string{"Age of numbers/A", "Firing alerts/A", "Oldest unowned/A", "Objectives missed/B", "Objectives/A"} {
		delete(screen, passing)
	}
	return screen
}

// blind finds fault with a wall that shows a number of incidents, or a panel of numbers that
// does not say that they are missing.
func blind(screen map[string]scrape) error {
	named := func(label string) scrape { return scrape{"[job:e2e more:0 who:" + label + "]": 0} }
	known := map[string]scrape{
		"By tenant/A": {"[job:e2e]": 0}, "Objectives/A": {"[objective:BLIND: e2e]": -1}, "Most pressing incidents/A": {"[incident_id:BLIND tenant:e2e]": 1e6},
	}
	said := 0
	for name, found := range screen {
		want := known[name]
		switch {
		case strings.HasSuffix(name, "/"+missingID):
			said++
			want = named("e2e")
		case name == "Firing alerts/A" || name == "Age of numbers/A" || name == "Objectives/C" || name == "Objectives/D":
			continue
		}
		if diff := cmp.Diff(want, found, cmpopts.EquateEmpty()); diff != "" {
			return fmt.Errorf("%s: -want +wall:\n%s", name, diff)
		}
	}
	if said < 10 {
		return fmt.Errorf("%d panels say that their numbers are missing", said)
	}
	return nil
}
