package statuspage

import "time"

// A table is the open incidents by severity and priority, with the sums of both.
type table struct {
	Priorities []string
	Rows       []line // one a severity, then one of all
	Unassigned []int  // by priority, and of all
	Oldest     []string
	Open, High int
}

// A line is one severity.
type line struct {
	Severity   string // empty: all
	Counts     []int  // by priority
	Total      int
	Unassigned int
	Oldest     string
}

func newTable(n *numbers, now time.Time) *table {
	t := &table{Priorities: priorities(), Open: n.sum("", ""), High: n.sum("", "high")}
	for _, severity := range append(n.severities(), "") {
		l := line{Severity: severity, Total: n.sum(severity, ""), Unassigned: add(n.unassigned, severity, ""), Oldest: n.oldestOf(severity, "", now)}
		for _, priority := range t.Priorities {
			l.Counts = append(l.Counts, n.sum(severity, priority))
		}
		t.Rows = append(t.Rows, l)
	}
	for _, priority := range t.Priorities {
		t.Unassigned = append(t.Unassigned, add(n.unassigned, "", priority))
		t.Oldest = append(t.Oldest, n.oldestOf("", priority, now))
	}
	return t
}

// oldestOf returns the age of the oldest incident in words.
func (n *numbers) oldestOf(severity, priority string, now time.Time) string {
	created := n.since(severity, priority)
	if created.IsZero() {
		return "none"
	}
	return span(now.Add(n.skew).Sub(created))
}
