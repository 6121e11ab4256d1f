package server

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/graphtest"
)

// startFleet starts an exporter of the tenants of a file.
func startFleet(t *testing.T, path string, more ...string) *exporter {
	t.Helper()
	return start(t, graphtest.None, append([]string{"--config.file=" + path, "--web.listen-address=127.0.0.1:0"}, more...)...)
}

// probeUntilUp probes a tenant until it is synchronised and returns its page. It probes
// again when something has been logged, as the end of a synchronisation is: probes
// without a pause would take the processor from what they wait for.
func (e *exporter) probeUntilUp(t *testing.T, name string) page {
	t.Helper()
	for deadline := time.After(testTimeout); ; {
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
	return e.read(t, "/probe?target="+name, longestTimeout)
}

// TestFleet probes two tenants: each page tells of its own incidents and of nothing
// else, and the exporter's own page of none. Nothing is asked before the first probe.
func TestFleet(t *testing.T) {
	t.Parallel()
	one, two := graphtest.Serve(t, graphsim.Config{}), graphtest.Serve(t, graphsim.Config{})
	one.AddSome()
	populate(two)
	e := startFleet(t, graphtest.Configure(t, one.Entry("contoso"), two.Entry("fabrikam")))
	if n := len(one.Requests()) + len(two.Requests()); n > 0 {
		t.Errorf("sent %d requests before anybody asked", n)
	}
	for name, g := range map[string]*graphtest.Graph{"contoso": one, "fabrikam": two} {
		got := e.probeUntilUp(t, name)
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
	if at := own["msgraph_security_config_last_reload_success_timestamp_seconds"]; time.Since(time.Unix(int64(at), 0)) > testTimeout {
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
	g := graphtest.Serve(t, graphsim.Config{})
	e := startFleet(t, graphtest.Configure(t, g.Entry("fabrikam"), g.Entry("contoso")))
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
	g := graphtest.Serve(t, graphsim.Config{})
	e := start(t, graphtest.None, g.Flags()...)
	for path, want := range map[string]int{"/sd": http.StatusNotFound, "/probe?target=": http.StatusBadRequest, "/probe?target=contoso": http.StatusBadRequest} {
		if status, text := e.get(t, path); status != want {
			t.Errorf("%s: got %d %s", path, status, text)
		}
	}
}
