package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// single are the tables that are there to tell replicas apart.
var single = []string{"Each target", "Each process"}

// TestReplicas shows that no query adds up replicas: on the way from a series to what is
// shown, one of the replicas of a tenant is taken, or their mean, before anything is added up
// but the labels that the exporter itself gives.
func TestReplicas(t *testing.T) {
	looked := 0
	eachPanel(t, func(t *testing.T, p panel) {
		if slices.Contains(single, p.Title) {
			return
		}
		for _, q := range p.Targets {
			expr := recorded.ReplaceAllString(q.Expr, "recorded")
			for _, at := range selector.FindAllStringSubmatchIndex(expr, -1) {
				looked++
				if fault := added(expr[:at[0]], expr[at[2]:at[3]]); fault != "" {
					t.Errorf("%s: %s: %s", q.RefID, fault, q.Expr)
				}
			}
		}
	})
	if looked < 300 {
		t.Errorf("looked at %d series only", looked)
	}
}

var aggregator = regexp.MustCompile(`\b(sum|count|count_values|avg|min|max|bottomk|topk|group)(?: (by|without) \(([^)]*)\))? ?$`)

// added finds fault with how a series is put together with those of other replicas, given
// what stands before it.
func added(before, metric string) string {
	for _, head := range heads(before) {
		found := aggregator.FindStringSubmatch(head)
		if found == nil {
			continue
		}
		switch labels := strings.Split(found[3], ", "); {
		case found[1] == "sum" && found[2] == "without" && own(metric, labels):
		case found[2] == "without":
			return "keeps or loses labels that are not its own"
		case found[2] == "" && (found[1] == "max" || found[1] == "min"):
			return ""
		case found[1] == "max" || found[1] == "min" || found[1] == "avg":
			if found[1] == "avg" && !strings.HasPrefix(found[3], apart) {
				return "averages tenants"
			}
			return ""
		default:
			return found[1] + " before one replica is taken"
		}
	}
	return "no replica is taken"
}

// own says whether labels are all of those that the exporter gives a metric.
func own(metric string, labels []string) bool {
	name := strings.TrimPrefix(metric, "msgraph_security_")
	its := labelsOf(name)
	if base := regexp.MustCompile(`_(bucket|count)$`).ReplaceAllString(name, ""); strings.Contains(base, "duration") {
		its = []string{labelOf(base)}
	}
	return !slices.ContainsFunc(labels, func(l string) bool { return !slices.Contains(its, l) })
}

// heads returns what stands before each parenthesis that is open at the end of a text,
// the innermost first.
func heads(text string) []string {
	var stack []string
	for i, c := range text {
		switch c {
		case '(':
			stack = append(stack, text[:i])
		case ')':
			stack = stack[:len(stack)-1]
		}
	}
	slices.Reverse(stack)
	return stack
}

// TestReplicasFindsFault shows what the test above would say.
func TestReplicasFindsFault(t *testing.T) {
	for expr, want := range map[string]string{
		"sum(":                                "sum before one replica is taken",
		"sum by (severity) (":                 "sum before one replica is taken",
		"sum(max by (job, tenant) (":          "",
		"sum without (instance) (":            "keeps or loses labels that are not its own",
		"avg by (severity) (":                 "averages tenants",
		"":                                    "no replica is taken",
		"max by (job, tenant) (sum without (": "",
	} {
		if strings.HasSuffix(expr, "sum without (") {
			expr += "severity) ("
		}
		if got := added(expr, "msgraph_security_incidents_opened_total"); got != want {
			t.Errorf("%q: got %q, want %q", expr, got, want)
		}
	}
}
