package collector

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/internal/history"
	"msgraph_security_exporter/internal/mirror"
)

// everything is a page on which all that can be sent is sent.
func everything(t *testing.T) *prometheus.Registry {
	report := reports(t)["working"]
	report.Snapshot = &mirror.Snapshot{Open: many(6 * 4 * 5 * 4)}
	f := flow()
	f.Observe([]history.Event{{Kind: history.Resolved, Incident: incident(t, 0, "low", "active", "unknown", true)}})
	options := Options{Objectives: DefaultObjectives(), Tags: []string{"VIP"}, IncidentInfo: 1}
	return registry(t, New(fixed(report), options), f, NewTransport(nil, operationHeader), buildInfo(), NewReloads(), expiry(),
		NewCredential(func() SignIn { return SignIn{Fallback: true, Shown: time.Now(), Tried: time.Now()} }))
}

// expiry tells of a credential of each kind.
func expiry() *Expiry {
	return NewExpiry(func() map[string]time.Time {
		return map[string]time.Time{"certificate": time.Now(), "secret": time.Now()}
	})
}

// rows returns the cells of each line of docs/metrics.md that is a table row and
// whose first cell is a word in backquotes that starts with the prefix.
func rows(t *testing.T, prefix string) map[string][]string {
	t.Helper()
	page, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for line := range strings.Lines(string(page)) {
		name, ok := strings.CutPrefix(line, "| `")
		if ok && strings.HasPrefix(name, prefix) {
			name, _, _ = strings.Cut(name, "`")
			found[name] = strings.Split(strings.Trim(line, "| \n"), " | ")
		}
	}
	return found
}

// words returns the words in backquotes, sorted.
func words(cell string) []string {
	var w []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
		w = append(w, m[1])
	}
	return slices.Sorted(slices.Values(w))
}

// TestDocumentedMetrics compares the tables of docs/metrics.md with what is sent.
func TestDocumentedMetrics(t *testing.T) {
	got, want := map[string]string{}, map[string]string{}
	for name, cells := range rows(t, "msgraph_security_") {
		if len(cells) == 4 {
			got[name] = fmt.Sprintf("%s %s %s", cells[1], words(cells[2]), cells[3])
		} else if len(cells) == 3 { // no labels
			got[name] = fmt.Sprintf("%s [] %s", cells[1], strings.TrimLeft(cells[2], "| "))
		}
	}
	for _, f := range gather(t, everything(t)) {
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		want[f.GetName()] = fmt.Sprintf("%s %s %s", strings.ToLower(f.GetType().String()), slices.Sorted(slices.Values(labels)), f.GetHelp())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/metrics.md differs from what is sent (-sent +documented):\n%s", diff)
	}
}

// TestDescribed shows that the collectors describe what they send, so that none
// of it can clash with another collector unnoticed.
func TestDescribed(t *testing.T) {
	described := map[string]bool{}
	descs := make(chan *prometheus.Desc, 100)
	New(fixed{}, Options{Objectives: DefaultObjectives(), Tags: []string{"VIP"}, IncidentInfo: 1}).Describe(descs)
	NewTransport(nil, operationHeader).Describe(descs)
	NewFlow(true).Describe(descs)
	buildInfo().Describe(descs)
	NewReloads().Describe(descs)
	NewExpiry(nil).Describe(descs)
	NewCredential(nil).Describe(descs)
	close(descs)
	for d := range descs {
		described[regexp.MustCompile(`fqName: "([^"]+)"`).FindStringSubmatch(d.String())[1]] = true
	}
	sent := map[string]bool{}
	for _, f := range gather(t, everything(t)) {
		sent[f.GetName()] = true
	}
	if diff := cmp.Diff(described, sent); diff != "" {
		t.Errorf("not the same (-described +sent):\n%s", diff)
	}
}

// TestDocumentedValues compares the table of label values with what is sent.
func TestDocumentedValues(t *testing.T) {
	sent := map[string]map[string]bool{}
	for _, f := range gather(t, everything(t)) {
		if open := []string{
			"msgraph_security_exporter_build_info", "msgraph_security_open_incident_info", "msgraph_security_open_incidents_tagged",
		}; slices.Contains(open, f.GetName()) {
			continue // anything may be there
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if sent[l.GetName()] == nil {
					sent[l.GetName()] = map[string]bool{}
				}
				sent[l.GetName()][l.GetValue()] = true
			}
		}
	}
	documented := map[string]map[string]bool{}
	for name, cells := range rows(t, "") {
		if strings.HasPrefix(name, "msgraph_") {
			continue
		}
		documented[name] = map[string]bool{}
		for _, v := range words(cells[1]) {
			documented[name][v] = true
		}
	}
	if diff := cmp.Diff(sent, documented); diff != "" {
		t.Errorf("docs/metrics.md differs from what is sent (-sent +documented):\n%s", diff)
	}
}
