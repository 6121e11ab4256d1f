package server

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/graphtest"
)

const (
	reloadSuccessful = "msgraph_security_config_last_reload_successful"
	reloadTimestamp  = "msgraph_security_config_last_reload_success_timestamp_seconds"
	refreshed        = `msgraph_security_refreshes_total{result="success"}`
)

// TestReload takes an exporter through good and bad files. A tenant that stays the
// same keeps its copy and its counters, whatever else changes; a bad file changes
// nothing, and the log and the answer say why.
func TestReload(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{})
	g.AddSome()
	path := graphtest.Configure(t, g.Entry("contoso"), g.Entry("fabrikam"))
	e := startFleet(t, path, "--web.enable-lifecycle")
	e.probeUntilUp(t, "contoso")
	loaded := e.scrape(t)[reloadTimestamp]

	graphtest.Write(t, path, "tenants:\n"+g.Entry("contoso")+g.Entry("northwind", "    client_secret: x\n    cloud: moon\n"))
	status, text := e.ask(t, http.MethodPost, "/-/reload")
	want := []string{
		"not reloaded:",
		path + ":18: tenants.northwind.client_secret: must not stand in this file: put it into a file of its own and name that in auth.client_secret_file",
		path + ":19: tenants.northwind.cloud: want one of public, usgov, usgov-dod",
		"",
	}
	if diff := cmp.Diff(want, strings.Split(text, "\n")); status != http.StatusInternalServerError || diff != "" {
		t.Errorf("got status %d, -want +got:\n%s", status, diff)
	}
	e.await(t, "Configuration not reloaded.*northwind.cloud")
	own := e.scrape(t)
	own.expect(t, reloadSuccessful, 0)
	own.expect(t, reloadTimestamp, loaded)
	e.probeUntilUp(t, "fabrikam")
	before := e.probeUntilUp(t, "contoso")[refreshed]

	graphtest.Write(t, path, "tenants:\n"+g.Entry("contoso")+g.Entry("northwind")+
		"objectives:\n  - {name: page, resolve_within: 1h}\n")
	if status, text := e.ask(t, http.MethodPost, "/-/reload"); status != http.StatusOK || text != "Reloaded.\n" {
		t.Errorf("got %d %s", status, text)
	}
	own = e.scrape(t)
	own.expect(t, reloadSuccessful, 1)
	if own[reloadTimestamp] <= loaded {
		t.Errorf("loaded at %v, and later at %v", loaded, own[reloadTimestamp])
	}
	got := e.probe(t, "contoso")
	got.expect(t, "msgraph_security_up", 1)
	got.expect(t, refreshed, before+1)
	if n := len(got.family("msgraph_security_objective_target_seconds")); n != 1 {
		t.Errorf("got %d objectives, want the one of the new file", n)
	}
	e.probeUntilUp(t, "northwind")
	if status, _ := e.get(t, "/probe?target=fabrikam"); status != http.StatusBadRequest {
		t.Errorf("fabrikam: got status %d", status)
	}
}

// TestReloadDuringPull removes a tenant in the middle of a pull, which gets its answer,
// refreshed. The reload does not wait for that.
func TestReloadDuringPull(t *testing.T) {
	t.Parallel()
	gate := newGate()
	g := graphtest.Serve(t, graphsim.Config{}, gate.wrap)
	path := graphtest.Configure(t, g.Entry("contoso"))
	e := startFleet(t, path, "--web.enable-lifecycle")
	e.probeUntilUp(t, "contoso")
	gate.shut.Store(true)
	g.Add(graphsim.Incident{Severity: "high", Score: new(100)})
	probed := make(chan page)
	go func() { probed <- e.probe(t, "contoso") }()
	<-gate.reached
	graphtest.Write(t, path, "tenants:\n"+g.Entry("fabrikam"))
	if status, text := e.ask(t, http.MethodPost, "/-/reload"); status != http.StatusOK {
		t.Errorf("got %d %s", status, text)
	}
	if status, _ := e.get(t, "/probe?target=contoso"); status != http.StatusBadRequest {
		t.Errorf("got status %d for a tenant that has left", status)
	}
	close(gate.opened)
	got := <-probed
	got.expect(t, "msgraph_security_up", 1)
	got.expect(t, series("high", "active", "unknown", "high"), 1)
}

// TestHangup reloads the objectives of the one tenant of the flags.
func TestHangup(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{})
	g.AddSome()
	path := graphtest.Configure(t)
	graphtest.Write(t, path, "objectives:\n  - {name: one, resolve_within: 1h}\n")
	e := start(t, graphtest.None, g.Flags("--config.file="+path)...)
	e.synced(t)
	graphtest.Write(t, path, "objectives:\n  - {name: two, resolve_within: 1h}\n")
	e.signals <- syscall.SIGHUP
	e.await(t, "Configuration reloaded.* tenants=1")
	got := e.scrape(t)
	got.expect(t, "msgraph_security_up", 1)
	got.expect(t, `msgraph_security_objective_target_seconds{objective="two"}`, 3600)
	graphtest.Write(t, path, "tenants:\n"+g.Entry("contoso"))
	e.signals <- syscall.SIGHUP
	e.await(t, "not reloaded.*--graph.tenant-id: not with --config.file")
	got = e.scrape(t)
	got.expect(t, "msgraph_security_up", 1)
	got.expect(t, reloadSuccessful, 0)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	e.signals <- syscall.SIGHUP
	e.await(t, "not reloaded.*no such file or directory")
	if status, _ := e.ask(t, http.MethodPost, "/-/reload"); status != http.StatusNotFound {
		t.Errorf("/-/reload: got status %d without --web.enable-lifecycle", status)
	}
}

// TestReloadUnderLoad reloads a hundred times while tenants are probed: one stays the
// same, one changes, one comes and goes. No probe fails, the one that stays is
// synchronised once, and when they have all left, for one that nobody asks for, no
// goroutine of theirs goes on. It does not run at once with others, whose goroutines
// it would find.
func TestReloadUnderLoad(t *testing.T) {
	g := graphtest.Serve(t, graphsim.Config{})
	g.AddSome()
	path := graphtest.Configure(t, g.Entry("stays"), g.Entry("changes"))
	e := startFleet(t, path, "--web.enable-lifecycle")
	e.probeUntilUp(t, "stays")
	e.probeUntilUp(t, "changes")

	var stop atomic.Bool
	var load sync.WaitGroup
	for _, name := range []string{"stays", "changes", "comes", "stays"} {
		load.Go(func() {
			for !stop.Load() {
				status, text := e.get(t, "/probe?target="+name)
				absent := name == "comes" && status == http.StatusBadRequest
				if status != http.StatusOK && !absent || name == "stays" && !strings.Contains(text, "\nmsgraph_security_up 1\n") {
					t.Errorf("%s: got status %d:\n%s", name, status, text)
				}
			}
		})
	}
	for i := range 100 {
		entries := g.Entry("stays") + g.Entry("changes", fmt.Sprintf("    incident_info: %d\n", i%100))
		if i%2 == 0 {
			entries += g.Entry("comes")
		}
		graphtest.Write(t, path, "tenants:\n"+entries)
		if status, text := e.ask(t, http.MethodPost, "/-/reload"); status != http.StatusOK {
			t.Errorf("got %d %s", status, text)
		}
	}
	stop.Store(true)
	load.Wait()
	e.probeUntilUp(t, "changes")
	log, _ := e.log.read()
	if n := strings.Count(log, `msg="First synchronisation is complete" tenant=stays`); n != 1 {
		t.Errorf("the tenant that stays was synchronised %d times", n)
	}
	graphtest.Write(t, path, "tenants:\n"+g.Entry("unasked"))
	if status, text := e.ask(t, http.MethodPost, "/-/reload"); status != http.StatusOK {
		t.Errorf("got %d %s", status, text)
	}
	waitForGoroutines(t, "/internal/mirror.", "/graphclient.")
}
