package mirror

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// A span is a half-open stretch of created time. The ends minTicks and maxTicks
// are open: the cells of a survey tile all time.
type span struct{ from, to Ticks }

const (
	minTicks Ticks = math.MinInt64
	maxTicks Ticks = math.MaxInt64
)

// allTime is the span of every incident there can be.
var allTime = span{minTicks, maxTicks}

// String names the span in errors and logs.
func (s span) String() string {
	end := func(t Ticks) string {
		if t == minTicks || t == maxTicks {
			return ""
		}
		return stamp(t.Time())
	}
	return end(s.from) + ".." + end(s.to)
}

func (s span) holds(t Ticks) bool { return s.from <= t && t < s.to }

// filter returns the clauses that select the incidents created in the span, rounded
// out to whole seconds. Whatever Graph makes of the fractions of what it stores, of
// two cells that meet one selects a row and the other does not.
func (s span) filter() []string {
	var clauses []string
	if s.from != minTicks {
		clauses = append(clauses, "createdDateTime ge "+stamp(s.from.Time()))
	}
	if s.to != maxTicks {
		clauses = append(clauses, "createdDateTime lt "+stamp(s.to.Time().Add(time.Second-1)))
	}
	return clauses
}

// updatedSince selects the incidents whose lastUpdateDateTime is t or later,
// whole seconds rounded down. It must be "ge": stamps tie.
func updatedSince(t time.Time) string {
	return "lastUpdateDateTime ge " + stamp(t)
}

// stillOpen is the filter on status. It excludes instead of listing, so that a
// status of the future is not lost.
const stillOpen = "status ne 'resolved' and status ne 'redirected'"

// stamp writes a time in whole seconds, as Graph's filters take it: unquoted.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func and(clauses ...string) string {
	kept := clauses[:0:0]
	for _, c := range clauses {
		if c != "" {
			kept = append(kept, c)
		}
	}
	return strings.Join(kept, " and ")
}

// An attribute can split a second that holds more incidents than a page.
type attribute struct {
	name   string
	values []string
}

// attributes in the order in which they are tried.
var attributes = []attribute{
	{"severity", severities[1:]},
	{"status", statuses[1:]},
	{"classification", classifications[1:]},
}

// filters returns clauses that together select every incident, each at most
// once: one for each known value and one for whatever is none of them.
func (a attribute) filters() []string {
	var each, rest []string
	for _, v := range a.values {
		each = append(each, fmt.Sprintf("%s eq '%s'", a.name, v))
		rest = append(rest, fmt.Sprintf("%s ne '%s'", a.name, v))
	}
	return append(each, and(rest...))
}
