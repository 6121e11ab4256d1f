package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// comments are the receivers that the example for Alertmanager has as comments.
var comments = regexp.MustCompile(`(?m)^    # (pagerduty_configs|opsgenie_configs|email_configs|msteamsv2_configs|  )`)

// example returns the example for Alertmanager with every receiver that is a comment there.
func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(alertsFolder + "alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	return comments.ReplaceAllString(string(text), "    $1")
}

// TestReceiversParse: who takes the marks of comments off has a configuration that Alertmanager accepts.
func TestReceiversParse(t *testing.T) {
	t.Parallel()
	text := example(t)
	for _, kind := range []string{"pagerduty", "opsgenie", "email", "msteamsv2", "webhook"} {
		if !strings.Contains(text, "\n    "+kind+"_configs:") {
			t.Errorf("there is no receiver for %s", kind)
		}
	}
	file := filepath.Join(t.TempDir(), "alertmanager.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tools+"amtool", "check-config", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// desks record what PagerDuty, Opsgenie and webhooks are sent: by whom, under which key they file it, and what it
// is about.
type desks struct {
	mu   sync.Mutex
	sent map[string]map[string]bool // the receiver and its key, and the alerts
}

// ServeHTTP answers as each of them does. Opsgenie is one that is asked to create an alert.
func (d *desks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m struct {
		DedupKey string `json:"dedup_key"` // PagerDuty's
		Payload  struct {
			Summary string
		}
		Alias, Message string // Opsgenie's
		GroupKey       string // a webhook's
		Alerts         []struct{ Labels map[string]string }
	}
	if json.NewDecoder(r.Body).Decode(&m) != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case m.DedupKey != "":
		d.note("pagerduty "+m.DedupKey, m.Payload.Summary)
	case m.Alias != "":
		d.note("opsgenie "+m.Alias, m.Message)
	default:
		for _, a := range m.Alerts {
			l := a.Labels
			d.note(r.URL.Path[1:]+" "+m.GroupKey, strings.Join(strings.Fields(fmt.Sprint(strings.TrimPrefix(l["alertname"], "MsgraphSecurity"), " ", l["tenant"], " ", l["reached"])), " "))
		}
	}
	w.WriteHeader(http.StatusAccepted)
}

func (d *desks) note(key, about string) {
	if d.sent[key] == nil {
		d.sent[key] = map[string]bool{}
	}
	d.sent[key][about] = true
}

// filed returns what one of them has, a line for each key, in order.
func (d *desks) filed(who string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var lines []string
	for key, about := range d.sent {
		if strings.HasPrefix(key, who+" ") {
			var all []string
			for a := range about {
				all = append(all, a)
			}
			slices.Sort(all)
			lines = append(lines, strings.Join(all, " + "))
		}
	}
	slices.Sort(lines)
	return lines
}

// routed starts an Alertmanager with a configuration, fires alerts, and returns what is filed once each desk has
// had what it waits for or the time is over.
func routed(t *testing.T, config string, alerts []map[string]string, done func(*desks) error) *desks {
	t.Helper()
	d := &desks{sent: map[string]map[string]bool{}}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	config = strings.NewReplacer("http://127.0.0.1:9", server.URL,
		"routing_key_file: /etc/alertmanager/pagerduty", "routing_key: key\n        url: "+server.URL+"/pagerduty",
		"api_key_file: /etc/alertmanager/opsgenie", "api_key: key\n        api_url: "+server.URL+"/opsgenie/",
		"group_wait: 30s", "group_wait: 1s").Replace(config)
	config = regexp.MustCompile(`(?m)^    (email|msteamsv2)_configs:.*\n.*\n`).ReplaceAllString(config, "")
	dir := t.TempDir()
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	am := "http://" + start(t, tools+"alertmanager", "--config.file="+file, "--storage.path="+dir, "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=").address(t)
	fire(t, am, alerts)
	await(t, "the desks to have all", func() error { return done(d) })
	return d
}

// fire has an Alertmanager know that alerts fire, as Prometheus does.
func fire(t *testing.T, am string, alerts []map[string]string) {
	t.Helper()
	var body []map[string]any
	for _, labels := range alerts {
		summary := labels["alertname"] + " " + labels["reached"]
		body = append(body, map[string]any{"labels": labels, "annotations": map[string]string{"summary": summary}, "startsAt": time.Now()})
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	await(t, "Alertmanager", func() error {
		answer, err := http.Post(am+"/api/v2/alerts", "application/json", bytes.NewReader(text))
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("answered %s", answer.Status)
		}
		return nil
	})
}

// firing returns the labels of an alert of the job soc.
func firing(severity, name string, more ...string) map[string]string {
	labels := map[string]string{"alertname": "MsgraphSecurity" + name, "severity": severity, "job": "soc"}
	for i := 0; i < len(more); i += 2 {
		labels[more[i]] = more[i+1]
	}
	return labels
}

// TestKeys: each cause is filed under a key of its own by all who page, and what follows from a page is not sent.
func TestKeys(t *testing.T) {
	t.Parallel()

	d := routed(t, example(t), []map[string]string{
		firing("critical", "Blind"), // a process of five tenants is dead
		firing("warning", "TargetDown"),
		firing("critical", "HighPriorityUnassigned", "tenant", "contoso"),
		firing("critical", "HighPriorityMoreUnassigned", "tenant", "contoso", "reached", "2"),
		firing("critical", "HighPriorityMoreUnassigned", "tenant", "contoso", "reached", "3"),
		firing("critical", "HighPriorityMoreUnassigned", "tenant", "contoso", "oldest", "1795515000"),
		firing("critical", "HighPriorityMoreUnassigned", "tenant", "contoso", "reached", "3", "again", "1"), // within minutes
		firing("critical", "HighPriorityUnassigned", "tenant", "fabrikam"),
		firing("critical", "HighPriorityUnassigned", "tenant", "fabrikam", "again", "1"),
		{"alertname": "MsgraphSecurityBlind", "severity": "critical", "job": "other", "tenant": "tailspin"},
		{"alertname": "MsgraphSecurityRefreshesFailing", "severity": "warning", "job": "other", "tenant": "tailspin"},
		{"alertname": "MsgraphSecurityRefreshesFailing", "severity": "warning", "job": "other", "tenant": "wingtip"},
		firing("info", "NoScores", "tenant", "contoso"),
		firing("warning", "Surge", "tenant", "contoso"),
		firing("warning", "Surge", "tenant", "fabrikam"),
	}, func(d *desks) error {
		if p, o, w := len(d.filed("pagerduty")), len(d.filed("opsgenie")), len(d.filed("ticket")); p < 9 || o < 9 || w < 2 {
			return fmt.Errorf("%d, %d and %d keys", p, o, w)
		}
		return nil
	})
	for who, want := range map[string]int{"pagerduty": 9, "opsgenie": 9, "page": 9} {
		if got := d.filed(who); len(got) != want || slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, " + ") }) {
			t.Errorf("%s has %d keys, want %d of one alert each: %q", who, len(got), want, got)
		}
	}
	want := []string{"RefreshesFailing wingtip", "Surge contoso + Surge fabrikam"}
	if got := d.filed("ticket"); !slices.Equal(got, want) {
		t.Errorf("the team has %q, want %q", got, want)
	}
}
