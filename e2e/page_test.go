package e2e

import (
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestPages reads everything that the exporter serves, in good times and in bad: no
// page holds a secret or a word of an incident, and promtool finds nothing to say.
func TestPages(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	populate(sim)
	s := play(t, sim)
	s.awaitTruth(t, "at the start")
	s.checkPages(t)
	sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Status: 500, Text: "Try again."})
	s.awaitProblem(t, "server_error")
	s.checkPages(t)
}

func (s *stage) checkPages(t *testing.T) {
	t.Helper()
	for _, path := range []string{
		"/", "/metrics", "/-/healthy", "/-/ready", "/debug/pprof/", "/debug/pprof/cmdline",
		"/debug/pprof/goroutine?debug=2", "/debug/pprof/heap?debug=1",
	} {
		page, err := get("http://" + s.address + path)
		if err != nil {
			t.Error(err)
		}
		s.checkSecrets(t, path, page)
	}
	checkMetrics(t, s.address)
}

// checkMetrics lets promtool look at what an exporter serves.
func checkMetrics(t *testing.T, address string) {
	t.Helper()
	page, err := get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	promtool := exec.Command(tools+"promtool", "check", "metrics")
	promtool.Stdin = strings.NewReader(page)
	if out, err := promtool.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

// TestDemo watches the demo as a newcomer does: within a minute there are incidents,
// and they move.
func TestDemo(t *testing.T) {
	t.Parallel()
	demo := start(t, exporter, "--demo", "--web.listen-address=127.0.0.1:0")
	address := demo.address(t)
	prometheus := watch(t, address)
	var first scrape
	prometheus.await(t, "incidents", func(got scrape) error {
		first = got.family(openIncidents)
		if open := sum(first); open < 10 {
			return fmt.Errorf("%v of them", open)
		}
		return isUp(got)
	})
	prometheus.await(t, "movement", func(got scrape) error {
		if cmp.Equal(first, got.family(openIncidents)) {
			return errors.New("all is as before")
		}
		return isUp(got)
	})
	checkMetrics(t, address)
	if page, err := get("http://" + address + "/"); err != nil || !strings.Contains(page, "DEMO") {
		t.Errorf("the landing page does not say that it is a demo: %v\n%s", err, page)
	}
	if code := demo.stop(t); code != 0 || !strings.Contains(demo.log.String(), "DEMO") {
		t.Errorf("got code %d, log:\n%s", code, demo.log)
	}
}

func sum(s scrape) float64 {
	total := 0.0
	for n := range maps.Values(s) {
		total += n
	}
	return total
}
