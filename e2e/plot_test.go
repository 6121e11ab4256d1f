package e2e

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A setting is how a plot is scraped: how often, from how many replicas, and for which tenants.
// Who has a single tenant does not label it.
type setting struct {
	interval time.Duration
	replicas int
	tenants  []string
}

var (
	oneTenant   = []string{""}
	manyTenants = []string{"contoso", "fabrikam", "tailspin", "wingtip", "woodgrove"}
)

// days returns a time of days, as far as so many scrapes can be evaluated in a test.
func (s setting) days(full time.Duration) time.Duration {
	return min(full, 864*s.interval)
}

func (s setting) String() string {
	return fmt.Sprintf("%s, %d replicas, %d tenants", s.interval, s.replicas, len(s.tenants))
}

// A target is what Prometheus scrapes of one tenant from one process, with the labels that the
// common charts add.
type target struct {
	job, tenant    string
	process        int
	there, answers bool
	blind          bool               // the page has no incidents
	page           map[string]float64 // by name and labels
}

// A plot is what happens to targets, and the alerts that fire meanwhile. It becomes a test of
// promtool's.
type plot struct {
	setting
	name    string
	targets targets
	others  targets
	now     time.Duration
	// How often the rules are evaluated, where that is not as often as is scraped.
	evaluation time.Duration
	samples    map[string][]string
	checks     []check
}

// A check is what fires at a moment, or, if it has numbers, which those of a name tell.
type check struct {
	at      time.Duration
	want    []string
	of      string // a matcher of the alerts that are looked at, if not all are
	numbers []float64
	expr    string // of the alerts with numbers, where it is not as shipped
}

// begin returns a plot in which all is well: each tenant is seen, with scores, and nobody waits. Beside it is what is
// to make no difference: another job that has the first tenant as well, a target of somebody else's that is down, and
// one of a tenant that has never answered.
func begin(name string, s setting) *plot {
	p := &plot{setting: s, name: name, samples: map[string][]string{}}
	for _, tenant := range s.tenants {
		for process := range s.replicas {
			p.targets = append(p.targets, &target{job: "soc", tenant: tenant, process: process, there: true, answers: true, page: healthy()})
		}
	}
	p.others = targets{
		{job: "lab", tenant: s.tenants[0], process: 100, there: true, answers: true, page: healthy()},
		{job: "node", tenant: s.tenants[0], process: 101, there: true},
		{job: "soc", tenant: "unknown", process: 102, there: true},
	}
	return p
}

// alone takes away whatever is beside what the plot is of.
func (p *plot) alone() *plot {
	p.others = nil
	return p
}

// healthy returns the page of a tenant that has one scored incident, which somebody has.
func healthy() map[string]float64 {
	page := map[string]float64{
		"msgraph_security_up":                              1,
		`msgraph_security_problem{reason="unreachable"}`:   0,
		`msgraph_security_problem{reason="synchronising"}`: 0,
	}
	for _, severity := range []string{"high", "low"} {
		for _, priority := range []string{"high", "low", "none"} {
			labels := fmt.Sprintf("{severity=%q,priority=%q}", severity, priority)
			page["msgraph_security_open_incidents"+labels] = 0
			page["msgraph_security_open_incidents_unassigned"+labels] = 0
		}
	}
	page[`msgraph_security_open_incidents{severity="low",priority="low"}`] = 1
	return page
}

// all returns the targets of some tenants, or of all of them.
func (p *plot) all(tenants ...string) targets {
	return slices.DeleteFunc(slices.Clone(p.targets), func(t *target) bool {
		return len(tenants) > 0 && !slices.Contains(tenants, t.tenant)
	})
}

// hero returns the targets of the first tenant.
func (p *plot) hero() targets { return p.all(p.tenants[0]) }

// until goes on to a moment. What is changed then is scraped at that moment.
func (p *plot) until(moment time.Duration) *plot {
	for ; p.now < moment; p.now += p.interval {
		seen := map[string]string{}
		for _, t := range slices.Concat(p.targets, p.others) {
			t.scrape(seen)
		}
		step := int(p.now / p.interval)
		for series := range maps.Keys(seen) {
			for len(p.samples[series]) < step {
				p.samples[series] = append(p.samples[series], "_")
			}
		}
		for series, values := range p.samples {
			p.samples[series] = append(values, sampled(seen, series, values))
		}
	}
	return p
}

// sampled returns the next sample of a series: what was scraped, or that it is gone.
func sampled(seen map[string]string, series string, values []string) string {
	if value, ok := seen[series]; ok {
		return value
	}
	if n := len(values); n > 0 && values[n-1] != "_" && values[n-1] != "stale" {
		return "stale"
	}
	return "_"
}

// scrape adds what Prometheus has of a target at one moment.
func (t *target) scrape(seen map[string]string) {
	if !t.there {
		return
	}
	pod := fmt.Sprintf("exporter-%d", t.process)
	own := fmt.Sprintf(`job=%q,instance="10.0.0.%d:10365",pod=%q,node="node-%d",pod_template_hash="%d",namespace="soc",endpoint="http",service="exporter",container="exporter"`,
		t.job, t.process, pod, t.process%3, t.process)
	if t.tenant != "" {
		own += fmt.Sprintf(",tenant=%q", t.tenant)
	}
	if !t.answers {
		seen["up{"+own+"}"] = "0"
		return
	}
	seen["up{"+own+"}"] = "1"
	for series, value := range t.page {
		if t.blind && strings.Contains(series, "incident") {
			continue
		}
		name, labels, _ := strings.Cut(series, "{")
		if labels = strings.TrimSuffix(labels, "}"); labels != "" {
			labels = "," + labels
		}
		seen[name+"{"+own+labels+"}"] = strconv.FormatFloat(value, 'f', -1, 64)
	}
}

// fires is what fires at this moment, all of it: names without their prefix, and what tells the alert
// from its like. What is changed afterwards is scraped next time.
func (p *plot) fires(alerts ...string) *plot {
	p.checks = append(p.checks, check{at: p.now, want: alerts})
	return p.until(p.now + p.interval)
}

// tells is which numbers the descriptions of all alerts of a name have at this moment, beside what fires.
func (p *plot) tells(numbers []float64, alerts ...string) *plot {
	p.checks = append(p.checks, check{at: p.now, want: alerts, numbers: numbers})
	return p
}

// of returns an alert about the first tenant, with more labels if any.
func (p *plot) of(alert string, labels ...string) string {
	if p.tenants[0] != "" {
		labels = append(labels, fmt.Sprintf("tenant=%q", p.tenants[0]))
	}
	return fmt.Sprintf("%s{%s}", alert, strings.Join(labels, ","))
}

// text returns the plot as a test of promtool's, of alerts with these expressions.
func (p *plot) text(exprs map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  - name: %q\n    interval: %s\n    input_series:\n", p.name+", "+p.String(), p.interval)
	for _, series := range slices.Sorted(maps.Keys(p.samples)) {
		fmt.Fprintf(&b, "      - {series: '%s', values: '%s'}\n", series, squeeze(p.samples[series]))
	}
	b.WriteString("    promql_expr_test:\n")
	for _, c := range p.checks {
		expr := fmt.Sprintf("count without (alertstate, mutant, __name__) (ALERTS{alertstate=\"firing\"%s})", c.of)
		if c.numbers != nil {
			expr = fmt.Sprintf("sum without () (%s) #%s", cmp.Or(c.expr, exprs[alertOf(c.want[0])]), c.of)
		}
		fmt.Fprintf(&b, "      - eval_time: %s\n        expr: %q\n        exp_samples:\n", c.at, expr)
		for i, alert := range c.want {
			if c.numbers != nil {
				fmt.Fprintf(&b, "          - {labels: '{%s}', value: %g}\n", own(alert), c.numbers[i])
			} else {
				fmt.Fprintf(&b, "          - {labels: '%s', value: 1}\n", wanted(alert))
			}
		}
	}
	return b.String()
}

// own returns the labels of an alert that its expression has.
func own(alert string) string {
	name, labels, _ := strings.Cut(strings.TrimSuffix(alert, "}"), "{")
	if name != "Absent" && !strings.Contains(labels, "job=") { // of an exporter of which nothing is known
		labels = strings.TrimPrefix(labels+`,job="soc"`, ",")
	}
	return labels
}

// wanted returns all labels of an alert that is to fire.
func wanted(alert string) string {
	name, _, _ := strings.Cut(alert, "{")
	labels := own(alert)
	if labels != "" {
		labels = "," + labels
	}
	severity := "warning"
	switch name {
	case "HighPriorityUnassigned", "HighPriorityMoreUnassigned", "Blind", "Absent":
		severity = "critical"
	case "ObjectiveAboutToMiss", "NoScores", "UnknownValues":
		severity = "info"
	}
	return fmt.Sprintf("{alertname=\"MsgraphSecurity%s\"%s,severity=%q}", name, labels, severity)
}

// evaluated returns how often the rules are evaluated.
func (p *plot) evaluated() time.Duration { return cmp.Or(p.evaluation, p.interval) }

// squeeze writes samples as promtool reads them, equal ones together.
func squeeze(values []string) string {
	var runs []string
	for i := 0; i < len(values); {
		n := 1
		for i+n < len(values) && values[i+n] == values[i] {
			n++
		}
		switch {
		case n == 1:
			runs = append(runs, values[i])
		case values[i] == "_":
			runs = append(runs, fmt.Sprintf("_x%d", n))
		default:
			runs = append(runs, fmt.Sprintf("%sx%d", values[i], n-1))
		}
		i += n
	}
	return strings.Join(runs, " ")
}
