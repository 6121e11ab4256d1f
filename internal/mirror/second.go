package mirror

import (
	"context"
	"errors"
	"fmt"
	"msgraph_security_exporter/internal/defender"
)

// readSecond reads what was created in one second, however much that is. All statuses
// together it is a list that nothing leaves.
func (m *Mirror) readSecond(ctx context.Context, q query) (listing, error) {
	all := q
	all.open = false
	for range 2 {
		l, complete, err := m.whole(ctx, all, maxPages)
		if err != nil || complete {
			return l, err
		}
		if !l.ended {
			break
		}
	}
	return m.divide(ctx, q, attributes)
}

// divide reads a second that is longer than Graph pages by attributes. An incident may lose
// one while it is read and so leave the list, so that two readings have to agree: what the
// second shows had not left when the first ended.
func (m *Mirror) divide(ctx context.Context, q query, by []attribute) (listing, error) {
	if len(by) == 0 {
		return listing{}, fmt.Errorf("more incidents in one second than Graph pages: %w", errIncomplete)
	}
	var all listing
	for _, clause := range by[0].clauses() {
		sub := q
		sub.attribute = and(q.attribute, clause)
		l, err := m.agreed(ctx, sub)
		if errors.Is(err, errIncomplete) && !ignored(err) {
			l, err = m.divide(ctx, sub, by[1:])
		}
		if err != nil {
			return listing{}, err
		}
		all.pages = append(all.pages, l.pages...)
	}
	all.ended = true
	return all, nil
}

// agreed lists a query until it is one page, or two readings in a row count up and agree.
func (m *Mirror) agreed(ctx context.Context, q query) (listing, error) {
	last, complete, err := m.whole(ctx, q, maxPages)
	if err != nil || len(last.pages) <= 1 && complete {
		return last, err
	}
	for range 3 {
		if !last.ended {
			break
		}
		was := complete
		var l listing
		l, complete, err = m.whole(ctx, q, maxPages)
		if err != nil || was && complete && sameIncidents(l.each(), last.each()) {
			return l, err
		}
		if !was && !complete && sameIncidents(l.each(), last.each()) {
			break // cut off alike
		}
		last = l
	}
	return listing{}, fmt.Errorf("%s are more than Graph pages: %w", q.region, errIncomplete)
}

// An attribute can divide a second that holds more incidents than Graph pages.
type attribute struct {
	name   string
	values []string
}

// attributes in the order in which they are tried.
var attributes = []attribute{
	{"severity", defender.FieldSeverity.Names()},
	{"status", defender.FieldStatus.Names()},
	{"classification", defender.FieldClassification.Names()},
}

// clauses select every incident together, each at most once: one for each known value and
// one for whatever is none of them.
func (a attribute) clauses() []string {
	var each []string
	rest := ""
	for _, v := range a.values {
		each = append(each, fmt.Sprintf("%s eq '%s'", a.name, v))
		rest = and(rest, fmt.Sprintf("%s ne '%s'", a.name, v))
	}
	return append(each, rest)
}

func and(a, b string) string {
	if a == "" {
		return b
	}
	return a + " and " + b
}
