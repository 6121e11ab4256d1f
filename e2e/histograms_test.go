package e2e

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// scrapes are the ways in which Prometheus can be told to take histograms.
var scrapes = map[string]string{
	"classic": "",
	"native":  "    scrape_native_histograms: true\n",
	"both":    "    scrape_native_histograms: true\n    always_scrape_classic_histograms: true\n",
}

// ages are how long ago the incidents of the test below were created, which is how long it
// takes to acknowledge and to resolve them: three of five the shorter.
var ages = [2]time.Duration{20 * time.Minute, 100 * time.Minute}

// TestBoardsWithHistograms shows that the boards have the same numbers however Prometheus takes
// histograms, the right ones, and the same with one replica and with two.
func TestBoardsWithHistograms(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	var ids []string
	for i := range 40 {
		ids = append(ids, sim.Add(graphsim.Incident{Created: time.Now().Add(-ages[i%5/3]), Severity: severities[1+i%4], Score: new(90 * (i % 2)), DisplayName: title}))
	}
	s := play(t, sim, "--collector.incident-info=25")
	_, port, _ := strings.Cut(s.address, ":")
	file := filepath.Join(t.TempDir(), "second.json")
	if err := os.WriteFile(file, fmt.Appendf(nil, `[{"targets": ["localhost:%s"]}]`, port), 0o600); err != nil {
		t.Fatal(err)
	}
	servers := map[string]*prometheus{}
	for kind, scrape := range scrapes {
		servers[kind] = watch(t, s.address, "    file_sd_configs: [{files: ["+file+"]}]\n"+scrape)
	}
	for kind, p := range servers {
		await(t, "both replicas of "+kind, func() error {
			if n, err := p.value("count(msgraph_security_up == 1)"); n != 2 || err != nil {
				return fmt.Errorf("%v, %w", n, err)
			}
			return nil
		})
	}
	for i, id := range ids {
		sim.Change(id, graphsim.Dated, func(in *graphsim.Incident) {
			in.AssignedTo = "ana@" + title
			if i < 30 {
				in.Status, in.Classification, in.Determination = "resolved", "truePositive", "phishing"
			}
		})
	}
	for kind, p := range servers {
		t.Run(kind, func(t *testing.T) {
			await(t, "the durations", func() error { return p.checkDurations(t) })
			p.checkReplicas(t)
		})
	}
}

// checkDurations compares the board of the team's performance with what happened: 40
// incidents were acknowledged and 30 resolved, three of five after 20 minutes, the others
// after 100. A quantile is right if it is in the bucket of the truth.
func (p *prometheus) checkDurations(t *testing.T) error {
	t.Helper()
	got := p.board(t, "soc-performance.json", ".*", time.Now(), true)
	for name, bounds := range map[string][2]time.Duration{
		"Acknowledged: median/A": {15 * time.Minute, 30 * time.Minute}, "Acknowledged: 9 of 10/A": {time.Hour, 4 * time.Hour},
		"Resolved: median/A": {10 * time.Minute, time.Hour}, "Resolved: 9 of 10/A": {time.Hour, 4 * time.Hour},
	} {
		if v, ok := got[name]["[]"]; !ok || v < bounds[0].Seconds() || v > bounds[1].Seconds() {
			return fmt.Errorf("%s: got %v, want %v", name, got[name], bounds)
		}
	}
	for _, table := range []string{"By severity/A", "By priority/A"} {
		sum := 0.0
		for _, n := range got[table] {
			sum += n
		}
		if math.Abs(sum-30) > 1 { // the later table of that name, which is about resolving
			return fmt.Errorf("%s: %v incidents were resolved, want 30: %v", table, sum, got[table])
		}
	}
	return nil
}

// checkReplicas shows that every query finds with two replicas what it finds with one.
func (p *prometheus) checkReplicas(t *testing.T) {
	t.Helper()
	for file := range dashboards(t) {
		for _, instant := range []bool{true, false} {
			await(t, file+" of one and of two", func() error {
				at := time.Now()
				return unlike(p.board(t, file, "127.0.0.1.*", at, instant), p.board(t, file, ".*", at, instant))
			})
		}
	}
}

// passing are panels about times, which pass between the pulls of one and of the other.
var passing = regexp.MustCompile("^(Age of |Objectives/A|Next miss|Objectives missed/B|Oldest|Time of a refresh|Refreshes|Sweep period|Clock skew)")

// unlike finds a query of which two screens have other series or other values, but for what
// increase() and rate() guess differently where one was pulled at another moment.
func unlike(one, two map[string]scrape) error {
	for name, want := range one {
		if strings.HasPrefix(name, "Each ") {
			continue // is there to tell replicas apart
		}
		got := two[name]
		if !slices.Equal(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))) {
			return fmt.Errorf("%s: one has %v, two have %v", name, want, got)
		}
		for labels, v := range want {
			if d := math.Abs(got[labels] - v); d > 0.5+0.1*math.Abs(v) && !(passing.MatchString(name) && d < 5) {
				return fmt.Errorf("%s %s: one has %v, two have %v", name, labels, v, got[labels])
			}
		}
	}
	return nil
}

// board returns what a board shows of some instances at a time, by panel and query.
func (p *prometheus) board(t *testing.T, file, instance string, at time.Time, instant bool) map[string]scrape {
	t.Helper()
	d := dashboards(t)[file]
	values := append([]string{"$instance", instance}, p.variables(t, d)...)
	shown := map[string]scrape{}
	for _, panel := range d.Panels {
		for _, q := range panel.Targets {
			if q.Instant != instant {
				continue
			}
			got, err := p.askAt(strings.NewReplacer(values...).Replace(q.Expr), instant, at)
			if err != nil {
				t.Fatalf("%s: %v", panel.name(), err)
			}
			shown[panel.name()+"/"+q.RefID] = got
		}
	}
	return shown
}
