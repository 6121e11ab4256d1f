package e2e

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const alertsFolder = "../deploy/alerts/"

// A rule is one of deploy/alerts/rules.yml.
type rule struct {
	Record, Alert, Expr string
	Labels, Annotations map[string]string
}

func rules(t *testing.T) []rule {
	t.Helper()
	var file struct {
		Groups []struct{ Rules []rule }
	}
	text, err := os.ReadFile(alertsFolder + "rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &file); err != nil || len(file.Groups) != 1 {
		t.Fatalf("%d groups, %v", len(file.Groups), err)
	}
	return file.Groups[0].Rules
}

// A ruleTest is a test of promtool's.
type ruleTest struct {
	name, text string
	file       string
}

// ruleTests returns every test of the rules.
func ruleTests(t *testing.T) []ruleTest {
	t.Helper()
	names, err := filepath.Glob(alertsFolder + "tests/*.yml")
	if err != nil || len(names) == 0 {
		t.Fatal("no tests", err)
	}
	var all []ruleTest
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Tests []map[string]any }
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatal(name, err)
		}
		for _, test := range file.Tests {
			all = append(all, ruleTest{fmt.Sprint(test["name"]), fmt.Sprint(test), filepath.Base(name)})
		}
	}
	return all
}

// TestRules has the tools of Prometheus and Alertmanager, and pint, find nothing wrong with what is
// shipped, and the rules do what their tests say.
func TestRules(t *testing.T) {
	t.Parallel()
	tests, err := filepath.Glob(alertsFolder + "tests/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{
		{"promtool", "check", "rules", "--lint=all", "--lint-fatal", alertsFolder + "rules.yml"},
		append([]string{"promtool", "test", "rules"}, tests...),
		{"pint", "--offline", "--no-color", "lint", "--min-severity=info", "--fail-on=info", alertsFolder + "rules.yml"},
		{"amtool", "check-config", alertsFolder + "alertmanager.yml"},
	} {
		if out, err := exec.Command(tools+command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
	}
}

// TestAlertsAreWhole: each alert says what it is about and where to read on, and is tested to
// fire; what it asks for is in the documentation of the metrics or is recorded beside it.
func TestAlertsAreWhole(t *testing.T) {
	t.Parallel()
	documentation, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, recorded := ruleTests(t), map[string]bool{}
	for _, r := range rules(t) {
		for _, name := range regexp.MustCompile(`[a-z_]*:?msgraph_security_[a-z0-9_:]+`).FindAllString(r.Expr, -1) {
			if strings.Contains(name, ":") && !recorded[name] || !strings.Contains(name, ":") && !strings.Contains(string(documentation), "`"+name+"`") {
				t.Errorf("%s%s asks for %s, which nobody has", r.Alert, r.Record, name)
			}
		}
		if r.Record != "" {
			recorded[r.Record] = true
			continue
		}
		if keys := slices.Sorted(maps.Keys(r.Annotations)); !slices.Equal(keys, []string{"description", "runbook_url", "summary"}) {
			t.Errorf("%s has %v", r.Alert, keys)
		}
		if _, err := os.Stat("../" + r.Annotations["runbook_url"]); err != nil || r.Annotations["runbook_url"] != "docs/runbooks/"+r.Alert+".md" {
			t.Errorf("%s: no runbook: %v", r.Alert, err)
		}
		if s := r.Labels["severity"]; s != "page" && s != "ticket" || len(r.Labels) != 1 {
			t.Errorf("%s has the labels %v", r.Alert, r.Labels)
		}
		fires := func(test ruleTest) bool { return strings.Contains(test.text, `alertname="`+r.Alert+`"`) }
		said := func(test ruleTest) bool { return strings.Contains(test.text, "alertname:"+r.Alert+" ") }
		if !slices.ContainsFunc(tests, fires) || !slices.ContainsFunc(tests, said) {
			t.Errorf("%s is not tested to fire, or not what it then says", r.Alert)
		}
	}
}
