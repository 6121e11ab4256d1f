package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

const (
	acknowledge = "msgraph_security_incident_acknowledge_duration_seconds"
	resolve     = "msgraph_security_incident_resolve_duration_seconds"

	acknowledgeByPriority = "msgraph_security_incident_acknowledge_duration_by_priority_seconds"
	resolveByPriority     = "msgraph_security_incident_resolve_duration_by_priority_seconds"
)

// TestDurations asks a real Prometheus how long acknowledging and resolving took, by
// its classic and its native histograms, and compares with what the simulator knows.
func TestDurations(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	sim := tenant(graphsim.Config{})
	var ids []string
	for range 300 {
		age := time.Duration(math.Exp(rng.Float64()*math.Log(8*24*3600))) * time.Second
		ids = append(ids, sim.Add(graphsim.Incident{Created: time.Now().Add(-time.Minute - age), Severity: "high"}))
	}
	s := play(t, sim)
	s.awaitTruth(t, "at the start")
	native := watch(t, s.address, "    scrape_native_histograms: true\n    always_scrape_classic_histograms: true\n")
	await(t, "a first pull", func() error { return native.total(acknowledge, 0) })
	for i, id := range ids {
		sim.Change(id, graphsim.Dated, func(in *graphsim.Incident) {
			in.AssignedTo = "analyst@soc.example"
			if i%2 == 0 {
				in.Status = "resolved"
			}
		})
	}
	await(t, "all of it", func() error {
		if err := native.total(acknowledge, 300); err != nil {
			return err
		}
		return native.total(resolve, 150)
	})
	var acknowledged, resolved []float64
	for _, in := range sim.Truth() {
		took := in.Updated.Sub(in.Created).Seconds()
		acknowledged = append(acknowledged, took)
		if in.Status == "resolved" {
			resolved = append(resolved, took)
		}
	}
	for _, q := range []float64{0.1, 0.5, 0.9, 0.99} {
		native.checkQuantile(t, acknowledge, q, acknowledged)
		native.checkQuantile(t, resolve, q, resolved)
		native.checkQuantile(t, acknowledgeByPriority, q, acknowledged)
		native.checkQuantile(t, resolveByPriority, q, resolved)
	}
	asked := 0
	for _, q := range queriesOf(readFile(t, "../docs/metrics.md")) {
		if strings.Contains(q, "avg by (job, tenant") { // as native histograms are asked
			asked++
			got, err := native.ask(q, true)
			if maps.DeleteFunc(got, func(_ string, v float64) bool { return math.IsNaN(v) }); err != nil || len(got) != 1 {
				t.Errorf("%s finds %v (%v)", q, got, err)
			}
		}
	}
	if asked == 0 {
		t.Error("docs/metrics.md asks for no native histogram")
	}
}

// total waits for so many observations in both kinds of histogram.
func (p *prometheus) total(name string, want float64) error {
	for _, query := range []string{"sum(" + name + "_count)", "histogram_count(sum(" + name + "))"} {
		if got, err := p.value(query); err != nil || got != want {
			return fmt.Errorf("%s is %v, want %v (%w)", query, got, want, err)
		}
	}
	return nil
}

// checkQuantile compares a quantile with the truth: a native histogram is right within
// a tenth, a classic one within its bucket.
func (p *prometheus) checkQuantile(t *testing.T, name string, q float64, truth []float64) {
	t.Helper()
	slices.Sort(truth)
	want := truth[int(math.Ceil(q*float64(len(truth))))-1]
	native, err := p.value(fmt.Sprintf("histogram_quantile(%g, sum(%s))", q, name))
	if err != nil || native < want/1.11 || native > want*1.11 {
		t.Errorf("%s: native quantile %g is %g, want %g (%v)", name, q, native, want, err)
	}
	classic, err := p.value(fmt.Sprintf("histogram_quantile(%g, sum by (le) (%s_bucket))", q, name))
	if err != nil {
		t.Fatal(err)
	}
	if lower, upper := bucket(name, want); classic < lower || classic > upper {
		t.Errorf("%s: classic quantile %g is %g, want within %g and %g", name, q, classic, lower, upper)
	}
}

// bucket returns the bounds of the bucket that holds a duration.
func bucket(name string, seconds float64) (lower, upper float64) {
	const minute, hour, day = 60.0, 3600.0, 86400.0
	bounds := []float64{minute, 5 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 4 * hour, 8 * hour, day, 3 * day, 7 * day}
	if name == resolve || name == resolveByPriority {
		bounds = []float64{5 * minute, 15 * minute, hour, 4 * hour, 8 * hour, day, 2 * day, 3 * day, 7 * day, 14 * day, 30 * day}
	}
	for _, b := range bounds {
		if seconds <= b {
			return lower, b
		}
		lower = b
	}
	return lower, lower // beyond the last bound, a quantile is that bound
}

// value asks for a single number; NaN if there is none.
func (p *prometheus) value(query string) (float64, error) {
	var answer struct {
		Error string
		Data  struct {
			Result []struct{ Value [2]any }
		}
	}
	text, err := get(p.url + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Error != "" {
		return 0, fmt.Errorf("%s: %w %s", query, err, answer.Error)
	}
	if len(answer.Data.Result) != 1 {
		return math.NaN(), nil
	}
	return strconv.ParseFloat(answer.Data.Result[0].Value[1].(string), 64)
}
