package preflight

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"msgraph_security_exporter/internal/mirror"
)

// An openCount is how many incidents are open, to be compared with the portal.
type openCount struct {
	Total      int                       `json:"total"`
	Scored     int                       `json:"scored"`
	BySeverity map[string]int            `json:"by_severity"`
	ByStatus   map[string]int            `json:"by_status"`
	Both       map[string]map[string]int `json:"by_severity_and_status"`
}

func countOpen(open []mirror.Incident) *openCount {
	c := &openCount{Total: len(open), BySeverity: map[string]int{}, ByStatus: map[string]int{}, Both: map[string]map[string]int{}}
	for _, s := range mirror.Severities() {
		c.BySeverity[s.String()] = 0
	}
	for _, s := range mirror.OpenStatuses() {
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

// String returns a table of how many incidents are open by severity and status, the worst
// first.
func (c *openCount) String() string {
	columns := mirror.OpenStatuses()
	if c.ByStatus[mirror.Other] > 0 {
		columns = append(columns, mirror.StatusOther)
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
	_ = t.Flush() // to a builder, which takes everything
	return out.String()
}

// shownSeverities returns the severities that are shown, the worst first.
func shownSeverities(counts map[string]int) []string {
	var names []string
	for _, s := range mirror.Severities() {
		names = append([]string{s.String()}, names...)
	}
	if counts[mirror.Other] > 0 {
		names = append(names, mirror.Other)
	}
	return names
}
