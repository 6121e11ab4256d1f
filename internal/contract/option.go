package contract

import (
	"context"
)

const optionFile = "graphclient/page.go"

// optionQuestions are about the options that the exporter does without.
func optionQuestions() []question {
	ordered := func(property, direction string, o *order) question {
		return question{
			name: "$orderby by " + property, assumed: "accepted, ignored or refused", sure: medium, matters: optionFile,
			asked: "$orderby=" + property + " " + direction,
			tell: func(ctx context.Context, in *inquiry) answer {
				return in.tellOrdered(ctx, property+" "+direction, o)
			},
		}
	}
	return []question{
		{
			name: "$count", assumed: "@odata.count has the length of the list", sure: medium, matters: "nowhere: the exporter does without",
			asked: "$count=true, with and without a filter", tell: tellCount,
		},
		ordered("createdDateTime", "asc", &orders[2]),
		ordered("lastUpdateDateTime", "asc", &orders[3]),
		{
			name: "$select", assumed: "accepted, ignored or refused", sure: medium, matters: optionFile,
			asked: "$select=id,status,lastUpdateDateTime", tell: tellSelect,
		},
	}
}

func tellCount(ctx context.Context, in *inquiry) answer {
	l := in.list(ctx, "$top", "50", "$count", "true")
	if a, failed := l.failed(differs); failed {
		return a
	}
	rows := int64(len(l.rows))
	switch {
	case l.count < 0:
		return answerf(differs, "accepted, and @odata.count is not there")
	case l.count < rows:
		return answerf(differs, "@odata.count is less than the rows of the page")
	case l.link != "" && l.count == rows:
		return answerf(differs, "@odata.count is that of the page, although a nextLink follows")
	case l.link == "" && l.count > rows:
		return answerf(differs, "@odata.count is more than the rows, although no nextLink follows")
	}
	part := in.list(ctx, "$top", "50", "$count", "true", "$filter", "status ne 'resolved' and status ne 'redirected'")
	if a, failed := part.failed(differs); failed {
		return answer{a.verdict, "@odata.count is there; with a filter it is " + a.text}
	}
	switch closed := in.first(ctx).some(with("resolved", "redirected")); {
	case part.count < 0:
		return answerf(differs, "@odata.count is there, but not with a filter")
	case part.count > l.count, closed && part.count >= l.count:
		return answerf(differs, "@odata.count does not go by the filter")
	case l.link == "":
		return answerf(agrees, "@odata.count is there, of a list of one page")
	}
	return answerf(agrees, "@odata.count is that of the list, and goes by the filter")
}

// tellOrdered tells whether rows come in an order that was asked for.
func (in *inquiry) tellOrdered(ctx context.Context, by string, o *order) answer {
	l := in.list(ctx, "$top", "50", "$orderby", by)
	if a, failed := l.failed(told); failed {
		return a
	}
	first := in.first(ctx)
	switch {
	case len(l.rows) < leastRows:
		return answerf(unseen, "fewer than %d incidents", leastRows)
	case o.follows(first.rows):
		return answerf(unseen, "the list without it is in that order as well")
	case o.follows(l.rows):
		return answerf(told, "accepted, and followed")
	}
	return answerf(told, "accepted, and not followed")
}

func tellSelect(ctx context.Context, in *inquiry) answer {
	selected := []string{"id", "status", "lastUpdateDateTime"}
	l := in.list(ctx, "$top", "50", "$select", "id,status,lastUpdateDateTime")
	if a, failed := l.failed(told); failed {
		return a
	}
	if len(l.rows) == 0 {
		return answerf(unseen, "no incidents")
	}
	missing := l.some(func(r *row) bool {
		for _, p := range selected {
			if _, there := r.values[p]; !there {
				return true
			}
		}
		return false
	})
	more := l.some(func(r *row) bool { return len(r.values) > len(selected) || r.foreign > 0 })
	switch {
	case missing:
		return answerf(told, "accepted, and what was selected is missing")
	case more:
		return answerf(told, "accepted, and not followed: other properties come as well")
	}
	return answerf(told, "accepted, and followed")
}
