package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var checkMutants = flag.Bool("rules.mutants", false, "change every threshold and duration of the rules, which takes hours")

var (
	ruleStart = regexp.MustCompile(`(?m)^      - `)
	ruleName  = regexp.MustCompile(`(?m)^(?:      - |        )(?:alert|record): "(.*)"$`)
	// What may be changed of a rule: the time in for, keep_firing_for, a range or an offset, and a number
	// beside an operator. The resolution of a subquery (after its colon) says how closely to look, not how far.
	duration  = regexp.MustCompile(`(?:for: "|\[|offset )(\d+)([smhd])\b`)
	threshold = regexp.MustCompile(`(?:[<>=]|time\(\) [+-]|timestamp -) (\d+(?:\.\d+)?)\b|([\d.]+) \* tenant`)
)

// A ruleMutant is the rules with one number changed.
type ruleMutant struct{ rule, what, text string }

// ruleMutants returns the rules with each duration halved and doubled, and each threshold made
// a little smaller and a little larger.
func ruleMutants(text string) []ruleMutant {
	var all []ruleMutant
	starts := append(ruleStart.FindAllStringIndex(text, -1), []int{len(text)})
	for i, start := range starts[:len(starts)-1] {
		body := text[start[0]:starts[i+1][0]]
		name := ruleName.FindStringSubmatch(body)[1]
		quiet := regexp.MustCompile(`(?m)^          \w+: ".*"$`).ReplaceAllStringFunc(body, func(s string) string { return strings.Repeat(" ", len(s)) })
		change := func(from, to int, with string) {
			what := body[from:to] + " to " + with
			from, to = start[0]+from, start[0]+to
			all = append(all, ruleMutant{name, what, text[:from] + with + text[to:]})
		}
		for _, d := range duration.FindAllStringSubmatchIndex(quiet, -1) {
			n, _ := strconv.Atoi(body[d[2]:d[3]])
			seconds := n * map[string]int{"s": 1, "m": 60, "h": 3600, "d": 86400}[body[d[4]:d[5]]]
			change(d[2], d[5], fmt.Sprintf("%ds", seconds/2))
			change(d[2], d[5], fmt.Sprintf("%ds", seconds*2))
		}
		for _, n := range threshold.FindAllStringSubmatchIndex(quiet, -1) {
			from, to := max(n[2], n[4]), max(n[3], n[5])
			for _, with := range beside(body[from:to]) {
				change(from, to, with)
			}
		}
	}
	return all
}

// beside returns what is a little less than a number and a little more.
func beside(number string) []string {
	value, _ := strconv.ParseFloat(number, 64)
	step := 1.0
	if strings.Contains(number, ".") {
		step = 0.1
	} else if value >= 100 {
		step = value / 2 // seconds
	}
	return []string{strconv.FormatFloat(value-step, 'f', -1, 64), strconv.FormatFloat(value+step, 'f', -1, 64)}
}

// TestRuleMutants changes every threshold and every duration of every rule: some plot comes out otherwise. In
// every run it is checked that there are such mutants; with -rules.mutants, which of them nobody
// notices.
func TestRuleMutants(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(alertsFolder + "rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	mutants := ruleMutants(string(text))
	if len(mutants) < 100 {
		t.Fatalf("only %d mutants: has the form of the file changed?", len(mutants))
	}
	if !*checkMutants {
		return
	}
	for i, m := range mutants {
		t.Run(fmt.Sprintf("%s %d", m.rule, i), func(t *testing.T) {
			t.Parallel()
			if survives(t, m) {
				t.Errorf("nobody notices that %s was changed from %s", m.rule, m.what)
			}
		})
	}
}

// about returns the plots in which an alert fires; what is recorded may show in any.
func about(rule string, plots []*plot) []*plot {
	alert, isAlert := strings.CutPrefix(rule, "MsgraphSecurity")
	if !isAlert {
		return plots
	}
	return slices.DeleteFunc(plots, func(p *plot) bool {
		return !slices.ContainsFunc(p.checks, func(c check) bool {
			return slices.ContainsFunc(c.want, func(w string) bool { return w == alert || strings.HasPrefix(w, alert+"{") })
		})
	})
}

// survives plays the plots against a mutant, in one setting after the other until one comes out otherwise.
func survives(t *testing.T, m ruleMutant) bool {
	t.Helper()
	dir := t.TempDir()
	rules := filepath.Join(dir, "rules.yml")
	if err := os.WriteFile(rules, []byte(m.text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, s := range []setting{{5 * minute, 1, oneTenant}, {5 * minute, 2, manyTenants}, {minute, 2, oneTenant}} {
		file := filepath.Join(dir, "plots.yml")
		write(t, file, rules, s.interval, about(m.rule, plots(s)))
		out, err := exec.Command(tools+"promtool", "test", "rules", file).CombinedOutput()
		if err != nil && !slices.Contains(strings.Fields(string(out)), "FAILED:") {
			t.Fatalf("%s: %v\n%s", m.what, err, out)
		}
		if err != nil {
			return false
		}
	}
	return true
}
