package reading

import (
	"context"
	"errors"
	"fmt"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/defender"
)

// readSecond reads what was created in one second, however much that is. All statuses
// together it is a list that nothing leaves, unless it ends with a time of updates: an incident
// that is updated meanwhile leaves that, and two readings have to agree.
func (r *Reader) readSecond(ctx context.Context, q Query) (Listing, error) {
	all := q
	all.Open = false
	if q.Updated.To != MaxTicks {
		l, err := r.agreed(ctx, all)
		if !errors.Is(err, ErrIncomplete) || errors.Is(err, ErrIgnored) {
			return l, err
		}
		return r.divide(ctx, q, attributes)
	}
	for range 2 {
		l, complete, err := r.Whole(ctx, all, MaxPages)
		if err != nil || complete {
			return l, err
		}
		if !l.Ended {
			break
		}
	}
	return r.divide(ctx, q, attributes)
}

// divide reads a second that is longer than Graph pages by attributes. An incident may lose
// one while it is read and so leave the list, so that two readings have to agree: what the
// second shows had not left when the first ended.
func (r *Reader) divide(ctx context.Context, q Query, by []attribute) (Listing, error) {
	if len(by) == 0 {
		return Listing{}, fmt.Errorf("more incidents in one second than Graph pages: %w", ErrIncomplete)
	}
	var all Listing
	for _, clause := range by[0].clauses() {
		sub := q
		sub.Attribute = and(q.Attribute, clause)
		l, err := r.agreed(ctx, sub)
		if errors.Is(err, ErrIncomplete) && !errors.Is(err, ErrIgnored) {
			l, err = r.divide(ctx, sub, by[1:])
		}
		if graphclient.ReasonOf(err) == graphclient.ReasonBadRequest { // Graph does not filter by it
			return r.divide(ctx, q, by[1:])
		}
		if err != nil {
			return Listing{}, err
		}
		all.Pages = append(all.Pages, l.Pages...)
	}
	all.Ended = true
	return all, nil
}

// agreed lists a query until it is one page, or two readings in a row count up and agree.
func (r *Reader) agreed(ctx context.Context, q Query) (Listing, error) {
	last, complete, err := r.Whole(ctx, q, MaxPages)
	if err != nil || len(last.Pages) <= 1 && complete {
		return last, err
	}
	for range 3 {
		if !last.Ended {
			break
		}
		was := complete
		var l Listing
		l, complete, err = r.Whole(ctx, q, MaxPages)
		if err != nil || was && complete && sameIncidents(l.Each(), last.Each()) {
			return l, err
		}
		if !was && !complete && sameIncidents(l.Each(), last.Each()) {
			break // cut off alike
		}
		last = l
	}
	return Listing{}, fmt.Errorf("%s are more than Graph pages: %w", q.Region, ErrIncomplete)
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
