package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	everySetting = flag.Bool("rules.all", false, "play every plot in every setting, which takes many minutes")
	onlyPlots    = flag.String("rules.plots", "", "play those plots alone whose name holds this")
)

// settings are those in which each plot is to come out: each interval with one replica of one tenant and with
// two of many. With -rules.all, as make rules has it, they are all that there are.
func settings() []setting {
	var all []setting
	for _, interval := range []time.Duration{15 * time.Second, minute, 5 * minute} {
		all = append(all, setting{interval, 1, oneTenant}, setting{interval, 2, manyTenants})
		if *everySetting {
			all = append(all, setting{interval, 2, oneTenant}, setting{interval, 1, manyTenants})
		}
	}
	return all
}

// write writes plots as a file of tests for promtool.
func write(t *testing.T, file, tested string, interval time.Duration, plots []*plot) {
	t.Helper()
	exprs := map[string]string{}
	for _, r := range rules(t) {
		exprs[r.Alert] = r.Expr
	}
	var b strings.Builder
	fmt.Fprintf(&b, "rule_files: [%q]\nevaluation_interval: %s\ntests:\n", tested, interval)
	for _, p := range plots {
		if len(p.checks) > 0 {
			b.WriteString(p.text(exprs))
		}
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestPlots plays each plot in each setting against the rules that are shipped.
func TestPlots(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(alertsFolder + "rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	rules := filepath.Join(t.TempDir(), "rules.yml") // promtool reads them once for each plot
	if err := os.WriteFile(rules, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, s := range settings() {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			together := map[time.Duration][]*plot{} // a file for each interval of evaluation
			for _, p := range plots(s) {
				if !regexp.MustCompile(*onlyPlots).MatchString(p.name) {
					continue
				}
				together[p.evaluated()] = append(together[p.evaluated()], p)
			}
			for evaluation, plots := range together {
				file := filepath.Join(t.TempDir(), "plots.yml")
				write(t, file, rules, evaluation, plots)
				if out, err := exec.Command(tools+"promtool", "test", "rules", file).CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			}
		})
	}
}

// TestFiveHundredTenants: a process of five hundred tenants that dies is one page, and what one of them has for itself
// before and meanwhile is one more.
func TestFiveHundredTenants(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 500 {
		names = append(names, fmt.Sprintf("tenant-%d", i))
	}
	p := begin("a process of five hundred tenants dies", setting{minute, 1, names})
	p.until(3*minute).hero().wait(1, 0)
	p.until(5 * minute).fires(p.of(one)).all(names[7]).lose("unreachable")
	own := []string{p.of(one), `Blind{tenant="tenant-7"}`}
	p.until(13 * minute).fires(own...).all().die()
	p.until(25*minute).tells([]float64{1, 499}, own[1], dead).fires(append(own, dead, down)...)
	file := filepath.Join(t.TempDir(), "plots.yml")
	rules, err := filepath.Abs(alertsFolder + "rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, rules, minute, []*plot{p})
	if out, err := exec.Command(tools+"promtool", "test", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// plots returns all of them in one setting.
func plots(s setting) []*plot {
	return slices.Concat(pagePlots(s), againPlots(s), scorePlots(s), blindPlots(s), ticketPlots(s), lastingPlots(s), seldomPlots(s), gapPlots(s))
}
