package contract

import (
	"context"
	"fmt"
	"time"
)

const listPath = "graphclient/page.go"

// pageQuestions are about one page of a list: how long it is, and in what order.
func pageQuestions() []question {
	return []question{
		{
			name: "order of the list", assumed: "most recent first; by which date is not said", sure: low, matters: "internal/mirror/start.go",
			asked: "the plain first page", tell: tellOrder,
		},
		{
			name: "steadiness of the order", assumed: "the same list twice has the same order", sure: low, matters: "internal/reading/listing.go",
			asked: "the plain first page, twice", tell: tellSteadiness,
		},
		{
			name: "page without $top", assumed: "50 rows, or another number", sure: open, matters: listPath,
			asked: "no option at all", tell: tellDefaultPage,
		},
		{
			name: "page below 50", assumed: "$top=10 gives 10 rows and a nextLink", sure: low, matters: listPath,
			asked: "$top=10", tell: tellSmallPage,
		},
		{
			name: "page above 50", assumed: "$top=51 is refused with 400", sure: high, matters: listPath,
			asked: "$top=51", tell: tellLargePage,
		},
	}
}

// An order is a way in which rows may be sorted.
type order struct {
	name   string
	recent bool // most recent first
	before func(a, b *row) bool
}

var orders = []order{
	{"createdDateTime, newest first", true, func(a, b *row) bool { return a.created.After(b.created) }},
	{"lastUpdateDateTime, newest first", true, func(a, b *row) bool { return a.updated.After(b.updated) }},
	{"createdDateTime, oldest first", false, func(a, b *row) bool { return a.created.Before(b.created) }},
	{"lastUpdateDateTime, oldest first", false, func(a, b *row) bool { return a.updated.Before(b.updated) }},
	{"the number of the id, lowest first", false, func(a, b *row) bool { return lower(a.id, b.id) }},
	{"the number of the id, highest first", false, func(a, b *row) bool { return lower(b.id, a.id) }},
}

// lower compares two numbers in text.
func lower(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

// leastRows is how many rows an order is told by.
const leastRows = 4

// follows reports whether no row stands before one that it should follow.
func (o *order) follows(rows []row) bool {
	for i := 1; i < len(rows); i++ {
		if o.before(&rows[i], &rows[i-1]) {
			return false
		}
	}
	return true
}

// sortedBy returns the first of the orders that the rows are in, nil if they are in none. Where all are equal
// there is no order.
func sortedBy(rows []row) *order {
	for i := range orders {
		if o := &orders[i]; len(rows) > 1 && o.before(&rows[0], &rows[len(rows)-1]) && o.follows(rows) {
			return &orders[i]
		}
	}
	return nil
}

// tellOrder tells what the plain list is sorted by.
func tellOrder(ctx context.Context, in *inquiry) answer {
	l := in.first(ctx)
	switch o := sortedBy(l.rows); {
	case len(l.rows) < leastRows:
		return answerf(unseen, "fewer than %d incidents", leastRows)
	case o == nil:
		return answerf(differs, "by no date and by no id")
	case !o.recent:
		return answerf(differs, "by %s", o.name)
	default:
		return answerf(agrees, "by %s", o.name)
	}
}

// tellSteadiness compares two answers to one question.
func tellSteadiness(ctx context.Context, in *inquiry) answer {
	one, two := in.first(ctx), in.again(ctx, "$top", "50")
	if a, failed := two.failed(differs); failed {
		return a
	}
	if len(one.rows) < leastRows {
		return answerf(unseen, "fewer than %d incidents", leastRows)
	}
	var left []string // what both have, in the order of each
	for _, r := range one.rows {
		if two.has(r.id) {
			left = append(left, r.id)
		}
	}
	common := len(left)
	for _, r := range two.rows {
		if len(left) > 0 && left[0] == r.id {
			left = left[1:]
		}
	}
	switch {
	case common*2 < len(one.rows):
		return answerf(differs, "two answers have fewer than half of their incidents in common")
	case len(left) > 0:
		return answerf(differs, "two answers have the same incidents in another order")
	case common < len(one.rows):
		return answerf(agrees, "the same order; some incidents came or went meanwhile")
	}
	return answerf(agrees, "the same incidents in the same order")
}

// length tells how long a page is: exactly where a nextLink follows, so that it is Graph's choice and
// not that of the tenant.
func (l *listing) length() string {
	switch n := len(l.rows); {
	case l.link != "":
		return fmt.Sprintf("%d rows and a nextLink", n)
	case n >= 50:
		return fmt.Sprintf("%d rows and no nextLink", n)
	case n == 0:
		return "no rows"
	}
	return "fewer than 50 rows and no nextLink"
}

func tellDefaultPage(ctx context.Context, in *inquiry) answer {
	l := in.list(ctx)
	if a, failed := l.failed(differs); failed {
		return a
	}
	switch {
	case len(l.rows) == 50:
		return answerf(agrees, "%s", l.length())
	case l.link == "" && len(l.rows) < 50 && len(in.first(ctx).rows) <= len(l.rows):
		return answerf(unseen, "fewer than 50 incidents")
	}
	return answerf(differs, "%s", l.length())
}

func tellSmallPage(ctx context.Context, in *inquiry) answer {
	const top = 10
	l := in.list(ctx, "$top", "10")
	if a, failed := l.failed(differs); failed {
		return a
	}
	switch {
	case len(in.first(ctx).rows) <= top:
		return answerf(unseen, "not more than %d incidents", top)
	case len(l.rows) == top && l.link != "":
		return answerf(agrees, "%s", l.length())
	case len(l.rows) == top:
		return answerf(differs, "10 rows and no nextLink, although there are more")
	}
	return answerf(differs, "%s", l.length())
}

func tellLargePage(ctx context.Context, in *inquiry) answer {
	l := in.list(ctx, "$top", "51")
	switch a, failed := l.failed(agrees); {
	case failed && l.status != 400 && a.verdict == agrees:
		return answer{differs, a.text}
	case failed:
		return a
	}
	return answerf(differs, "accepted: %s", l.length())
}

// whole returns the second that a time lies in, as filters write it, some seconds later.
func whole(t time.Time, later time.Duration) string {
	return t.UTC().Truncate(time.Second).Add(later).Format("2006-01-02T15:04:05Z")
}
