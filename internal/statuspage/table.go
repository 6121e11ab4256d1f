package statuspage

import "time"

// A table is the open incidents by severity and priority, with the sums of both.
type table struct {
	Priorities []string
	Rows       []line // one a severity, then one of all
	Unassigned []int  // of all, then by priority, as the next
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

// urgent is the rank of all incidents of high priority.
var urgent = rank{"", "high"}

func newTable(n *numbers, now time.Time) *table {
	t := &table{Priorities: priorities(), Open: n.open[rank{}], High: n.open[urgent]}
	for _, severity := range append(n.severities(), "") {
		all := rank{severity, ""}
		l := line{Severity: severity, Total: n.open[all], Unassigned: n.unassigned[all], Oldest: n.oldestOf(all, now)}
		for _, priority := range t.Priorities {
			l.Counts = append(l.Counts, n.open[rank{severity, priority}])
		}
		t.Rows = append(t.Rows, l)
	}
	for _, priority := range append([]string{""}, t.Priorities...) {
		all := rank{"", priority}
		t.Unassigned = append(t.Unassigned, n.unassigned[all])
		t.Oldest = append(t.Oldest, n.oldestOf(all, now))
	}
	return t
}

// oldestOf returns the age of the oldest incident in words.
func (n *numbers) oldestOf(r rank, now time.Time) string {
	created, ok := n.oldest[r]
	if !ok {
		return "none"
	}
	return span(now.Add(n.skew).Sub(created))
}
