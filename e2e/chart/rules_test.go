package chart

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// A document is a YAML object.
type document = map[string]any

// TestRules shows that without a wish the chart's rules are those of deploy/alerts, and what the
// wishes change of them; Prometheus' own tool checks both.
func TestRules(t *testing.T) {
	shipped, err := os.ReadFile(root + "/deploy/alerts/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var want document
	if err := yaml.Unmarshal(shipped, &want); err != nil {
		t.Fatal(err)
	}
	got := document{"groups": ruleOf(t, render(t, "--set=demo=true,prometheusRule.enabled=true"))["groups"]}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the chart has other rules (-deploy/alerts +chart):\n%s", diff)
	}
	names := alerts(want)
	if len(names) < 10 {
		t.Fatalf("only %d alerts", len(names))
	}
	wished := ruleOf(t, render(t, "--set=demo=true,prometheusRule.enabled=true", "--set-json",
		`prometheusRule.disabled=["`+names[0]+`"]`, "--set-json", `prometheusRule.overrides={"`+names[1]+`":{"for":"42m","labels":{"severity":"unheard"}}}`))
	left := alerts(document{"groups": wished["groups"]})
	if diff := cmp.Diff(names[1:], left); diff != "" {
		t.Errorf("after one was disabled (-want +got):\n%s", diff)
	}
	text, err := yaml.Marshal(document{"groups": wished["groups"]})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "for: 42m") || strings.Count(string(text), "severity: unheard") != 1 {
		t.Errorf("one was to be different:\n%s", text)
	}
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tools+"promtool", "check", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// ruleOf returns the spec of the PrometheusRule.
func ruleOf(t *testing.T, text string) document {
	t.Helper()
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var m document
		err := d.Decode(&m)
		if errors.Is(err, io.EOF) {
			t.Fatal("no PrometheusRule")
		}
		if err != nil {
			t.Fatal(err)
		}
		if m["kind"] == "PrometheusRule" {
			return m["spec"].(document)
		}
	}
}

// alerts returns the names of alerts in their order.
func alerts(rules document) []string {
	var names []string
	for _, g := range rules["groups"].([]any) {
		for _, r := range g.(document)["rules"].([]any) {
			if name, ok := r.(document)["alert"].(string); ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// TestRuleLabels shows that severities and the portal's address can be others, wherever they are.
func TestRuleLabels(t *testing.T) {
	plain := render(t, "--set=demo=true,prometheusRule.enabled=true")
	severity := regexp.MustCompile(`severity: (\w+)`)
	name := severity.FindStringSubmatch(plain)[1]
	changed := render(t, "--set=demo=true,prometheusRule.enabled=true,prometheusRule.severities."+name+"=other,prometheusRule.portalUrl=https://portal.example/")
	if n, want := strings.Count(changed, "severity: other\n"), strings.Count(plain, "severity: "+name+"\n"); n != want || n == 0 {
		t.Errorf("%d alerts are of severity other, want %d", n, want)
	}
	const queue = "https://security.microsoft.com/incidents"
	if n, want := strings.Count(changed, "https://portal.example"), strings.Count(plain, queue); n != want || strings.Contains(changed, queue) {
		t.Errorf("%d addresses of the portal are others, want %d", n, want)
	}
}
