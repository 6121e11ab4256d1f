package e2e

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	checkMutants = flag.Bool("rules.mutants", false, "change every threshold, duration, label and comparison of the rules in turn")
	onlyMutants  = flag.String("rules.only", "", "ask of those changes alone whose name holds this")
	skipMutants  = flag.String("rules.skip", "^$", "do not ask of those changes whose name holds this")
	mutantPlots  = flag.Int("rules.most", 1000, "ask no more plots than this")
	mutantSteps  = flag.Int("rules.steps", 1000, "ask no plot of more evaluations than this")
)

// A candidate is a plot in one setting that may notice a change.
type candidate struct {
	*plot
	fires   map[string]bool // which alerts it has fire
	noticed map[string]int  // how many changes of which rule it has noticed
}

// candidates returns the plots against which changes are played, the cheapest first: at the longest interval, with
// one replica and with two, of one tenant and of many, and at one minute, where bounds are closer.
func candidates() []*candidate {
	var all []*candidate
	for _, s := range []setting{{5 * minute, 1, oneTenant}, {5 * minute, 2, manyTenants}, {minute, 2, oneTenant}} {
		for _, p := range plots(s) {
			c := &candidate{p, map[string]bool{}, map[string]int{}}
			for _, check := range p.checks {
				for _, want := range check.want {
					c.fires[alertOf(want)] = true
				}
			}
			if len(p.checks) > 0 && regexp.MustCompile(*onlyPlots).MatchString(p.name) && int(p.now/p.evaluated()) <= *mutantSteps {
				all = append(all, c)
			}
		}
	}
	cost := func(c *candidate) int { return int(c.now/c.evaluated()) * (10 + len(c.targets)) }
	slices.SortStableFunc(all, func(a, b *candidate) int { return cost(a) - cost(b) })
	return all
}

// alertOf returns the whole name of an alert that a plot has fire.
func alertOf(want string) string {
	name, _, _ := strings.Cut(want, "{")
	return "MsgraphSecurity" + name
}

// TestRuleMutants changes every threshold, duration, label and comparison of every rule: some plot comes
// out otherwise. In every run it is checked that there are such mutants, and that each exemption is of one;
// with -rules.mutants, which of them nobody notices.
func TestRuleMutants(t *testing.T) {
	all := readRules(t)
	mutants := ruleMutants(all)
	if len(mutants) < 400 {
		t.Fatalf("only %d mutants: has the form of the file changed?", len(mutants))
	}
	for exempt := range noticedByNobody {
		if !slices.ContainsFunc(mutants, func(m ruleMutant) bool { return m.String() == exempt }) {
			t.Errorf("there is no mutant %q to exempt", exempt)
		}
	}
	if !*checkMutants {
		return
	}
	only, skip := regexp.MustCompile(*onlyMutants), regexp.MustCompile(*skipMutants)
	mutants = slices.DeleteFunc(mutants, func(m ruleMutant) bool {
		return noticedByNobody[m.String()] != "" || !only.MatchString(m.String()) || skip.MatchString(m.String())
	})
	order, began := candidates(), time.Now()
	for len(mutants) > 0 {
		together := sideBySide(all, mutants)
		mutants = mutants[len(together):]
		for _, m := range noticedByNone(t, all, together, order) {
			t.Errorf("nobody notices %s", m)
		}
		t.Logf("%s: %d, after %s; %d are left", together[0].rule, len(together), time.Since(began).Round(time.Second), len(mutants))
	}
}

// sideBySide returns the first mutant, and those that can be played together with it: of an alert that no rule
// asks for, all.
func sideBySide(all []ruleText, mutants []ruleMutant) []ruleMutant {
	rule := mutants[0].rule
	if strings.Contains(rule, ":") || slices.ContainsFunc(all, func(r ruleText) bool { return r.name != rule && r.asks[rule] }) {
		return mutants[:1]
	}
	n := slices.IndexFunc(mutants, func(m ruleMutant) bool { return m.rule != rule })
	if n < 0 {
		n = len(mutants)
	}
	return mutants[:n]
}

// noticedByNone plays the plots against some mutants of one rule, and returns those with which every plot comes out
// as without. Plots that have noticed others of the rule come first, then those that have an alert fire that may be
// concerned.
func noticedByNone(t *testing.T, all []ruleText, mutants []ruleMutant, order []*candidate) []ruleMutant {
	t.Helper()
	kept, alerts := concerned(all, mutants)
	rules := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(rules, []byte("groups:\n  - name: mutants\n    rules:\n"+kept), 0o600); err != nil {
		t.Fatal(err)
	}
	rule := mutants[0].rule
	promises := func(c *candidate) int {
		n := 2 * c.noticed[rule]
		if slices.ContainsFunc(alerts, func(a string) bool { return c.fires[a] }) {
			n++
		}
		return n
	}
	order = slices.Clone(order)
	if len(mutants) > 1 { // of an alert, which only those plots that have it fire tell much of
		order = slices.DeleteFunc(order, func(c *candidate) bool { return !c.fires[rule] })
	}
	slices.SortStableFunc(order, func(a, b *candidate) int { return promises(b) - promises(a) })
	order = order[:min(len(order), *mutantPlots)]
	left := map[int]ruleMutant{}
	for i, m := range mutants {
		left[i] = m
	}
	for size := 1; len(order) > 0 && len(left) > 0; size *= 2 {
		together := 1 // as many as a file may have, at the same interval, since each costs a process
		for together < min(size, len(order)) && order[together].evaluated() == order[0].evaluated() {
			together++
		}
		for _, i := range noticedIn(t, order[:together], rules, kept, alerts, left) {
			if together == 1 {
				order[0].noticed[rule]++
			}
			delete(left, i)
		}
		order = order[together:]
	}
	return slices.Collect(maps.Values(left))
}

// apart asks of each mutant by itself whether it is noticed: where one cannot be evaluated, nothing is said of others.
func apart(t *testing.T, candidates []*candidate, alerts []string, left map[int]ruleMutant) (noticed []int) {
	t.Helper()
	all := readRules(t)
	for i, m := range left {
		kept, _ := concerned(all, []ruleMutant{m})
		rules := filepath.Join(t.TempDir(), "rules.yml")
		if err := os.WriteFile(rules, []byte("groups:\n  - name: mutants\n    rules:\n"+kept), 0o600); err != nil {
			t.Fatal(err)
		}
		if len(noticedIn(t, candidates, rules, kept, alerts, map[int]ruleMutant{i: m})) > 0 {
			noticed = append(noticed, i)
		}
	}
	return noticed
}

var noticedMutant = regexp.MustCompile(`mutant=\\*"(\d+)\\*"`)

// noticedIn plays plots against some of the rules, of which only the alerts that may be concerned are expected, and
// returns those of the mutants left with which one comes out otherwise.
func noticedIn(t *testing.T, candidates []*candidate, rules, kept string, alerts []string, left map[int]ruleMutant) []int {
	t.Helper()
	var played []*plot
	for _, c := range candidates {
		played = append(played, c.reduced(t, kept, alerts, left))
	}
	several := strings.Contains(kept, `mutant: "`)
	file := filepath.Join(filepath.Dir(rules), "plots.yml")
	write(t, file, rules, played[0].evaluated(), played)
	out, err := exec.Command(tools+"promtool", "test", "rules", file).CombinedOutput()
	switch {
	case err == nil:
		return nil
	case !slices.Contains(strings.Fields(string(out)), "FAILED:"):
		t.Fatalf("%v\n%s", err, out)
	case several && strings.Contains(string(out), ", err: "):
		return apart(t, candidates, alerts, left)
	case !several:
		return slices.Collect(maps.Keys(left))
	}
	var noticed []int
	for _, m := range noticedMutant.FindAllSubmatch(out, -1) {
		if i, _ := strconv.Atoi(string(m[1])); left[i].rule != "" && !slices.Contains(noticed, i) {
			noticed = append(noticed, i)
		}
	}
	if len(noticed) == 0 {
		t.Fatalf("says of no mutant:\n%s", out)
	}
	return noticed
}

// reduced returns the plot with what matters to some of the rules, and asks of each mutant what is asked.
func (c *candidate) reduced(t *testing.T, kept string, alerts []string, left map[int]ruleMutant) *plot {
	t.Helper()
	p := *c.plot
	p.samples = maps.Clone(c.samples)
	maps.DeleteFunc(p.samples, func(series string, _ []string) bool {
		name, _, _ := strings.Cut(series, "{")
		return !strings.Contains(kept, name)
	})
	p.checks = nil
	for i, m := range left {
		for _, check := range c.checks {
			if check.want = slices.DeleteFunc(slices.Clone(check.want), func(want string) bool { return !slices.Contains(alerts, alertOf(want)) }); check.numbers != nil && len(check.want) == 0 {
				continue
			}
			if strings.Contains(kept, `mutant: "`) {
				check.of = fmt.Sprintf(`, mutant="%d"`, i)
			}
			if check.numbers != nil && alertOf(check.want[0]) == m.rule {
				check.expr = m.expr(t)
			}
			p.checks = append(p.checks, check)
		}
	}
	return &p
}

// noticedByNobody are mutants that change nothing which can be seen, each with the reason.
var noticedByNobody = map[string]string{
	`MsgraphSecurityHighPriorityUnassigned: ">" to ">=" in line 9 at 66`:                    "there is :anew only while more wait than the backlog; the comparison is for a Prometheus that has just restarted, and still has the last of it",
	`MsgraphSecurityHighPriorityMoreUnassigned: ">" to ">=" in line 11 at 68`:               "what grew did so by one at least; pint wants a comparison",
	`MsgraphSecurityHighPriorityMoreUnassigned: "0" to "-1" in line 11 at 70`:               "as above",
	`tenant:msgraph_security_high_priority_unassigned:reached: "0" to "1" in line 7 at 91`:  "two wait at least where one came to another, so that what is reached is never 1",
	`tenant:msgraph_security_high_priority_unassigned:reached: "0" to "1" in line 9 at 95`:  "as above",
	`tenant:msgraph_security_high_priority_unassigned:grew_by: "0" to "1" in line 7 at 151`: "as above",
	`tenant:msgraph_security_unscored:since: "0" to "1" in line 1 at 72`:                    "a Unix time, or 0",
}

// String names a mutant.
func (m ruleMutant) String() string { return fmt.Sprintf("%s: %s", m.rule, m.what) }
