package contract

import (
	"context"
	"fmt"
	"time"
)

const regionFile = "internal/reading/region.go"

// filterQuestions are about what $filter takes.
func filterQuestions() []question {
	return []question{
		byStatus("ne", medium, regionFile, "status ne 'resolved' and status ne 'redirected'", without("resolved", "redirected")),
		byStatus("or", medium, "nowhere: the exporter does without", "status eq 'resolved' or status eq 'redirected'", with("resolved", "redirected")),
		byStatus("in", open, "nowhere: the exporter does without", "status in ('active','inProgress')", with("active", "inProgress")),
		byStatus("a status that only Prefer shows", open, "internal/reading/second.go", "status eq 'awaitingAction'", with("awaitingAction")),
		byDate("parentheses", medium, "nowhere: the exporter does without", "(%[1]s ge %[2]s) and (%[1]s lt %[3]s)", "createdDateTime", createdOf),
		byDate("dates of creation", high, regionFile, "%s ge %s and %[1]s lt %[3]s", "createdDateTime", createdOf),
		byDate("dates of update", high, "internal/mirror/pass.go", "%s ge %s and %[1]s lt %[3]s", "lastUpdateDateTime", updatedOf),
		{
			name: "filter: fractions of seconds", assumed: "read, cut off or refused", sure: open, matters: regionFile,
			asked: "createdDateTime ge, gt and gt a little more than a date with a fraction", tell: tellFractions,
		},
		{
			name: "retention", assumed: "nothing is older than 180 days", sure: high, matters: "internal/mirror/sweep.go",
			asked: "createdDateTime lt 181 days ago", tell: tellRetention,
		},
	}
}

// A match reports whether a row should be let through by a filter.
type match func(*row) bool

func with(statuses ...string) match { return func(r *row) bool { return r.is("status", statuses...) } }
func without(statuses ...string) match {
	return func(r *row) bool { return !r.is("status", statuses...) }
}

func assumedOf(sure certainty) string {
	if sure == open {
		return "accepted, ignored or refused"
	}
	return "accepted"
}

// byStatus is a question about a filter on the status.
func byStatus(name string, sure certainty, matters, filter string, m match) question {
	return question{
		name: "filter: " + name, assumed: assumedOf(sure), sure: sure, matters: matters, asked: filter,
		tell: func(ctx context.Context, in *inquiry) answer { return in.tellFilter(ctx, filter, m) },
	}
}

func createdOf(r *row) time.Time { return r.created }
func updatedOf(r *row) time.Time { return r.updated }

// byDate is a question about a filter on a date, for the middle of what is on the first page.
func byDate(name string, sure certainty, matters, form, property string, date func(*row) time.Time) question {
	return question{
		name: "filter: " + name, assumed: assumedOf(sure), sure: sure, matters: matters, asked: fmt.Sprintf(form, property, "T", "T'"),
		tell: func(ctx context.Context, in *inquiry) answer {
			from, to, found := middle(in.first(ctx).rows, date)
			if !found {
				return answerf(unseen, "the dates of the first page lie within seconds of each other")
			}
			filter := fmt.Sprintf(form, property, whole(from, 0), whole(to, 0))
			from, to = from.Truncate(time.Second), to.Truncate(time.Second)
			return in.tellFilter(ctx, filter, func(r *row) bool { return !date(r).Before(from) && date(r).Before(to) })
		},
	}
}

// middle returns a span that some of the rows lie in and some do not.
func middle(rows []row, date func(*row) time.Time) (from, to time.Time, found bool) {
	var least, most time.Time
	for i := range rows {
		d := date(&rows[i])
		if least.IsZero() || d.Before(least) {
			least = d
		}
		if d.After(most) {
			most = d
		}
	}
	for i := range rows {
		if d := date(&rows[i]); d.Sub(least) > 2*time.Second && most.Sub(d) > 2*time.Second {
			return d.Add(-time.Second), d.Add(2 * time.Second), true
		}
	}
	return from, to, false
}

// tellFilter tells whether a filter lets through what matches, and nothing else.
func (in *inquiry) tellFilter(ctx context.Context, filter string, m match) answer {
	l := in.filtered(ctx, filter)
	if a, failed := l.failed(differs); failed {
		return a
	}
	first := in.first(ctx)
	switch {
	case !l.all(m):
		return answerf(differs, "accepted, and rows that do not match come as well")
	case len(l.rows) == 0 && first.some(m):
		return answerf(differs, "accepted, and nothing comes although there is what matches")
	case len(l.rows) == 0:
		return answerf(agrees, "accepted; nothing matches")
	case first.all(m):
		return answerf(agrees, "accepted; everything on the first page matches, so that whether it excludes cannot be told")
	}
	return answerf(agrees, "accepted; what comes matches")
}

// tellFractions looks for one incident by its date of creation: a filter that reads fractions finds it
// at that date and not after it.
func tellFractions(ctx context.Context, in *inquiry) answer {
	r, found := fractional(in.first(ctx).rows)
	if !found {
		return answerf(unseen, "no date with a fraction on the first page")
	}
	const form = "2006-01-02T15:04:05.0000000Z"
	until := " and createdDateTime lt " + whole(r.created, time.Second)
	next := r.created.Truncate(time.Millisecond).Add(time.Millisecond)
	var hits [3]bool
	for i, filter := range []string{"ge " + r.created.UTC().Format(form), "gt " + r.created.UTC().Format(form), "gt " + next.UTC().Format(form)} {
		l := in.filtered(ctx, "createdDateTime "+filter+until)
		if a, failed := l.failed(differs); failed {
			return a
		}
		hits[i] = l.has(r.id)
	}
	switch hits {
	case [3]bool{true, false, false}:
		return answerf(agrees, "read exactly, as far as one incident tells")
	case [3]bool{true, true, false}:
		return answerf(differs, "digits after the milliseconds are cut off")
	case [3]bool{true, true, true}:
		return answerf(differs, "cut off, or ignored")
	}
	return answerf(differs, "an incident is not found at its own date")
}

// fractional returns a row whose date of creation is no whole second, and not near its end.
func fractional(rows []row) (row, bool) {
	for _, r := range rows {
		if part := r.created.Nanosecond(); part != 0 && part < 990_000_000 {
			return r, true
		}
	}
	return row{}, false
}

// retention is how long Graph keeps an incident.
const retention = 180 * 24 * time.Hour

func tellRetention(ctx context.Context, in *inquiry) answer {
	l := in.filtered(ctx, "createdDateTime lt "+whole(time.Now(), -retention-24*time.Hour))
	if a, failed := l.failed(differs); failed {
		return a
	}
	old := func(r *row) bool { return time.Since(r.created) > retention }
	switch {
	case len(l.rows) == 0:
		return answerf(agrees, "nothing older came")
	case l.some(old):
		return answerf(differs, "older incidents came")
	}
	return answerf(differs, "the filter let younger ones through")
}
