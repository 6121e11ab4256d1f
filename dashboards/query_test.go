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
	names := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(msgraph_security_[a-z_]+)` \\| (\\w+) \\|").FindAllStringSubmatch(string(text), -1) {
		names[row[1]] = row[2]
	}
	if len(names) < 40 {
		t.Fatalf("docs/metrics.md has only %v", names)
	}
	return names
}

var (
	selector = regexp.MustCompile(`\b((?:msgraph_security|process|go)_\w+|up|ALERTS(?:_FOR_STATE)?)\b(\{[^}]*\})?(\[[^]]*\])?`)
	recorded = regexp.MustCompile(`\w+:msgraph_security_\w+:\w+`)
	matchers = []string{`job=~"$job"`, `tenant=~"$tenant"`, `instance=~"$instance"`}
)

// TestQueries shows that every metric of every query exists, is asked as its type
// wants, and is asked of the chosen targets only.
func TestQueries(t *testing.T) {
	names := documented(t)
	eachPanel(t, func(t *testing.T, p panel) {
		for _, q := range p.Targets {
			found := selector.FindAllStringSubmatch(recorded.ReplaceAllString(q.Expr, "recorded"), -1)
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
		kind, known = "counter", true
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
	// Of a counter the two ends may be asked for, never the value by itself.
	ends := strings.Contains(q.Expr, name+chosen+" offset ") || strings.Contains(q.Expr, "resets("+name+chosen)
	if ours && kind == "counter" && window == "" && !ends {
		t.Errorf("%s: a counter is asked for its value: %s", q.RefID, q.Expr)
	}
	if ours && kind != "counter" && window != "" && !strings.Contains(q.Expr, "last_over_time("+name) {
		t.Errorf("%s: a %s is asked with the window %q: %s", q.RefID, kind, window, q.Expr)
	}
}
