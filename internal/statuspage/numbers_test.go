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
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/internal/mirror"
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
	f := &fleet{}
	report := reportOf(r)
	tenant := f.add(t, "one", report, collector.DefaultObjectives()...)
	families, err := tenant.Metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	a := answer{families, now}
	page := f.get(t, "/tenants/one")
	got := cellsOf(section(t, page, "open"))
	for _, id := range []string{"objectives", "pressing"} {
		maps.Copy(got, cellsOf(section(t, page, id)))
	}
	if diff := gocmp.Diff(a.cells(), got); diff != "" {
		t.Errorf("seed %d: the page differs from the metrics (-metrics +page):\n%s", seed, diff)
	}
	big := fmt.Sprintf("<b>%s</b> open</p><p><b>%s</b> of high priority</p><p><b>%s</b> unassigned", a.sum(openIncidents, "", ""), a.sum(openIncidents, "", "high"), a.sum(nobody, "", ""))
	if !strings.Contains(page, big) {
		t.Errorf("seed %d: got %s, want %s", seed, section(t, page, "open"), big)
	}
	open := a.sum(openIncidents, "", "")
	for _, want := range []string{"<title>" + open + " open · one</title>", ">Current as of " + a.old() + " ago<", ">Always " + open + " in the last 3 min, as far as there were numbers.<"} {
		if !strings.Contains(page, want) {
			t.Errorf("seed %d: no %s in\n%s", seed, want, page)
		}
	}
}

// TestNumbersOfManyAreThoseOfTheMetrics compares each number in the list of all tenants with what the answers
// of the metrics of each come to.
func TestNumbersOfManyAreThoseOfTheMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 0))
		f := &fleet{}
		want := map[string]string{}
		current, missing := 0, 0
		for i := range 100 {
			report, now := reportOf(r), time.Now()
			if r.IntN(5) == 0 {
				report.Snapshot, report.Up, report.Problems = nil, false, []mirror.Problem{"forbidden"}
			}
			name := fmt.Sprintf("tenant-%02d", i)
			families, err := f.add(t, name, report, collector.DefaultObjectives()...).Metrics.Gather()
			if err != nil {
				t.Fatal(err)
			}
			a, row := answer{families, now}, name+", "
			if report.Up {
				current++
				want[row+"State"], want[row+"Open"], want[row+"High priority"] = "Current as of "+a.old()+" ago", a.sum(openIncidents, "", ""), a.sum(openIncidents, "", "high")
				want[row+"Unassigned"], want[row+"Oldest"] = a.sum(nobody, "", ""), a.oldest("", "")
				continue
			}
			missing++
			want[row+"State"] = "No numbers · forbidden"
			for _, column := range []string{"Open", "High priority", "Unassigned", "Oldest"} {
				want[row+column] = "–"
			}
		}
		page := f.get(t, "/")
		if diff := gocmp.Diff(want, cellsOf(page)); diff != "" {
			t.Errorf("seed %d: the list differs from the metrics (-metrics +page):\n%s", seed, diff)
		}
		for _, words := range []string{fmt.Sprintf("%d of 100 tenants current", current), fmt.Sprintf("Others: %d without numbers.", missing)} {
			if !strings.Contains(section(t, page, "state"), words) {
				t.Errorf("seed %d: no %q in %s", seed, words, section(t, page, "state"))
			}
		}
	})
}

// reportOf returns the report of a tenant that is up.
func reportOf(r *rand.Rand) mirror.Report {
	now := time.Now()
	open := incidents(100+r.IntN(900), now)
	r.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
	report := current(open[:r.IntN(len(open))], now.Add(-time.Duration(r.IntN(100))*time.Second))
	report.ClockSkew, report.SkewKnown = time.Duration(r.IntN(7200))*time.Second, true
	return report
}

// TestFlowIsThatOfTheMetrics compares what the page says of the last minutes and of the exporter with the
// difference of two answers of the metrics.
func TestFlowIsThatOfTheMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		opened := prometheus.NewCounterVec(prometheus.CounterOpts{Name: namespace + "incidents_opened_total"}, []string{"severity"})
		resolved := prometheus.NewCounterVec(prometheus.CounterOpts{Name: namespace + "incidents_resolved_total"}, []string{"severity", "classification"})
		requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: namespace + "graph_requests_total"}, []string{"operation"})
		ends := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: namespace + "credential_expiry_timestamp_seconds"}, []string{"kind"})
		of := &source{current(incidents(7, time.Now()), time.Now())}
		registry.MustRegister(opened, resolved, requests, ends, collector.New(of, collector.Options{}))
		history := &History{}
		f := &fleet{tenants: map[string]Tenant{"": {history.Observe(registry), history}}}
		add := func(severity string, in, out, sent float64) {
			opened.WithLabelValues(severity).Add(in)
			resolved.WithLabelValues(severity, "truePositive").Add(out)
			requests.WithLabelValues(severity).Add(sent)
		}
		ends.WithLabelValues("secret").Set(float64(time.Now().Add(41 * 24 * time.Hour).Unix()))
		ends.WithLabelValues("certificate").Set(float64(time.Now().Add(-3 * time.Hour).Unix()))
		add("high", 100, 200, 300)
		f.get(t, "/")
		time.Sleep(time.Minute)
		add("high", 5, 2, 20)
		add("low", 6, 1, 15)
		of.report = current(incidents(12, time.Now()), time.Now())
		page := f.get(t, "/")
		for id, words := range map[string][]string{
			"hour": {"Between 7 and 12 in the last 3 min, as far as", "11 opened and 3 resolved in the last 3 min, as far as"},
			"exporter": {"<dd>35.0 a minute of at most 45</dd>", "<dd>10 min</dd>", "<dt>Credential (secret)</dt><dd>ends in 40 d, 2000-02-11 00:00 UTC</dd>",
				"<dt>Credential (certificate)</dt><dd>ended 3 h ago, 1999-12-31 21:00 UTC</dd>"},
		} {
			for _, w := range words {
				if text := html.UnescapeString(section(t, page, id)); !strings.Contains(text, w) {
					t.Errorf("no %q in %s", w, text)
				}
			}
		}
	})
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

// old returns the age of the snapshot, by Graph's clock.
func (a answer) old() (age string) {
	a.each("snapshot_timestamp_seconds", func(_ func(string) string, value float64) {
		age = span(time.Duration((float64(a.at.Unix()) + a.skew() - value) * float64(time.Second)))
	})
	return age
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
	priorities["Total"] = ""
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
	assigned := map[string]string{"true": "yes", "false": "nobody"}
	a.each("open_incident_info", func(label func(string) string, _ float64) {
		row := label("incident_id") + ", "
		created, _ := time.Parse(time.RFC3339, label("created"))
		want[row+"Age"] = span(a.at.Add(time.Duration(a.skew()) * time.Second).Sub(created))
		want[row+"Priority"], want[row+"Severity"], want[row+"Status"] = label("priority"), label("severity"), label("status")
		want[row+"Assigned"] = assigned[label("assigned")]
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
