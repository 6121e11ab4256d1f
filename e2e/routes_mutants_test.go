package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// A route is one of Alertmanager's, as far as the example has any.
type route struct {
	Receiver string   `yaml:"receiver"`
	GroupBy  []string `yaml:"group_by"`
	Wait     string   `yaml:"group_wait"`
	Interval string   `yaml:"group_interval"`
	Repeat   string   `yaml:"repeat_interval"`
	Routes   []route  `yaml:"routes"`
}

// paces are how soon each route of the example sends, the outermost first: what is not said is as in the one outside.
// Tickets are daily, notes nobody's; a page goes out at once and hourly, and a growth once.
var paces = []string{"ticket 30s 5m 1d", "nobody   ", "page 0s 5m 1h", "   5d"}

// pace returns what a configuration says of it, and of who is told that an alert is over.
func pace(config string) (said []string, resolved int, err error) {
	var file struct {
		Route     route `yaml:"route"`
		Receivers []struct {
			Webhooks []struct {
				Resolved bool `yaml:"send_resolved"`
			} `yaml:"webhook_configs"`
		} `yaml:"receivers"`
	}
	if err := yaml.Unmarshal([]byte(config), &file); err != nil {
		return nil, 0, err
	}
	var walk func(r route)
	walk = func(r route) {
		said = append(said, strings.Join([]string{r.Receiver, r.Wait, r.Interval, r.Repeat}, " "))
		for _, inner := range r.Routes {
			walk(inner)
		}
	}
	walk(file.Route)
	for _, r := range file.Receivers {
		for _, w := range r.Webhooks {
			if w.Resolved {
				resolved++
			}
		}
	}
	return said, resolved, nil
}

// A sorter is an Alertmanager that knows alerts of every kind, and can be given another configuration.
type sorter struct{ url, file string }

// sorted starts one with the alerts that are fired: in one job whose process is dead, in one in which a tenant is
// blind, and in one in which all is well.
func newSorter(t *testing.T, config string) *sorter {
	t.Helper()
	dir := t.TempDir()
	s := &sorter{file: filepath.Join(dir, "alertmanager.yml")}
	if err := os.WriteFile(s.file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + start(t, tools+"alertmanager", "--config.file="+s.file, "--storage.path="+dir, "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=").address(t)
	var alerts []map[string]string
	add := func(severity, job, name string, more ...string) {
		a := firing(severity, name, more...)
		a["job"] = job
		alerts = append(alerts, a)
	}
	for _, job := range []string{"dead", "blind", "well"} {
		add("warning", job, "TargetDown")
		for _, tenant := range []string{"contoso", "fabrikam"} {
			for _, r := range rules(t) {
				if name := strings.TrimPrefix(r.Alert, "MsgraphSecurity"); name != "" && !slices.Contains([]string{"Blind", "Absent", "TargetDown"}, name) {
					add(r.Labels["severity"], job, name, "tenant", tenant, "reached", "2", "oldest", "9", "again", "1")
				}
			}
		}
	}
	add("critical", "dead", "Blind")
	add("critical", "blind", "Blind", "tenant", "contoso")
	alerts = append(alerts, map[string]string{"alertname": "Foreign", "severity": "critical", "job": "dead", "tenant": "contoso"},
		map[string]string{"alertname": "Foreign", "severity": "info", "job": "dead", "tenant": "contoso"})
	fire(t, s.url, alerts)
	return s
}

// A filing is what is made of an alert.
type filing struct{ receiver, key, held string }

// filings returns what Alertmanager makes of each alert that it knows.
func (s *sorter) filings() (map[string]filing, error) {
	text, err := get(s.url + "/api/v2/alerts/groups")
	if err != nil {
		return nil, err
	}
	var groups []struct {
		Labels   map[string]string
		Receiver struct{ Name string }
		Alerts   []struct {
			Labels map[string]string
			Status struct{ InhibitedBy []string }
		}
	}
	if err := json.Unmarshal([]byte(text), &groups); err != nil {
		return nil, err
	}
	all := map[string]filing{}
	for _, g := range groups {
		var key []string
		for name := range g.Labels {
			key = append(key, name)
		}
		slices.Sort(key)
		for _, a := range g.Alerts {
			f := filing{receiver: g.Receiver.Name, key: strings.Join(key, " ")}
			if len(a.Status.InhibitedBy) > 0 {
				f.held = "held back"
			}
			l := a.Labels
			all[strings.Join([]string{l["job"], l["alertname"], l["severity"], l["tenant"]}, " ")] = f
		}
	}
	return all, nil
}

// due is what is to be made of an alert of a name: who gets it, what tells its key from others, and whether it is held
// back because a page says it already.
func due(alert string) filing {
	job, rest, _ := strings.Cut(alert, " ")
	words := strings.Split(rest, " ")
	name, severity, tenant := words[0], words[1], words[2]
	f := filing{"ticket", "alertname job", ""}
	switch own := strings.HasPrefix(name, "Msgraph"); {
	case own && severity == "info":
		f.receiver = "nobody"
	case name == "MsgraphSecurityHighPriorityMoreUnassigned":
		f = filing{"page", "again alertname job oldest reached tenant", ""}
	case own && severity == "critical" && name == "MsgraphSecurityBlind":
		f = filing{"page", "alertname job tenant", ""}
	case own && severity == "critical":
		f = filing{"page", "again alertname job tenant", ""}
	}
	switch strings.TrimPrefix(name, "MsgraphSecurity") {
	case "TargetDown":
		if job != "well" {
			f.held = "held back"
		}
	case "TargetGone", "RefreshesFailing", "Behind":
		if job == "dead" || job == "blind" && tenant == "contoso" {
			f.held = "held back"
		}
	}
	return f
}

// differs returns how what is made of the alerts differs from what is due.
func (s *sorter) differs() error {
	got, err := s.filings()
	if err != nil {
		return err
	}
	want := map[string]filing{}
	for alert := range got {
		if want[alert] = due(alert); strings.Contains(alert, "SecurityBlind") && strings.HasSuffix(alert, " ") {
			want[alert] = filing{"page", "alertname job", ""} // has no tenant
		}
	}
	if len(got) < 100 {
		return fmt.Errorf("only %d alerts are known", len(got))
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(filing{})); diff != "" {
		return errors.New("(-want +got)\n" + diff)
	}
	return nil
}

// TestRoutes: who gets each alert, under which key, how often, and which are held back because another says it.
func TestRoutes(t *testing.T) {
	t.Parallel()
	config := readFile(t, alertsFolder+"alertmanager.yml")
	said, resolved, err := pace(config)
	if err != nil || !slices.Equal(said, paces) || resolved != 2 {
		t.Errorf("the routes say %q, want %q; %d are told what is over, %v", said, paces, resolved, err)
	}
	s := newSorter(t, config)
	await(t, "all to be sorted", s.differs)
	mutants := routeMutants(config)
	if len(mutants) < 60 {
		t.Errorf("only %d mutants: has the form of the file changed?", len(mutants))
	}
	for _, e := range mutants {
		if !*checkMutants {
			break
		}
		if changed := config[:e.from] + e.with + config[e.to:]; !s.notices(t, changed) {
			t.Errorf("nobody notices that %s became %q", e.what(config), e.with)
		}
	}
}

// notices says whether a changed configuration paces, sorts or holds back otherwise, or is none.
func (s *sorter) notices(t *testing.T, config string) bool {
	t.Helper()
	said, resolved, err := pace(config)
	if err != nil || !slices.Equal(said, paces) || resolved != 2 {
		return true
	}
	if err := os.WriteFile(s.file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(s.url+"/-/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return true
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range 10 { // a change that matters stays; one that does not is the same soon
		if s.differs() == nil {
			return false
		}
		<-tick.C
	}
	return true
}

var (
	routeDuration = regexp.MustCompile(`_(?:wait|interval): (\d+)([smhd])`)
	routeList     = regexp.MustCompile(`(?:group_by|equal): \[([a-z, ]+)\]`)
	routeReceiver = regexp.MustCompile(`  receiver: (\w+)`)
	routeMatcher  = regexp.MustCompile(`(?:alertname|severity|tenant) (=~|=) "([^"]*)"`)
	routeChoices  = regexp.MustCompile(`\(([A-Za-z|]+)\)"`)
	inhibition    = regexp.MustCompile(`(?m)^  - source_matchers:.*\n    target_matchers:.*\n    equal:.*\n`)
)

// routeMutants returns the ways in which the example is changed: each duration half and double, each label of a key
// left out, each receiver another, each matcher turned round, each choice of one and each inhibition left out.
func routeMutants(text string) (edits []edit) {
	without := func(from, to int, by string) {
		all := strings.Split(text[from:to], by)
		for i := range all {
			edits = append(edits, edit{from, to, strings.Join(slices.Delete(slices.Clone(all), i, i+1), by)})
		}
	}
	for _, d := range routeDuration.FindAllStringSubmatchIndex(text, -1) {
		for _, with := range []string{"7s", "8d"} { // that none has
			edits = append(edits, edit{d[2], d[5], with})
		}
	}
	for _, l := range routeList.FindAllStringSubmatchIndex(text, -1) {
		without(l[2], l[3], ", ")
	}
	for _, c := range routeChoices.FindAllStringSubmatchIndex(text, -1) {
		without(c[2], c[3], "|")
	}
	for _, r := range routeReceiver.FindAllStringSubmatchIndex(text, -1) {
		edits = append(edits, edit{r[2], r[3], map[string]string{"ticket": "page", "page": "nobody", "nobody": "ticket"}[text[r[2]:r[3]]]})
	}
	for _, m := range routeMatcher.FindAllStringSubmatchIndex(text, -1) {
		edits = append(edits, edit{m[2], m[3], map[string]string{"=": "!=", "=~": "!~"}[text[m[2]:m[3]]]}, edit{m[4], m[5], "Nothing"})
	}
	for _, i := range inhibition.FindAllStringIndex(text, -1) {
		edits = append(edits, edit{i[0], i[1], ""})
	}
	for _, r := range regexp.MustCompile(`(?m)^      - .*send_resolved: (true)`).FindAllStringSubmatchIndex(text, -1) {
		edits = append(edits, edit{r[2], r[3], "false"})
	}
	return edits
}
