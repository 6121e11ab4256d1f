package e2e

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// A ruleText is one rule as it stands in the file, its name, and the names that it speaks of.
type ruleText struct {
	name, text string
	asks       map[string]bool
}

// readRules returns the rules that are shipped, in order.
func readRules(t *testing.T) []ruleText {
	t.Helper()
	file, err := os.ReadFile(alertsFolder + "rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(file)
	starts := append(ruleStart.FindAllStringIndex(text, -1), []int{len(text)})
	var all []ruleText
	for i, start := range starts[:len(starts)-1] {
		body := text[start[0]:starts[i+1][0]]
		r := ruleText{ruleName.FindStringSubmatch(body)[1], body, map[string]bool{}}
		for _, name := range ruleWords.FindAllString(ruleNotes.ReplaceAllString(body, ""), -1) {
			r.asks[name] = true
		}
		all = append(all, r)
	}
	return all
}

// A ruleMutant is a rule with one thing changed.
type ruleMutant struct{ rule, what, text string }

// expr returns the expression of a mutant.
func (m ruleMutant) expr(t *testing.T) string {
	t.Helper()
	var all []rule
	if err := yaml.Unmarshal([]byte(m.text), &all); err != nil || len(all) != 1 {
		t.Fatalf("%s: %v", m, err)
	}
	return all[0].Expr
}

var (
	ruleStart = regexp.MustCompile(`(?m)^      - `)
	ruleName  = regexp.MustCompile(`(?m)^(?:      - |        )(?:alert|record): "(.*)"$`)
	ruleWords = regexp.MustCompile(`[A-Za-z_:]+`)
	ruleNotes = regexp.MustCompile(`(?m)^          (?:description|portal_url|runbook_url|summary): ".*"$`)

	// What may be changed of a rule: the time in for, keep_firing_for, a range or an offset; a number beside an
	// operator, but for 0 *, which only takes the labels of something; the operator; each label of a list; a matcher, and each choice of one; and the severity. The
	// resolution of a subquery (after its colon) says how closely to look, not how far.
	duration   = regexp.MustCompile(`(?:for: "|\[|offset )(\d+)([smhd])\b`)
	threshold  = regexp.MustCompile(`(?:[<>=]|time\(\) [+-]|timestamp -) (\d+(?:\.\d+)?)\b|([1-9][\d.]*) \* (?:tenant|avg)`)
	comparison = regexp.MustCompile(` (>=|<=|==|>|<) `)
	labelList  = regexp.MustCompile(`\b(?:by|on|without|ignoring) \(([a-z_, ]+)\)`)
	matcher    = regexp.MustCompile(`[a-z]+(=~|!~|!=|=)(\\?"[^"\\]*\\?")[,}]`)
	severityOf = regexp.MustCompile(`severity: "(critical|warning|info)"`)
)

// ruleMutants returns the rules with each duration a quarter shorter and half as long again, each threshold a little
// smaller and a little larger, each comparison that of its neighbour, each label left out, each matcher
// turned round and each of its choices left out, and each severity another.
func ruleMutants(rules []ruleText) []ruleMutant {
	var all []ruleMutant
	for _, r := range rules {
		quiet := ruleNotes.ReplaceAllStringFunc(r.text, func(s string) string { return strings.Repeat(" ", len(s)) })
		for _, find := range []func(string) []edit{durationEdits, thresholdEdits, comparisonEdits, labelEdits, matcherEdits, severityEdits} {
			for _, e := range find(quiet) {
				all = append(all, ruleMutant{r.name, e.what(quiet), r.text[:e.from] + e.with + r.text[e.to:]})
			}
		}
	}
	return all
}

// An edit replaces what is between two places of a text.
type edit struct {
	from, to int
	with     string
}

// what says what is changed, with as much of its surroundings as tells it from its like.
func (e edit) what(text string) string {
	line := strings.Count(text[:e.from], "\n")
	return fmt.Sprintf("%q to %q in line %d at %d", text[e.from:e.to], e.with, line, e.from-strings.LastIndex(text[:e.from], "\n"))
}

func durationEdits(text string) (edits []edit) {
	for _, d := range duration.FindAllStringSubmatchIndex(text, -1) {
		n, _ := strconv.Atoi(text[d[2]:d[3]])
		seconds := n * map[string]int{"s": 1, "m": 60, "h": 3600, "d": 86400}[text[d[4]:d[5]]]
		edits = append(edits, edit{d[2], d[5], fmt.Sprintf("%ds", seconds*3/4)}, edit{d[2], d[5], fmt.Sprintf("%ds", seconds*3/2)})
	}
	return edits
}

func thresholdEdits(text string) (edits []edit) {
	for _, n := range threshold.FindAllStringSubmatchIndex(text, -1) {
		from, to := max(n[2], n[4]), max(n[3], n[5])
		value, _ := strconv.ParseFloat(text[from:to], 64)
		less, more := value-1, value+1
		switch {
		case strings.Contains(text[from:to], "."):
			less, more = value-0.05, value+0.05
		case value >= 100: // seconds
			less, more = value*3/4, value*3/2
		}
		edits = append(edits, edit{from, to, strconv.FormatFloat(less, 'f', -1, 64)}, edit{from, to, strconv.FormatFloat(more, 'f', -1, 64)})
	}
	return edits
}

func comparisonEdits(text string) (edits []edit) {
	other := map[string]string{">": ">=", ">=": ">", "<": "<=", "<=": "<", "==": "!="}
	for _, c := range comparison.FindAllStringSubmatchIndex(text, -1) {
		edits = append(edits, edit{c[2], c[3], other[text[c[2]:c[3]]]})
	}
	return edits
}

func labelEdits(text string) (edits []edit) {
	for _, l := range labelList.FindAllStringSubmatchIndex(text, -1) {
		names := strings.Split(text[l[2]:l[3]], ", ")
		for i := range names {
			edits = append(edits, edit{l[2], l[3], strings.Join(slices.Delete(slices.Clone(names), i, i+1), ", ")})
		}
	}
	return edits
}

func matcherEdits(text string) (edits []edit) {
	other := map[string]string{"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
	for _, m := range matcher.FindAllStringSubmatchIndex(text, -1) {
		edits = append(edits, edit{m[2], m[3], other[text[m[2]:m[3]]]})
		if choices := strings.Split(strings.Trim(text[m[4]:m[5]], `\"`), "|"); len(choices) > 1 {
			from := m[4] + strings.Index(text[m[4]:m[5]], choices[0])
			to := from + len(strings.Join(choices, "|"))
			for i := range choices {
				edits = append(edits, edit{from, to, strings.Join(slices.Delete(slices.Clone(choices), i, i+1), "|")})
			}
		}
	}
	return edits
}

func severityEdits(text string) (edits []edit) {
	for _, s := range severityOf.FindAllStringSubmatchIndex(text, -1) {
		edits = append(edits, edit{s[2], s[3], map[string]string{"critical": "warning", "warning": "info", "info": "critical"}[text[s[2]:s[3]]]})
	}
	return edits
}

// concerned returns the text of the rules that mutants of one rule can concern, and of those that these need, with
// the mutants in the place of the rule; and the names of the alerts that they can concern. Several
// mutants are of an alert, and told apart by a label.
func concerned(all []ruleText, mutants []ruleMutant) (text string, alerts []string) {
	rule := mutants[0].rule
	kept := map[string]bool{rule: true}
	grow := func(more func(r, other ruleText) bool) {
		for n := -1; n < len(kept); {
			n = len(kept)
			for _, r := range all {
				for _, other := range all {
					if kept[other.name] && more(r, other) {
						kept[r.name] = true
					}
				}
			}
		}
	}
	grow(func(r, other ruleText) bool { return r.asks[other.name] })
	for _, r := range all {
		if kept[r.name] && !strings.Contains(r.name, ":") {
			alerts = append(alerts, r.name)
		}
	}
	grow(func(r, other ruleText) bool { return other.asks[r.name] })
	var b strings.Builder
	for _, r := range all {
		switch {
		case r.name == rule && len(mutants) == 1:
			b.WriteString(mutants[0].text)
		case r.name == rule:
			for i, m := range mutants {
				b.WriteString(strings.Replace(m.text, "        labels:\n", fmt.Sprintf("        labels:\n          mutant: \"%d\"\n", i), 1))
			}
		case kept[r.name]:
			b.WriteString(r.text)
		}
	}
	return b.String(), alerts
}
