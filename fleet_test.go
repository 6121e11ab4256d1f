package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// entry returns a tenant of a configuration file that this Graph plays.
func (g *graph) entry(name string, more ...string) string {
	return fmt.Sprintf("  - name: %s\n    tenant_id: %s\n    client_id: %s\n    endpoint: %s\n    authority: %s\n"+
		"    requests_per_minute: 100000\n    min_refresh_interval: 0s\n    auth: {client_secret_file: %s}\n%s",
		name, tenantID, clientID, g.url, g.url, g.secret, strings.Join(more, ""))
}

// configure writes a configuration file of tenants and returns its name.
func configure(t *testing.T, entries ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yml")
	write(t, path, "tenants:\n"+strings.Join(entries, ""))
	return path
}

// startFleet starts an exporter of the tenants of a file.
func startFleet(t *testing.T, path string, more ...string) *exporter {
	t.Helper()
	return start(t, none, append([]string{"--config.file=" + path, "--web.listen-address=127.0.0.1:0"}, more...)...)
}

// settle probes a tenant until it is synchronised and returns its page. It probes
// again when something has been logged, as the end of a synchronisation is: probes
// without a pause would take the processor from what they wait for.
func (e *exporter) settle(t *testing.T, name string) page {
	t.Helper()
	for deadline := time.After(within); ; {
		log, grown := e.log.read()
		got := e.probe(t, name)
		if got["msgraph_security_up"] == 1 {
			return got
		}
		select {
		case <-grown:
		case <-deadline:
			t.Fatalf("%s does not come up:\n%s", name, log)
		}
	}
}

func (e *exporter) probe(t *testing.T, name string) page {
	t.Helper()
	return e.read(t, "/probe?target="+name, patient)
}

// TestFleet probes two tenants: each page tells of its own incidents and of nothing
// else, and the exporter's own page of none. Nothing is asked before the first probe.
func TestFleet(t *testing.T) {
	t.Parallel()
	one, two := serveGraph(t, graphsim.Config{}), serveGraph(t, graphsim.Config{})
	one.addSome()
	populate(two)
	e := startFleet(t, configure(t, one.entry("contoso"), two.entry("fabrikam")))
	if n := len(one.Requests()) + len(two.Requests()); n > 0 {
		t.Errorf("sent %d requests before anybody asked", n)
	}
	for name, g := range map[string]*graph{"contoso": one, "fabrikam": two} {
		got := e.settle(t, name)
		if diff := cmp.Diff(truth(g.Truth()), got.family(openIncidents)); diff != "" {
			t.Errorf("%s: not the truth (-want +got):\n%s", name, diff)
		}
		for series := range got {
			if !strings.HasPrefix(series, "msgraph_security_") || strings.HasPrefix(series, "msgraph_security_exporter_") || strings.HasPrefix(series, "msgraph_security_config_") {
				t.Errorf("%s: tells of the exporter: %s", name, series)
			}
		}
	}
	own := e.scrape(t)
	own.expect(t, "msgraph_security_config_last_reload_successful", 1)
	if at := own["msgraph_security_config_last_reload_success_timestamp_seconds"]; time.Since(time.Unix(int64(at), 0)) > within {
		t.Errorf("loaded at %v", at)
	}
	for series := range own {
		if strings.HasPrefix(series, "msgraph_security_") && !strings.HasPrefix(series, "msgraph_security_config_") && !strings.HasPrefix(series, "msgraph_security_exporter_") {
			t.Errorf("the exporter's own page tells of a tenant: %s", series)
		}
	}
}

// TestTargets asks for what is no tenant. Each is refused with one line, which does
// not repeat it, and nobody is asked anything.
func TestTargets(t *testing.T) {
	t.Parallel()
	g := serveGraph(t, graphsim.Config{})
	e := startFleet(t, configure(t, g.entry("fabrikam"), g.entry("contoso")))
	for query, want := range map[string]string{
		"":                                   "target: missing, want the name of a tenant: /probe?target=NAME",
		"?target=":                           "target: missing, want the name of a tenant: /probe?target=NAME",
		"?name=contoso":                      "target: missing, want the name of a tenant: /probe?target=NAME",
		"?target=contoso&target=contoso":     "target: given 2 times, want it once",
		"?target=contoso&target=":            "target: given 2 times, want it once",
		"?target=http://169.254.169.254/":    "target: want the name of a tenant as it is configured, not an address",
		"?target=https%3A%2F%2Fexample.com":  "target: want the name of a tenant as it is configured, not an address",
		"?target=127.0.0.1:80":               "target: want the name of a tenant as it is configured, not an address",
		"?target=contoso.example":            "target: want the name of a tenant as it is configured, not an address",
		"?target=..%2F":                      "target: want the name of a tenant as it is configured, not an address",
		"?target=northwind":                  "target: no tenant northwind is configured",
		"?target=Contoso":                    "target: want the name of a tenant as it is configured, of small letters, digits and hyphens",
		"?target=%3Cscript%3E":               "target: want the name of a tenant as it is configured, of small letters, digits and hyphens",
		"?target=" + strings.Repeat("a", 64): "target: want the name of a tenant as it is configured, of small letters, digits and hyphens",
		"?target=contoso;target=x":           "target: the query cannot be read",
		"?target=%zz":                        "target: the query cannot be read",
	} {
		if status, text := e.get(t, "/probe"+query); status != http.StatusBadRequest || text != want+"\n" {
			t.Errorf("%s: got %d %q, want %q", query, status, text, want)
		}
	}
	if status, text := e.get(t, "/sd"); status != http.StatusOK || text != `[{"targets":["contoso","fabrikam"]}]`+"\n" {
		t.Errorf("/sd: got %d %s", status, text)
	}
	if n := len(g.Requests()); n > 0 {
		t.Errorf("sent %d requests", n)
	}
}

// TestTargetsOfOneTenant shows that what is there for many is not for one.
func TestTargetsOfOneTenant(t *testing.T) {
	t.Parallel()
	g := serveGraph(t, graphsim.Config{})
	e := start(t, none, g.flags()...)
	for path, want := range map[string]int{"/sd": http.StatusNotFound, "/probe?target=": http.StatusBadRequest, "/probe?target=contoso": http.StatusBadRequest} {
		if status, text := e.get(t, path); status != want {
			t.Errorf("%s: got %d %s", path, status, text)
		}
	}
}
