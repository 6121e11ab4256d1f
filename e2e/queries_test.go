package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A documented metric is a row of a table of docs/metrics.md.
type documented struct {
	name, kind string
	labels     []string
}

var (
	metricRow = regexp.MustCompile("(?m)^\\| `(msgraph_security_[a-z_]+)` \\| (gauge|counter|histogram) \\| (.*?) ?\\|")
	valuesRow = regexp.MustCompile("(?m)^\\| `([a-z]+)` \\| (`.*) \\|$")
	quoted    = regexp.MustCompile("`([^`]+)`")
	comment   = regexp.MustCompile(`(?m)^\s*#.*$`)
)

// metrics returns every documented metric, and the values of each label.
func metrics(t *testing.T) (all []documented, values map[string][]string) {
	t.Helper()
	text := readFile(t, "../docs/metrics.md")
	for _, m := range metricRow.FindAllStringSubmatch(text, -1) {
		all = append(all, documented{m[1], m[2], words(m[3])})
	}
	values = map[string][]string{}
	_, table, _ := strings.Cut(text, "## Label values")
	for _, m := range valuesRow.FindAllStringSubmatch(table, -1) {
		values[m[1]] = words(m[2])
	}
	if len(all) < 30 || len(values) < 10 {
		t.Fatalf("%d metrics, %d labels", len(all), len(values))
	}
	return all, values
}

func words(cell string) []string {
	var w []string
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		w = append(w, m[1])
	}
	return w
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// queriesOf returns the queries of a page: those of its blocks, which blank lines part, and
// those in the second column of tables that say so.
func queriesOf(page string) []string {
	var found []string
	for _, block := range queries.FindAllStringSubmatch(page, -1) {
		for q := range strings.SplitSeq(comment.ReplaceAllString(block[1], ""), "\n\n") {
			found = append(found, q)
		}
	}
	asked := false
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		switch {
		case !strings.HasPrefix(line, "|"):
			asked = false
		case len(cells) > 1 && cells[1] == "query":
			asked = true
		case asked && len(cells) > 1:
			found = append(found, words(cells[1])...)
		}
	}
	return slices.DeleteFunc(found, func(q string) bool { return strings.TrimSpace(q) == "" })
}

// TestDocumentedQueries asks every query of the documentation of a real Prometheus: it
// understands each, and knows every metric in it. Each metric has an example.
func TestDocumentedQueries(t *testing.T) {
	t.Parallel()
	all, values := metrics(t)
	p := filled(t, all, values, "one:10365")
	known := map[string]bool{}
	for _, m := range all {
		known[m.name] = true
		if m.kind == "histogram" {
			known[m.name+"_bucket"], known[m.name+"_sum"], known[m.name+"_count"] = true, true, true
		}
	}
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if e.IsDir() && (strings.HasPrefix(e.Name(), ".") && path != ".." || path == "../docs/runbooks") {
			return fs.SkipDir // TestRunbooks has those
		}
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		for _, q := range queriesOf(readFile(t, path)) {
			if _, err := p.ask(q, true); err != nil {
				t.Errorf("%s: %s: %v", path, q, err)
			}
			for _, name := range names.FindAllString(q, -1) {
				if !known[name] && !strings.Contains(name, ":") {
					t.Errorf("%s: %s: there is no %s", path, q, name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	examples := strings.Join(queriesOf(readFile(t, "../docs/metrics.md")), "\n")
	for _, m := range all {
		if !regexp.MustCompile(m.name + `(_bucket|_sum|_count)?\b`).MatchString(examples) {
			t.Errorf("%s has no example", m.name)
		}
	}
}

// TestReplicas asks the queries about metrics of one exporter and of two that tell the same of
// two tenants: both find the same, and something.
func TestReplicas(t *testing.T) {
	t.Parallel()
	all, values := metrics(t)
	one, two := filled(t, all, values, "one:10365"), filled(t, all, values, "one:10365", "two:10365")
	const naive = "sum(msgraph_security_open_incidents)"
	if a, b := one.now(t, naive), two.now(t, naive); cmp.Equal(a, b) || len(a) == 0 {
		t.Fatalf("%s finds %v and %v: this test cannot fail", naive, a, b)
	}
	for _, page := range []string{"metrics.md", "portal.md"} {
		found := queriesOf(readFile(t, "../docs/"+page))
		if len(found) < 8 {
			t.Errorf("%s has %d queries", page, len(found))
		}
		for _, q := range found {
			got := two.now(t, q)
			if diff := cmp.Diff(one.now(t, q), got); diff != "" {
				t.Errorf("%s: %s (-one replica +two):\n%s", page, q, diff)
			}
			native := strings.Contains(q, "avg by (job, tenant") // which no text can carry
			if quiet := strings.Contains(q, "up) == 0") || strings.Contains(q, "successful) == 0"); len(got) == 0 && !quiet && !native {
				t.Errorf("%s: %s finds nothing", page, q)
			}
		}
	}
	checkRunbooks(t, one, two)
}

// until is when the time series of [filled] end.
var until = time.Now().Truncate(time.Minute)

// now returns what a query finds when the time series end.
func (p *prometheus) now(t *testing.T, query string) map[string]string {
	t.Helper()
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	text, err := get(fmt.Sprintf("%s/api/v1/query?time=%d&query=%s", p.url, until.Unix(), url.QueryEscape(query)))
	if err == nil {
		err = json.Unmarshal([]byte(text), &answer)
	}
	if err != nil {
		t.Errorf("%s: %v", query, err)
	}
	found := map[string]string{}
	for _, r := range answer.Data.Result {
		found[fmt.Sprint(r.Metric)] = fmt.Sprint(r.Value[1])
	}
	return found
}

// filled starts a Prometheus that holds two hours of every series of these metrics, of two
// tenants, as each of the exporters tells them.
func filled(t *testing.T, all []documented, values map[string][]string, exporters ...string) *prometheus {
	t.Helper()
	folder := t.TempDir()
	text, data, config := filepath.Join(folder, "series.txt"), filepath.Join(folder, "data"), filepath.Join(folder, "prometheus.yml")
	var b strings.Builder
	for _, m := range all {
		m.write(&b, values, exporters)
	}
	b.WriteString("# EOF\n")
	if err := errors.Join(os.WriteFile(text, []byte(b.String()), 0o600), os.WriteFile(config, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tools+"promtool", "tsdb", "create-blocks-from", "openmetrics", text, data).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := start(t, tools+"prometheus", "--config.file="+config, "--storage.tsdb.path="+data, "--web.listen-address=127.0.0.1:0")
	return readyPrometheus(t, p)
}

// write writes a metric's series in OpenMetrics.
func (m documented) write(b *strings.Builder, values map[string][]string, exporters []string) {
	family := m.name
	if m.kind == "counter" {
		family = strings.TrimSuffix(m.name, "_total")
	}
	fmt.Fprintf(b, "# TYPE %s %s\n", family, m.kind)
	for _, tenant := range []string{"contoso", "fabrikam"} {
		for _, instance := range exporters {
			each(m.labels, values, fmt.Sprintf("job=%q,tenant=%q,instance=%q", "msgraph_security", tenant, instance), func(labels string) {
				m.series(b, labels, strings.ReplaceAll(labels, instance, ""))
			})
		}
	}
}

// series writes two hours of one series. Its course depends on what it is of alone.
func (m documented) series(b *strings.Builder, labels, of string) {
	h := fnv.New32a()
	h.Write([]byte(m.name + of))
	pace := float64(h.Sum32() % 97)
	line := func(suffix, more string, at time.Time, value float64) {
		fmt.Fprintf(b, "%s%s{%s%s} %g %d\n", m.name, suffix, labels, more, value, at.Unix())
	}
	for n := range 25 {
		at, grown := until.Add(time.Duration(n-24)*5*time.Minute), pace*float64(n)
		switch {
		case m.kind == "counter":
			line("", "", at, grown)
		case m.kind == "histogram":
			for i, le := range []string{"0.5", "900.0", "3600.0", "86400.0", "+Inf"} {
				line("_bucket", fmt.Sprintf(",le=%q", le), at, grown*float64(i+1))
			}
			line("_count", "", at, grown*5)
			line("_sum", "", at, grown*500)
		case strings.HasSuffix(m.name, "_timestamp_seconds"):
			line("", "", at, float64(until.Unix())+pace)
		case strings.HasSuffix(m.name, "_ratio"):
			line("", "", at, pace/100)
		case slices.Contains([]string{"_up", "_problem", "_successful"}, m.name[strings.LastIndex(m.name, "_"):]):
			line("", "", at, 1)
		default:
			line("", "", at, 61+pace)
		}
	}
}

// each calls f with every combination of the labels' values, written after those that there
// are. A label without known values has one.
func each(labels []string, values map[string][]string, written string, f func(string)) {
	if len(labels) == 0 {
		f(written)
		return
	}
	of := values[labels[0]]
	if labels[0] == "tag" {
		of = []string{"VIP"}
	}
	if len(of) == 0 {
		of = []string{"x"}
	}
	for _, v := range of {
		each(labels[1:], values, fmt.Sprintf("%s,%s=%q", written, labels[0], v), f)
	}
}
