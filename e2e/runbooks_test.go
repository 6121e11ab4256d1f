package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	headings = regexp.MustCompile(`(?m)^## (.*)$`)
	checks   = regexp.MustCompile(`(?m)^\d\. `)
	queries  = regexp.MustCompile("(?s)```promql\n(.*?)\n *```")
	names    = regexp.MustCompile(`(?:[a-z_]+:)?msgraph_security_[a-z0-9_:]+`)
)

// TestRunbooks: each alert has a page of one form, no page is left over, every query of a page is
// one that Prometheus understands, and asks for nothing that does not exist.
func TestRunbooks(t *testing.T) {
	t.Parallel()
	documentation, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile("../docs/runbooks/README.md")
	if err != nil {
		t.Fatal(err)
	}
	var recorded, alerts []string
	for _, r := range rules(t) {
		recorded = append(recorded, r.Record)
		if r.Alert != "" {
			alerts = append(alerts, r.Alert)
		}
	}
	pages, err := filepath.Glob("../docs/runbooks/Msgraph*.md")
	if err != nil || len(pages) != len(alerts) {
		t.Errorf("%d pages for %d alerts, %v", len(pages), len(alerts), err)
	}
	var all strings.Builder
	all.WriteString("groups:\n  - name: queries\n    rules:\n")
	for _, alert := range alerts {
		page, err := os.ReadFile("../docs/runbooks/" + alert + ".md")
		if err != nil {
			t.Error(err)
			continue
		}
		text := string(page)
		var have []string
		for _, h := range headings.FindAllStringSubmatch(text, -1) {
			have = append(have, h[1])
		}
		if !slices.Equal(have, []string{"Meaning", "First checks", "Causes", "When it is over"}) || !strings.HasPrefix(text, "# "+alert+"\n") {
			t.Errorf("%s has the headings %q", alert, have)
		}
		if n := len(checks.FindAllString(text, -1)); n != 3 {
			t.Errorf("%s has %d checks", alert, n)
		}
		if !strings.Contains(string(index), "["+alert+"]("+alert+".md)") {
			t.Errorf("%s is not in the index", alert)
		}
		found := queries.FindAllStringSubmatch(text, -1)
		for i, q := range found {
			fmt.Fprintf(&all, "      - record: %s:%d\n        expr: |-\n          %s\n", strings.ToLower(alert), i, strings.Join(strings.Fields(q[1]), " "))
			for _, name := range names.FindAllString(q[1], -1) {
				base := regexp.MustCompile(`_(bucket|count|sum)$`).ReplaceAllString(name, "")
				if !slices.Contains(recorded, name) && !strings.Contains(string(documentation), "`"+name+"`") && !strings.Contains(string(documentation), "`"+base+"`") {
					t.Errorf("%s asks for %s, which nobody has", alert, name)
				}
			}
		}
		if len(found) < 2 {
			t.Errorf("%s has %d queries", alert, len(found))
		}
	}
	path := filepath.Join(t.TempDir(), "queries.yml")
	if err := os.WriteFile(path, []byte(all.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tools+"promtool", "check", "rules", path).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// checkRunbooks asks the queries of the runbooks of both, but for those that ask about processes or count them.
func checkRunbooks(t *testing.T, one, two *prometheus) {
	t.Helper()
	pages, err := filepath.Glob("../docs/runbooks/Msgraph*.md")
	if err != nil {
		t.Fatal(err)
	}
	full := 0
	for _, page := range pages {
		for _, q := range queriesOf(readFile(t, page)) {
			if strings.Contains(q, "instance") || strings.Contains(q, "count by (version)") || strings.Contains(q, "count by (job, tenant) (msgraph_security_up)") {
				continue
			}
			got := two.now(t, q)
			if diff := cmp.Diff(one.now(t, q), got); diff != "" {
				t.Errorf("%s: %s (-one replica +two):\n%s", page, q, diff)
			}
			if len(got) > 0 {
				full++
			}
		}
	}
	if full < 30 {
		t.Errorf("only %d queries of runbooks find something", full)
	}
}
