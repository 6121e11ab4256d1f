package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A dashboard is what Grafana reads of the files in dashboards/, as far as it asks
// Prometheus for something.
type dashboard struct {
	Title      string
	Templating struct {
		List []struct {
			Name, Type, AllValue, Definition string
			Query                            any
			Current                          struct{ Value any }
		}
	}
	Panels []panel
}

type panel struct {
	Title   string
	Targets []struct {
		RefID, Expr, LegendFormat string
		Instant                   bool
	}
}

// name is what a panel is known by: its title or, if it is a tile, what stands in it.
func (p panel) name() string {
	if p.Title == "" && len(p.Targets) > 0 {
		return p.Targets[0].LegendFormat
	}
	return p.Title
}

// dashboards returns those that are committed, by their file.
func dashboards(t *testing.T) map[string]dashboard {
	t.Helper()
	names, err := filepath.Glob("../dashboards/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no dashboards", err)
	}
	all := map[string]dashboard{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(name, err)
		}
		all[filepath.Base(name)] = d
	}
	return all
}

// quiet are the queries that rightly find nothing in the demo, with the reason. The
// panel says in words what is missing.
var quiet = map[string]string{
	"soc-wall.json/Open by status/D":    "no status is unknown to this build",
	"soc-performance.json/Attainment/E": "the demo is younger than the period before",
}

// missingID is the id of the queries that name a tenant which a panel lacks.
const missingID = "Z"

// nothing returns why a query finds nothing in the demo, or "" if it finds something.
func nothing(id, refID string) string {
	if refID == missingID {
		return "no tenant is missing"
	}
	return quiet[id]
}

// TestDashboards runs every query of every dashboard, as Grafana fills it in, on a real
// Prometheus that pulls the demo: each is understood and finds something, but for those
// that are known to have nothing to find, and those do find nothing. What only counts
// what happens finds something once it has.
func TestDashboards(t *testing.T) {
	t.Parallel()
	demo := start(t, exporter, "--demo", "--collector.incident-info=25", "--web.listen-address=127.0.0.1:0")
	p := watch(t, demo.address(t))
	p.await(t, "a first pull", isUp)
	found := map[string]bool{}
	var rest []func() // once there was time for something to be found
	for file, d := range dashboards(t) {
		values := p.variables(t, d)
		for _, panel := range d.Panels {
			for _, q := range panel.Targets {
				id := file + "/" + panel.name() + "/" + q.RefID
				found[id] = true
				expr := strings.NewReplacer(values...).Replace(q.Expr)
				if reason := nothing(id, q.RefID); reason != "" {
					rest = append(rest, func() {
						if got, err := p.ask(expr, q.Instant); err != nil || len(got) > 0 {
							t.Errorf("%s: %v, %v although %s", id, got, err, reason)
						}
					})
					continue
				}
				await(t, id+": "+q.Expr, func() error {
					got, err := p.ask(expr, q.Instant)
					if err == nil && len(got) == 0 {
						err = errors.New("nothing")
					}
					return err
				})
			}
		}
	}
	for _, check := range rest {
		check()
	}
	for id := range quiet {
		if !found[id] {
			t.Errorf("%s: no such query", id)
		}
	}
}

// variables returns the variables of a dashboard and what Grafana puts in their place
// when somebody opens it for the first time, in pairs. Those that Prometheus is asked
// for are asked for.
func (p *prometheus) variables(t *testing.T, d dashboard) []string {
	t.Helper()
	values := []string{"$__rate_interval", "4m", "$__interval", "2m", "$__range_s", "3600", "$__range", "1h"}
	for _, v := range d.Templating.List {
		var value string
		switch current, _ := v.Current.Value.(string); {
		case v.Type == "datasource":
			continue
		case v.Type != "query":
			value = current
		case v.AllValue != "":
			value = v.AllValue
		default:
			value = strings.Join(p.labelValues(t, v.Definition, values), "|")
		}
		if value == "" {
			t.Errorf("%s: $%s has no value", d.Title, v.Name)
		}
		values = append(values, "$"+v.Name, value)
	}
	return values
}

// labelValues answers label_values(series, label), and query_result(expr) of which the jobs
// are taken, as Grafana does.
func (p *prometheus) labelValues(t *testing.T, definition string, values []string) []string {
	t.Helper()
	if expr, is := strings.CutPrefix(definition, "query_result("); is {
		var jobs []string
		await(t, "a job", func() error {
			found, err := p.ask(strings.TrimSuffix(expr, ")"), true)
			if err == nil && len(found) == 0 {
				err = errors.New("none") // the last pull failed
			}
			for name := range found {
				jobs = append(jobs, strings.TrimSuffix(strings.TrimPrefix(name, "[job:"), "]"))
			}
			return err
		})
		return jobs
	}
	inner, ok := strings.CutPrefix(strings.NewReplacer(values...).Replace(definition), "label_values(")
	series, label, isPair := strings.Cut(strings.TrimSuffix(inner, ")"), ", ")
	if !ok || !isPair {
		t.Fatalf("%q: not of this kind", definition)
	}
	var answer struct{ Data []string }
	text, err := get(p.url + "/api/v1/label/" + label + "/values?match[]=" + url.QueryEscape(series))
	if err == nil {
		err = json.Unmarshal([]byte(text), &answer)
	}
	if err != nil {
		t.Fatal(err)
	}
	return answer.Data
}

// ask returns what a query finds by its labels, now or last in two minutes.
func (p *prometheus) ask(expr string, now bool) (scrape, error) {
	return p.askAt(expr, now, time.Now())
}

// askAt returns what a query finds at a time, or last in the two minutes before it.
func (p *prometheus) askAt(expr string, instant bool, at time.Time) (scrape, error) {
	address := fmt.Sprintf("%s/api/v1/query?time=%.3f&query=%s", p.url, float64(at.UnixMilli())/1e3, url.QueryEscape(expr))
	if !instant {
		address = fmt.Sprintf("%s/api/v1/query_range?start=%.3f&end=%.3f&step=5&query=%s",
			p.url, float64(at.UnixMilli())/1e3-120, float64(at.UnixMilli())/1e3, url.QueryEscape(expr))
	}
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  []any   // time, text
				Values [][]any // the same
			}
		}
	}
	text, err := get(address)
	if err == nil {
		err = json.Unmarshal([]byte(text), &answer)
	}
	found := scrape{}
	for _, r := range answer.Data.Result {
		last := r.Value
		if !instant {
			last = r.Values[len(r.Values)-1]
		}
		v, err := strconv.ParseFloat(last[1].(string), 64)
		if err != nil || math.IsNaN(v) {
			return nil, fmt.Errorf("a series has %v, which a panel cannot draw", last[1])
		}
		found[series("", r.Metric)] = v
	}
	return found, err
}
