package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// documented returns the names of docs/metrics.md by their type.
func documented(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{
		"msgraph_security_open_incident_info": "gauge", // in the text
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `(msgraph_security_[a-z_]+)` \\| (\\w+) \\|").FindAllStringSubmatch(string(text), -1) {
		names[row[1]] = row[2]
	}
	if !strings.Contains(string(text), "`msgraph_security_open_incident_info`, a gauge") || len(names) < 20 {
		t.Fatalf("docs/metrics.md has only %v", names)
	}
	return names
}

var (
	selector = regexp.MustCompile(`\b((?:msgraph_security|process|go)_\w+)(\{[^}]*\})?(\[[^]]*\])?`)
	matchers = []string{`job=~"$job"`, `tenant=~"$tenant"`, `instance=~"$instance"`}
)

// TestQueries shows that every metric of every query exists, is asked as its type
// wants, and is asked of the chosen targets only.
func TestQueries(t *testing.T) {
	names := documented(t)
	eachPanel(t, func(t *testing.T, p panel) {
		for _, q := range p.Targets {
			found := selector.FindAllStringSubmatch(q.Expr, -1)
			if len(found) == 0 {
				t.Errorf("%s: asks for nothing: %s", q.RefID, q.Expr)
			}
			for _, s := range found {
				checkSelector(t, names, q, s[1], s[2], s[3])
			}
		}
	})
}

func checkSelector(t *testing.T, names map[string]string, q ask, name, chosen, window string) {
	t.Helper()
	base := regexp.MustCompile(`_(bucket|count|sum)$`).ReplaceAllString(name, "")
	kind, known := names[name]
	if names[base] == "histogram" {
		kind, known = "counter", name != base
	}
	ours := strings.HasPrefix(name, "msgraph_security_")
	if ours && !known {
		t.Errorf("%s: %s is not in docs/metrics.md", q.RefID, name)
	}
	for _, m := range matchers {
		if ours && !strings.Contains(chosen, m) && name != "msgraph_security_exporter_build_info" && !strings.HasPrefix(name, "msgraph_security_config_") {
			t.Errorf("%s: %s is not asked by %s", q.RefID, name, m)
		}
	}
	if ours && (kind == "counter") != (window != "") && !strings.Contains(q.Expr, "last_over_time("+name) {
		t.Errorf("%s: a %s is asked with the window %q: %s", q.RefID, kind, window, q.Expr)
	}
}

// TestReplicas shows that no query adds up a number of replicas: between the sum over
// incidents and the metric there is always one of them taken.
func TestReplicas(t *testing.T) {
	added := map[string]bool{ // what each replica does is done as often
		"Requests to Graph": false, "Answers by code": false, "Share of the limit in use": false, "Refused by Graph": false, "Refreshes": false,
		"Corrections by sweeps": false, "Values that this build does not know": false, "Time to answer": false,
	}
	sum := regexp.MustCompile(`\bsum(?: (?:by|without) \([^)]*\))? ?\((\w+ (?:without \(instance, pod, node\)|by \(reason\)) \()?`)
	inner := regexp.MustCompile(`max without \(instance, pod, node\) \(sum without \([^)]*\) \(`)
	eachPanel(t, func(t *testing.T, p panel) {
		for _, q := range p.Targets {
			for _, s := range sum.FindAllStringSubmatch(inner.ReplaceAllString(q.Expr, "max without (instance, pod, node) (("), -1) {
				if _, may := added[p.Title]; may && s[1] == "" {
					added[p.Title] = true
				} else if !strings.HasPrefix(s[1], "max ") {
					t.Errorf("%s: adds up replicas: %s", q.RefID, q.Expr)
				}
			}
		}
	})
	for title, does := range added {
		if !does {
			t.Errorf("%s: an exception that is not needed", title)
		}
	}
}
