package e2e

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// addUnscored adds an incident of high severity without a score that nobody has, and returns its id.
func addUnscored(sim *graphsim.Sim) string {
	return sim.Add(graphsim.Incident{Created: time.Now(), Severity: "high"})
}

// TestTwoServers: two Prometheus servers that scrape the same exporter, and send to the same Alertmanager, page once for
// each incident.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	graph := httptest.NewServer(sim)
	t.Cleanup(graph.Close)
	e := start(t, exporter, flags(t, graph.URL)...)
	p := newPager(t)
	am := manned(t, p)
	var pair []*watcher
	for _, name := range []string{"a", "b"} {
		pair = append(pair, watching(t, e.address(t), am, "global:\n", "global:\n  external_labels: {replica: "+name+"}\n",
			"alerting:\n", "alerting:\n  alert_relabel_configs: [{regex: replica, action: labeldrop}]\n"))
	}
	var want []string
	for _, next := range []string{one, more + " 2", more + " 3"} {
		sim.Add(graphsim.Incident{Created: time.Now(), Severity: "low", Score: new(90)})
		want = append(want, next)
		for _, w := range pair {
			w.sees(t, want...)
		}
		p.wait(t, "page", "MsgraphSecurity"+next, "firing", time.Time{})
	}
	if fires, over := p.paged(); !slices.Equal(fires, want) || len(over) > 0 {
		t.Errorf("on call was called about %q, and told that %q are over; want %q and nothing", fires, over, want)
	}
	e.stop(t)
	p.wait(t, "page", "MsgraphSecurityBlind", "firing", time.Time{})
	want = append(want, "Blind")
	for _, w := range pair {
		w.sees(t, want...)
	}
	if fires, over := p.paged(); !slices.Equal(fires, want) || len(over) > 0 {
		t.Errorf("on call was called about %q, and told that %q are over; want %q and nothing", fires, over, want)
	}
}

// TestPrometheusRestarts: what a Prometheus pages for goes on firing when it starts anew, from its first evaluation, in a
// tenant without scores too; what comes then is a page of its own. A page leads to an incident that waits.
func TestPrometheusRestarts(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	graph := httptest.NewServer(sim)
	t.Cleanup(graph.Close)
	e := start(t, exporter, flags(t, graph.URL, "--collector.incident-info=10")...)
	p := newPager(t)
	w := watching(t, e.address(t), manned(t, p))
	ids := []string{addUnscored(sim)}
	w.sees(t, one)
	ids = append(ids, addUnscored(sim))
	w.sees(t, one, more+" 2")
	anew := func(want ...string) {
		t.Helper()
		w.stop(t)
		w.start(t)
		await(t, "the rules to be evaluated", func() error {
			got, err := w.firing()
			if err == nil && !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
				t.Errorf("after a restart %q fire, want %q", got, want)
			}
			return err
		})
	}
	anew(one, more+" 2")
	ids = append(ids, addUnscored(sim))
	w.sees(t, one, more+" 2", more+" 3")
	e.stop(t)
	want := []string{one, more + " 2", more + " 3", "Blind"}
	w.sees(t, want...)
	p.wait(t, "page", "MsgraphSecurityBlind", "firing", time.Time{})
	anew(want...)
	w.sees(t, want...)
	if fires, over := p.paged(); !slices.Equal(fires, want) || len(over) > 0 {
		t.Errorf("on call was called about %q, and told that %q are over; want %q and nothing", fires, over, want)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.calls {
		if c.receiver == "page" && c.alert != "MsgraphSecurityBlind" && !slices.ContainsFunc(ids, func(id string) bool { return strings.Contains(c.portal, "/"+id+"/") }) {
			t.Errorf("%s leads to %s, want one of the incidents %q", c.alert, c.portal, ids)
		}
	}
}
