package e2e

import (
	"errors"
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

const (
	alertsFolder = "../deploy/alerts/"
	mixinFolder  = "../deploy/mixin/"
)

// A rule is one of deploy/alerts/rules.yml.
type rule struct {
	Record, Alert, Expr string
	For                 string
	Labels, Annotations map[string]string
}

// rules returns those that are shipped.
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

// render returns what a snippet of jsonnet makes of the mixin, as text.
func render(t *testing.T, snippet string) string {
	t.Helper()
	out, err := exec.Command(tools+"jsonnet", "-S", "-J", mixinFolder, "-e", snippet).Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("%s: %s", snippet, failed.Stderr)
	}
	return string(out)
}

// TestRules has the tools of Prometheus and Alertmanager, and pint, find nothing wrong with what is
// shipped, and jsonnetfmt nothing to format.
func TestRules(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob(mixinFolder + "*sonnet")
	if err != nil || len(sources) == 0 {
		t.Fatal("no mixin", err)
	}
	for _, command := range [][]string{
		{"promtool", "check", "rules", "--lint=all", "--lint-fatal", alertsFolder + "rules.yml"},
		{"pint", "--offline", "--no-color", "lint", "--min-severity=info", "--fail-on=info", alertsFolder + "rules.yml"},
		{"amtool", "check-config", alertsFolder + "alertmanager.yml"},
		append([]string{"jsonnetfmt", "--test"}, sources...),
	} {
		if out, err := exec.Command(tools+command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
	}
}

// TestRendered: the rules that are committed are those of the mixin, and it has the boards that are.
func TestRendered(t *testing.T) {
	t.Parallel()
	committed, err := os.ReadFile(alertsFolder + "rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	if render(t, "import 'render.jsonnet'") != string(committed) {
		t.Error("rules.yml is not what the mixin says: run make rendered")
	}
	boards, err := filepath.Glob("../dashboards/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for i := range boards {
		boards[i] = filepath.Base(boards[i])
	}
	if got := strings.Fields(render(t, "std.join(' ', std.objectFields((import 'mixin.libsonnet').grafanaDashboards))")); !slices.Equal(got, boards) {
		t.Errorf("the mixin has the boards %q, want %q", got, boards)
	}
}

// TestSettings: labels, selectors and addresses go everywhere that they belong.
func TestSettings(t *testing.T) {
	t.Parallel()
	text := render(t, `std.manifestYamlDoc(((import 'mixin.libsonnet') + {_config+:: {
		aggregationLabels: ['cluster', 'job', 'customer'], tenantLabel: 'customer', selector: 'job="soc"', upSelector: 'job="soc"',
		runbookURL: 'https://wiki.example/%s', severities: {page: 'p1', ticket: 'p3', note: 'p5'}, hold: '2d', evaluationInterval: '30s',
	}}).prometheusAlerts)`)
	for _, gone := range []string{"(job, tenant", "[1d]", "msgraph-security-exporter.example", "critical", "msgraph_security_up)", "msgraph_security_up unless", " up ", "$labels.tenant", "tenant=", "tenant!="} {
		if strings.Contains(text, gone) {
			t.Errorf("there still is %q", gone)
		}
	}
	for _, there := range []string{`"interval": "30s"`, "by (cluster, job, customer)", "on (cluster, job) ", `msgraph_security_up{job="soc"}`, `up{job="soc"}`, "$labels.customer", "https://wiki.example/MsgraphSecurityBlind", "p1", "p3", "p5", "172800"} {
		if !strings.Contains(strings.ReplaceAll(text, `\"`, `"`), there) {
			t.Errorf("there is no %q", there)
		}
	}
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tools+"promtool", "check", "rules", "--lint=all", "--lint-fatal", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestAlertsAreWhole: each alert says what it is about and where to read on, and is played; what it
// asks for is in the documentation of the metrics or is recorded before it.
func TestAlertsAreWhole(t *testing.T) {
	t.Parallel()
	documentation, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	played, recorded := playedAlerts(), map[string]bool{}
	for _, r := range rules(t) {
		for _, name := range regexp.MustCompile(`[a-z_]*:?msgraph_security_[a-z0-9_:]+`).FindAllString(r.Expr, -1) {
			own := name == r.Record // it carries itself
			if strings.Contains(name, ":") && !recorded[name] && !own && !carried[name] || !strings.Contains(name, ":") && !strings.Contains(string(documentation), "`"+name+"`") {
				t.Errorf("%s%s asks for %s, which nobody has", r.Alert, r.Record, name)
			}
		}
		if r.Record != "" {
			recorded[r.Record] = true
			continue
		}
		keys := slices.Sorted(maps.Keys(r.Annotations))
		if keys = slices.DeleteFunc(keys, func(k string) bool { return k == "portal_url" }); !slices.Equal(keys, []string{"description", "runbook_url", "summary"}) {
			t.Errorf("%s has %v", r.Alert, keys)
		}
		if s := r.Annotations["summary"]; strings.Contains(s, "{{") || !strings.HasSuffix(s, ".") {
			t.Errorf("%s: the summary is no sentence: %s", r.Alert, s)
		}
		page := "docs/runbooks/" + r.Alert + ".md"
		if _, err := os.Stat("../" + page); err != nil || r.Annotations["runbook_url"] != "https://msgraph-security-exporter.example/"+page {
			t.Errorf("%s: no runbook: %v", r.Alert, err)
		}
		if s := r.Labels["severity"]; !slices.Contains([]string{"critical", "warning", "info"}, s) || len(r.Labels) != 1 {
			t.Errorf("%s has the labels %v", r.Alert, r.Labels)
		}
		if regexp.MustCompile(`^(\d+s|\dm)$`).MatchString(r.For) { // for which Prometheus would wait anew when it restarts
			t.Errorf("%s waits for less than ten minutes: %s", r.Alert, r.For)
		}
		if !played[r.Alert] {
			t.Errorf("%s is not played", r.Alert)
		}
	}
}

// TestPortal: the queue has one address, in the setting, the rules, the chart that replaces it, the page about the
// portal and the runbooks.
func TestPortal(t *testing.T) {
	t.Parallel()
	queue := strings.TrimSpace(render(t, "(import 'mixin.libsonnet')._config.portalURL"))
	for _, r := range rules(t) {
		if link := r.Annotations["portal_url"]; link != "" && strings.Count(link, "{{ else }}"+queue+"{{ end }}") != 2 {
			t.Errorf("%s: leads elsewhere than to %s: %s", r.Alert, queue, link)
		}
	}
	for _, file := range []string{"docs/portal.md", "docs/runbooks/MsgraphSecurityHighPriorityUnassigned.md", "deploy/chart/msgraph-security-exporter/templates/prometheusrule.yaml"} {
		if !strings.Contains(readFile(t, "../"+file), queue) {
			t.Errorf("%s does not say %s", file, queue)
		}
	}
	pages, err := filepath.Glob("../docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(pages, "../docs/portal.md", "../docs/metrics.md") {
		for _, link := range regexp.MustCompile(`https://security\.microsoft\.com[^)>\s"]*`).FindAllString(readFile(t, file), -1) {
			if link != queue {
				t.Errorf("%s: links to %s, want %s", file, link, queue)
			}
		}
	}
}

// carried are the records that stand for the evaluation before, and so ask for what comes after them.
var carried = map[string]bool{
	"tenant:msgraph_security_scores:bool":                                    true,
	"tenant:msgraph_security_high_priority_unassigned:last":                  true,
	"tenant:msgraph_security_high_priority_unassigned:reached":               true,
	"tenant:msgraph_security_high_priority_unassigned_oldest:last":           true,
	"tenant:msgraph_security_high_priority_backlog:min":                      true,
	"tenant_objective:msgraph_security_objective_breached_incidents:backlog": true,
}

// playedAlerts returns those that some plot has fire.
func playedAlerts() map[string]bool {
	played := map[string]bool{}
	for _, s := range []setting{{5 * minute, 1, oneTenant}, {5 * minute, 2, manyTenants}} {
		for _, p := range plots(s) {
			for _, c := range p.checks {
				for _, alert := range c.want {
					name, _, _ := strings.Cut(alert, "{")
					played["MsgraphSecurity"+name] = true
				}
			}
		}
	}
	return played
}
