package statuspage

import (
	"cmp"
	"fmt"
	"html"
	"maps"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"

	"msgraph_security_exporter/collector"
)

// TestNumbersAreThoseOfTheMetrics compares each number and age in the tables of a page, and in the list of
// all tenants, with what an answer of the metrics of the same snapshot comes to.
func TestNumbersAreThoseOfTheMetrics(t *testing.T) {
	for range 10 {
		synctest.Test(t, testNumbers)
	}
}

func testNumbers(t *testing.T) {
	t.Helper()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	now := time.Now()
	open := incidents(100+r.IntN(900), now)
	r.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
	f := &fleet{}
	report := current(open[:r.IntN(len(open))], now)
	report.ClockSkew, report.SkewKnown = time.Duration(r.IntN(7200))*time.Second, true
	tenant := f.add(t, "one", report, collector.DefaultObjectives()...)
	families, err := tenant.Metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	a := answer{families, now}
	page := f.get(t, "/tenants/one")
	got := cellsOf(section(t, page, "open"))
	maps.Copy(got, cellsOf(section(t, page, "objectives")))
	if diff := gocmp.Diff(a.cells(), got); diff != "" {
		t.Errorf("seed %d: the page differs from the metrics (-metrics +page):\n%s", seed, diff)
	}
	big := fmt.Sprintf("<b>%s</b> open</p><p><b>%s</b> of high priority</p><p><b>%s</b> unassigned", a.sum(openIncidents, "", ""), a.sum(openIncidents, "", "high"), a.sum(nobody, "", ""))
	if !strings.Contains(page, big) {
		t.Errorf("seed %d: got %s, want %s", seed, section(t, page, "open"), big)
	}
	want := []string{a.sum(openIncidents, "", ""), a.sum(openIncidents, "", "high"), a.sum(nobody, "", ""), a.oldest("", "")}
	for i, column := range []string{"Open", "High priority", "Unassigned", "Oldest"} {
		if got := cellsOf(f.get(t, "/"))["one, "+column]; got != want[i] {
			t.Errorf("seed %d: the list has %s %q, want %q", seed, column, got, want[i])
		}
	}
}

const (
	openIncidents = "open_incidents"
	nobody        = "open_incidents_unassigned"
)

// An answer is one of the metrics, at a time.
type answer struct {
	families []*dto.MetricFamily
	at       time.Time
}

// each calls do with each series of a metric.
func (a answer) each(metric string, do func(label func(string) string, value float64)) {
	for _, f := range a.families {
		for _, m := range f.GetMetric() {
			if f.GetName() == namespace+metric {
				do(labelOf(m), m.GetGauge().GetValue())
			}
		}
	}
}

// sum adds up the series of a severity and a priority; empty is any.
func (a answer) sum(metric, severity, priority string) string {
	total := 0.0
	a.each(metric, func(label func(string) string, value float64) {
		if (severity == "" || label("severity") == severity) && (priority == "" || label("priority") == priority) {
			total += value
		}
	})
	return fmt.Sprint(total)
}

// skew returns Graph's clock less that of this machine, in seconds.
func (a answer) skew() (seconds float64) {
	a.each("clock_skew_seconds", func(_ func(string) string, value float64) { seconds = value })
	return seconds
}

// oldest returns the age of the oldest incident of a severity and a priority, by Graph's clock.
func (a answer) oldest(severity, priority string) string {
	age := "none"
	first := 0.0
	a.each("oldest_open_incident_created_timestamp_seconds", func(label func(string) string, value float64) {
		if (severity == "" || label("severity") == severity) && (priority == "" || label("priority") == priority) && (first == 0 || value < first) {
			first = value
			age = span(time.Duration((float64(a.at.Unix()) + a.skew() - value) * float64(time.Second)))
		}
	})
	return age
}

// cells returns what the tables of a page have to say, by row and column.
func (a answer) cells() map[string]string {
	want := map[string]string{}
	priorities := map[string]string{"high": "high", "medium": "medium", "low": "low", "no score": "none"}
	for _, severity := range []string{"high", "medium", "low", "informational", "unknown", "other", ""} {
		if (severity == "unknown" || severity == "other") && a.sum(openIncidents, severity, "") == "0" {
			continue
		}
		row := cmp.Or(severity, "Total") + ", "
		for column, priority := range priorities {
			want[row+column] = a.sum(openIncidents, severity, priority)
		}
		want[row+"Total"], want[row+"Unassigned"], want[row+"Oldest"] = a.sum(openIncidents, severity, ""), a.sum(nobody, severity, ""), a.oldest(severity, "")
	}
	for column, priority := range priorities {
		want["Unassigned, "+column], want["Oldest, "+column] = a.sum(nobody, "", priority), a.oldest("", priority)
	}
	a.each("objective_target_seconds", func(label func(string) string, value float64) {
		want[label("objective")+", Within"] = span(time.Duration(value) * time.Second)
		want[label("objective")+", Next miss"] = "none"
	})
	a.each("objective_breached_incidents", func(label func(string) string, value float64) {
		want[label("objective")+", Missed"] = fmt.Sprint(value)
	})
	a.each("objective_next_breach_timestamp_seconds", func(label func(string) string, value float64) {
		want[label("objective")+", Next miss"] = "in " + span(time.Duration((value-float64(a.at.Unix())-a.skew())*float64(time.Second)))
	})
	return want
}

// cellsOf returns the cells of a table by row and column, without the empty ones.
func cellsOf(table string) map[string]string {
	text := func(markup string) string {
		return html.UnescapeString(regexp.MustCompile("<[^>]*>").ReplaceAllString(markup, ""))
	}
	var columns []string
	got := map[string]string{}
	for _, line := range regexp.MustCompile(`(?s)<tr.*?</tr>`).FindAllString(table, -1) {
		var texts []string
		for _, cell := range regexp.MustCompile(`(?s)<t[hd].*?</t[hd]>`).FindAllString(line, -1) {
			texts = append(texts, text(cell))
		}
		if columns == nil {
			columns = texts
			continue
		}
		for i, value := range texts[1:] {
			if value != "" {
				got[texts[0]+", "+columns[i+1]] = value
			}
		}
	}
	return got
}
