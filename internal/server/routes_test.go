package server

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/buildinfo"
	"msgraph_security_exporter/internal/graphtest"
)

// TestRefreshTimeout shows how long a pull waits for a refresh, by what it says itself.
func TestRefreshTimeout(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   time.Duration
	}{
		{nil, 9500 * time.Millisecond},
		{[]string{"10"}, 9500 * time.Millisecond},
		{[]string{"4"}, 3600 * time.Millisecond},
		{[]string{"25.000000"}, 24500 * time.Millisecond},
		{[]string{"1"}, 900 * time.Millisecond},
		{[]string{"0.1"}, 900 * time.Millisecond},
		{[]string{"120"}, 119500 * time.Millisecond},
		{[]string{"1e300"}, 119500 * time.Millisecond},
		{[]string{"0"}, 9500 * time.Millisecond},
		{[]string{"-5"}, 9500 * time.Millisecond},
		{[]string{"NaN"}, 9500 * time.Millisecond},
		{[]string{"Inf"}, 9500 * time.Millisecond},
		{[]string{"-Inf"}, 9500 * time.Millisecond},
		{[]string{"1e999"}, 9500 * time.Millisecond},
		{[]string{"soon"}, 9500 * time.Millisecond},
		{[]string{""}, 9500 * time.Millisecond},
		{[]string{"60", "60"}, 9500 * time.Millisecond},
	} {
		h := http.Header{"X-Prometheus-Scrape-Timeout-Seconds": c.values}
		if got := refreshTimeout(h); got != c.want {
			t.Errorf("%q: got %s, want %s", c.values, got, c.want)
		}
	}
}

// TestPages asks for everything that is there, and for some that is not.
func TestPages(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{})
	quiet := start(t, graphtest.None, g.Flags()...)
	profiled := start(t, graphtest.None, g.Flags("--web.enable-pprof")...)
	for _, c := range []struct {
		e      *exporter
		path   string
		status int
		text   string
	}{
		{quiet, "/", http.StatusOK, `<a href="/metrics">`},
		{quiet, "/metrics", http.StatusOK, "msgraph_security_exporter_build_info{"},
		{quiet, "/-/healthy", http.StatusOK, "Healthy."},
		{quiet, "/-/ready", http.StatusOK, "Ready."},
		{quiet, "/-/reload", http.StatusNotFound, ""},
		{quiet, "/debug/pprof/", http.StatusNotFound, ""},
		{profiled, "/", http.StatusOK, "debug/pprof/heap"},
		{profiled, "/debug/pprof/", http.StatusOK, "goroutine"},
	} {
		status, text := c.e.get(t, c.path)
		if status != c.status || !strings.Contains(text, c.text) {
			t.Errorf("%s: got status %d, want %d with %q in:\n%s", c.path, status, c.status, c.text, text)
		}
	}
	if _, text := quiet.get(t, "/metrics"); !strings.Contains(text, `,version="`+buildinfo.Version()+`"} 1`) {
		t.Error("build_info has no version")
	}
	if _, text := quiet.get(t, "/"); strings.Contains(strings.ToLower(text), "demo") || strings.Contains(text, "debug/pprof") {
		t.Errorf("the landing page speaks of what there is not:\n%s", text)
	}
}

// TestDemo shows that the demo needs no account, says what it is, leaves alone what
// the environment says of tenants, and has incidents to show.
func TestDemo(t *testing.T) {
	t.Parallel()
	env := graphtest.Variables{"AZURE_TENANT_ID": graphtest.TenantID, "AZURE_CLIENT_ID": graphtest.ClientID, "AZURE_CLIENT_SECRET": graphtest.Secret}
	e := start(t, env.Get, "--demo", "--web.listen-address=127.0.0.1:0", "--collector.min-refresh-interval=0s")
	e.await(t, "DEMO.*invented incidents")
	if _, text := e.get(t, "/"); !strings.Contains(text, "(DEMO)") || !strings.Contains(text, "This is a demo.") {
		t.Errorf("the landing page does not say so:\n%s", text)
	}
	e.synced(t)
	got := e.scrape(t)
	got.expect(t, "msgraph_security_up", 1)
	listen := 0.0
	for _, n := range got.family(openIncidents) {
		listen += n
	}
	if listen < 50 {
		t.Errorf("got %v open incidents, want a lively tenant", listen)
	}
	if text, _ := e.log.read(); strings.Contains(text, graphtest.TenantID) {
		t.Errorf("the log names the environment's tenant:\n%s", text)
	}
}
