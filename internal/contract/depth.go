package contract

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// depths are the positions that are asked for, one after the other, where a walk has not come to an end.
var depths = []int{501, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000}

// A paging is how far the plain list answers.
type paging struct {
	last   row      // at the last position that has answered
	good   int      // that position
	bad    int      // the first that has not, 0: none
	end    *listing // the answer there, nil: there was no nextLink
	opaque bool     // only links lead on
}

// tellDepth tells where paging ends although the list does not. Where the list itself has ended, it does
// not tell how long it is.
func tellDepth(ctx context.Context, in *inquiry) answer {
	p := in.page(ctx)
	switch {
	case p.end != nil && p.end.skipped:
		return answer{unasked, p.end.cause.Error()}
	case p.opaque:
		return answerf(told, "not before position %d; beyond, links would have to be followed one by one", p.good)
	case p.bad == 0:
		return answerf(told, "not before position %d", p.good)
	}
	refused := p.end != nil && p.end.refusal != ""
	longer, known := true, true
	if !refused {
		longer, known = in.longer(ctx, &p)
	}
	switch {
	case !known:
		return answerf(unseen, "nothing came after fewer than %d rows; whether the list ends there cannot be told", above(p.bad))
	case !longer:
		return answerf(unseen, "the list itself ends before position %d, and paging reaches its end", above(p.bad))
	}
	in.narrow(ctx, &p)
	if refused {
		return answerf(told, "between positions %d and %d: %s", p.good, p.bad, p.end.refusal)
	}
	return answerf(told, "between positions %d and %d, without a word: the list is longer", p.good, p.bad)
}

// above returns a round number that is not below n.
func above(n int) int {
	for _, round := range slices.Concat([]int{50, 100, 200, 500}, depths[1:]) {
		if n <= round {
			return round
		}
	}
	return n
}

// page follows the links of the plain list, and then asks for positions, as far as there are rows.
func (in *inquiry) page(ctx context.Context) paging {
	var p paging
	rows, start, link := 0, 0, ""
	for _, l := range in.walk(ctx, walkPages) {
		if link = l.link; l.skipped || l.refusal != "" {
			p.bad, p.end = rows, l
			break
		}
		if len(l.rows) > 0 {
			start, p.last = rows, l.rows[len(l.rows)-1]
			rows += len(l.rows)
		}
	}
	p.good = max(0, rows-1)
	if p.bad > 0 || link == "" {
		p.bad = max(p.bad, rows)
		return p
	}
	if p.opaque = len(in.second(ctx).rows) == 0; p.opaque {
		return p
	}
	p.good = start
	for _, at := range depths {
		if at > p.good && !in.try(ctx, &p, at) {
			break
		}
	}
	return p
}

// try asks for one position, and reports whether it answers.
func (in *inquiry) try(ctx context.Context, p *paging, at int) bool {
	l := in.at(ctx, at)
	if len(l.rows) == 0 {
		p.bad, p.end = at, l
		return false
	}
	p.good, p.last = at, l.rows[0]
	return true
}

// narrow brings the two positions between which paging ends closer together.
func (in *inquiry) narrow(ctx context.Context, p *paging) {
	for range 7 {
		if at := (p.good + p.bad) / 2; at > p.good && in.spent+2 <= maxRequests {
			in.try(ctx, p, at)
		}
	}
}

// arrivals is how many incidents may have come while the list was read.
const arrivals = 20

// longer reports whether the list is longer than what paging reaches, if that can be known: by Graph's
// own count, or because the part of the list after the last row that came has rows where the whole has none.
func (in *inquiry) longer(ctx context.Context, p *paging) (longer, known bool) {
	if l := in.list(ctx, "$top", "50", "$count", "true"); l.count > 0 && l.refusal == "" {
		return l.count > int64(p.bad+arrivals), true
	}
	var after string
	switch o := sortedBy(in.first(ctx).rows); {
	case o == &orders[0]:
		after = "createdDateTime lt " + whole(p.last.created, 0)
	case o == &orders[1]:
		after = "lastUpdateDateTime lt " + whole(p.last.updated, 0)
	case o == &orders[2]:
		after = "createdDateTime ge " + whole(p.last.created, time.Second)
	case o == &orders[3]:
		after = "lastUpdateDateTime ge " + whole(p.last.updated, time.Second)
	default:
		return false, false
	}
	part := in.list(ctx, "$top", "1", "$skip", strconv.Itoa(p.bad-p.good), "$filter", after)
	return len(part.rows) > 0, part.refusal == "" && !part.skipped
}

// at asks for one row at a position of the plain list.
func (in *inquiry) at(ctx context.Context, position int) *listing {
	return in.list(ctx, "$top", "1", "$skip", fmt.Sprint(position))
}
