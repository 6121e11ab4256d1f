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

var checkMutants = flag.Bool("rules.mutants", false, "change every threshold and duration of the rules, which takes minutes")

var (
	ruleStart = regexp.MustCompile(`(?m)^      - (?:alert|record): (\S+)$`)
	// A duration is one of for, keep_firing_for, a range or an offset. The resolution of a
	// subquery (after its colon) is neither: it says how closely to look, not how far.
	duration = regexp.MustCompile(`(?:for: |\[|offset )(\d+)([mhd])\b`)
	// A threshold is a number beside an operator.
	threshold = regexp.MustCompile(`(?:[<>=]|==) (\d+)\b|([\d.]+) \*`)
)

// A ruleMutant is the rules with one number changed.
type ruleMutant struct{ rule, what, text string }

// ruleMutants returns the rules with each duration halved and doubled, and each threshold made
// a little smaller and a little larger.
func ruleMutants(text string) []ruleMutant {
	var all []ruleMutant
	starts := append(ruleStart.FindAllStringSubmatchIndex(text, -1), []int{len(text)})
	for i, start := range starts[:len(starts)-1] {
		name := text[start[2]:start[3]]
		body := text[start[0]:starts[i+1][0]]
		if end := strings.Index(body, "        labels:"); end > 0 {
			body = body[:end]
		}
		change := func(from, to int, with string) {
			from, to = start[0]+from, start[0]+to
			all = append(all, ruleMutant{name, text[from:to] + " to " + with, text[:from] + with + text[to:]})
		}
		for _, d := range duration.FindAllStringSubmatchIndex(body, -1) {
			n, _ := strconv.Atoi(body[d[2]:d[3]])
			seconds := n * map[string]int{"m": 60, "h": 3600, "d": 86400}[body[d[4]:d[5]]]
			change(d[2], d[5], fmt.Sprintf("%ds", seconds/2))
			change(d[2], d[5], fmt.Sprintf("%ds", seconds*2))
		}
		for _, n := range threshold.FindAllStringSubmatchIndex(body, -1) {
			from, to := max(n[2], n[4]), max(n[3], n[5])
			value, _ := strconv.ParseFloat(body[from:to], 64)
			step := 1.0
			if strings.Contains(body[from:to], ".") {
				step = 0.1
			} else if value >= 100 {
				step = 60 // seconds: two scrapes
			}
			change(from, to, strconv.FormatFloat(value-step, 'f', -1, 64))
			change(from, to, strconv.FormatFloat(value+step, 'f', -1, 64))
		}
	}
	return all
}

// TestRuleMutants changes every threshold and every duration of every rule: some test fails. In
// every run it is checked that there are such mutants; that each is noticed, with -rules.mutants,
// as CI does.
func TestRuleMutants(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(alertsFolder + "rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	tests := ruleTests(t)
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
			if survives(t, m, tests) {
				t.Errorf("nobody notices that %s was changed from %s", m.rule, m.what)
			}
		})
	}
}

// survives runs the tests that may notice a mutant, until one does.
func survives(t *testing.T, m ruleMutant, tests []ruleTest) bool {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rules.yml"), []byte(m.text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "tests"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		if !strings.Contains(m.rule, ":") && !strings.Contains(test.text, m.rule) {
			continue // a record may show anywhere
		}
		file := filepath.Join(dir, "tests", test.file)
		original, err := os.ReadFile(alertsFolder + "tests/" + test.file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, original, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(tools+"promtool", "test", "rules", "--run=^"+regexp.QuoteMeta(test.name)+"$", file).CombinedOutput()
		if err != nil && !slices.Contains(strings.Fields(string(out)), "FAILED:") {
			t.Fatalf("%s: %v\n%s", m.what, err, out)
		}
		if err != nil {
			return false
		}
	}
	return true
}
