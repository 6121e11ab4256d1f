package preflight

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"msgraph_security_exporter/internal/defender"
)

// An openCount counts the open incidents, for comparison with the portal.
type openCount struct {
	Total      int                       `json:"total"`
	Scored     int                       `json:"scored"`
	BySeverity map[string]int            `json:"by_severity"`
	ByStatus   map[string]int            `json:"by_status"`
	Both       map[string]map[string]int `json:"by_severity_and_status"`
}

// countOpen counts open incidents.
func countOpen(open []defender.Incident) *openCount {
	c := &openCount{Total: len(open), BySeverity: map[string]int{}, ByStatus: map[string]int{}, Both: map[string]map[string]int{}}
	for _, s := range defender.Severities() {
		c.BySeverity[s.String()] = 0
	}
	for _, s := range defender.OpenStatuses() {
		c.ByStatus[s.String()] = 0
	}
	for i := range open {
		severity, status := open[i].Severity.String(), open[i].Status.String()
		c.BySeverity[severity]++
		c.ByStatus[status]++
		if c.Both[severity] == nil {
			c.Both[severity] = map[string]int{}
		}
		c.Both[severity][status]++
		if open[i].Scored {
			c.Scored++
		}
	}
	return c
}

// String returns a table of the open incidents by severity and status, the highest severity
// first.
func (c *openCount) String() string {
	columns := defender.OpenStatuses()
	if c.ByStatus[defender.Other] > 0 {
		columns = append(columns, defender.StatusOther)
	}
	var out strings.Builder
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(cells ...string) { _, _ = fmt.Fprintf(t, "  %s\t\n", strings.Join(cells, "\t")) }
	row := func(name string, counts map[string]int, total int) {
		cells := []string{name}
		for _, s := range columns {
			cells = append(cells, strconv.Itoa(counts[s.String()]))
		}
		line(append(cells, strconv.Itoa(total))...)
	}
	head := []string{"open incidents"}
	for _, s := range columns {
		head = append(head, s.String())
	}
	line(append(head, "all")...)
	for _, s := range shownSeverities(c.BySeverity) {
		row(s, c.Both[s], c.BySeverity[s])
	}
	row("all", c.ByStatus, c.Total)
	_ = t.Flush() // a Builder returns no error
	return out.String()
}

// shownSeverities returns the names of the severities in the table, the highest first.
func shownSeverities(counts map[string]int) []string {
	var names []string
	for _, s := range defender.Severities() {
		names = append([]string{s.String()}, names...)
	}
	if counts[defender.Other] > 0 {
		names = append(names, defender.Other)
	}
	return names
}
