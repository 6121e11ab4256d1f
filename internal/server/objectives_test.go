package server

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/graphtest"
)

// TestObjectivesOfAFile holds incidents against what a team has declared.
func TestObjectivesOfAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "objectives.yml")
	graphtest.Write(t, path, "objectives:\n  - {name: page, severities: [high], priorities: [high, none], acknowledge_within: 10m}\n")
	g := graphtest.Serve(t, graphsim.Config{})
	g.Add(graphsim.Incident{Created: time.Now().Add(-time.Hour), Severity: "high"})
	g.Add(graphsim.Incident{Created: time.Now().Add(-time.Hour), Severity: "high", Score: new(50)})
	g.Add(graphsim.Incident{Created: time.Now().Add(-time.Hour), Severity: "high", AssignedTo: "alice@soc.example"})
	e := start(t, graphtest.None, g.Flags("--config.file="+path)...)
	e.synced(t)
	got := e.scrape(t)
	want := page{
		`msgraph_security_objective_breached_incidents{objective="page"}`: 1,
		`msgraph_security_objective_target_seconds{objective="page"}`:     600,
	}
	for name, value := range want {
		if v, ok := got[name]; !ok || v != value {
			t.Errorf("%s: got %g (%t), want %g", name, v, ok, value)
		}
	}
	if _, ok := got[`msgraph_security_objective_target_seconds{objective="resolve-high-severity"}`]; ok {
		t.Error("the default objectives are there as well")
	}
}

// TestOnDemand counts tags and shows an incident by itself, as the flags ask for.
func TestOnDemand(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{})
	id := g.Add(graphsim.Incident{Severity: "high", Score: new(97), Tags: []string{"vip", "Other"}})
	g.Add(graphsim.Incident{Severity: "high", Score: new(12)})
	e := start(t, graphtest.None, g.Flags("--collector.tags=VIP, Ransomware", "--collector.incident-info=1")...)
	e.synced(t)
	got := e.scrape(t)
	if got[`msgraph_security_open_incidents_tagged{tag="VIP"}`] != 1 {
		t.Error("a tag is not counted")
	}
	if v, ok := got[`msgraph_security_open_incidents_tagged{tag="Ransomware"}`]; !ok || v != 0 {
		t.Error("a tag that nothing bears is not 0")
	}
	shown := 0
	for name := range got {
		if strings.HasPrefix(name, "msgraph_security_open_incident_info{") {
			shown++
			if !strings.Contains(name, `incident_id="`+id+`"`) || !strings.Contains(name, `url="https://security.microsoft.com/`) {
				t.Errorf("got %s", name)
			}
		}
	}
	if shown != 1 {
		t.Errorf("%d incidents are shown", shown)
	}
}
