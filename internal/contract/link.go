package contract

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// linkQuestions are about lists of more than a page: how they go on, and where they end.
func linkQuestions() []question {
	return []question{
		{
			name: "form of nextLink", assumed: "a position, $skip=50", sure: medium, matters: "graphclient/link.go",
			asked: "the plain first page", tell: tellForm,
		},
		{
			name: "filter in nextLink", assumed: "repeated, or lost", sure: low, matters: "graphclient/link.go, internal/reading/listing.go",
			asked: "severity eq '…' with $top=5, and what its nextLink leads to", tell: tellLinkFilter,
		},
		{
			name: "repeats and empty pages", assumed: "ids may repeat, and empty pages may have a nextLink", sure: medium, matters: "internal/reading/listing.go",
			asked: fmt.Sprintf("up to %d pages of the plain list", walkPages), tell: tellRepeats,
		},
		{
			name: "$skip", assumed: "accepted: the list from there on", sure: low, matters: "graphclient/link.go",
			asked: "$skip=1 with $top=5", tell: tellSkip,
		},
		{
			name: "depth at which paging ends", assumed: "deep paging ends without a word", sure: medium, matters: "internal/reading/listing.go",
			asked: "up to $skip=100000 with $top=1, if there is enough to page", tell: tellDepth,
		},
	}
}

// linkOptions are the options of a link that are told by name.
var linkOptions = []string{"$count", "$filter", "$orderby", "$select", "$skip", "$skiptoken", "$top"}

// optionsOf returns the options that a link has, and their names for people.
func optionsOf(link string) (url.Values, string) {
	u, err := url.Parse(link)
	if err != nil {
		return url.Values{}, "what is no URL"
	}
	var names []string
	others := ""
	for _, name := range slices.Sorted(maps.Keys(u.Query())) {
		if slices.Contains(linkOptions, name) {
			names = append(names, name)
		} else {
			others = " and options that the contract does not know"
		}
	}
	if names == nil {
		return u.Query(), "none of the known options" + others
	}
	return u.Query(), strings.Join(names, ", ") + others
}

func tellForm(ctx context.Context, in *inquiry) answer {
	l := in.first(ctx)
	if l.link == "" {
		return answerf(unseen, "%s: nothing to page", l.length())
	}
	options, names := optionsOf(l.link)
	skip, err := strconv.Atoi(options.Get("$skip"))
	switch {
	case err == nil && skip == len(l.rows):
		return answerf(agrees, "a position: $skip is the number of rows before it; the link has %s", names)
	case err == nil:
		return answerf(differs, "$skip is another number than that of the rows before it; the link has %s", names)
	}
	return answerf(differs, "no position: the link has %s", names)
}

// tellLinkFilter tells whether the second page of a filtered list is filtered, too.
func tellLinkFilter(ctx context.Context, in *inquiry) answer {
	severity, found := in.mixedSeverity(ctx)
	if !found {
		return answerf(unseen, "the first page does not have two severities")
	}
	filter := "severity eq '" + severity + "'"
	l := in.list(ctx, "$top", "5", "$filter", filter)
	if l.link == "" { // perhaps $top is the length of the list
		l = in.filtered(ctx, filter)
	}
	if a, failed := l.failed(differs); failed {
		return a
	}
	if l.link == "" {
		return answerf(unseen, "%s: nothing to page", l.length())
	}
	options, _ := optionsOf(l.link)
	form := "the link is opaque"
	switch {
	case options.Has("$filter"):
		form = "the link repeats $filter"
	case options.Has("$skip"):
		form = "the link has lost $filter"
	}
	next := in.follow(ctx, l.link)
	if a, failed := next.failed(differs); failed {
		return answer{a.verdict, form + "; followed, it is " + a.text}
	}
	other := next.some(func(r *row) bool { return !r.is("severity", severity) })
	repeats := next.some(func(r *row) bool { return l.has(r.id) })
	switch {
	case len(next.rows) == 0:
		return answerf(told, "%s; it leads to no rows", form)
	case other:
		return answerf(told, "%s; it leads to rows that do not match", form)
	case repeats:
		return answerf(told, "%s; it leads to rows that were on the page before", form)
	}
	return answerf(told, "%s; it leads on to rows that match", form)
}

// mixedSeverity returns the most frequent severity of the first page, if there is another as well.
func (in *inquiry) mixedSeverity(ctx context.Context) (string, bool) {
	counts := map[string]int{}
	for _, r := range in.first(ctx).rows {
		if name, _ := member(enumerations[0].members, r.values["severity"].text); name != "" {
			counts[name]++
		}
	}
	best := ""
	for _, name := range enumerations[0].members {
		if counts[name] > counts[best] {
			best = name
		}
	}
	return best, len(counts) > 1
}

// walkPages is how many pages of the plain list are followed.
const walkPages = 11

func tellRepeats(ctx context.Context, in *inquiry) answer {
	pages := in.walk(ctx, walkPages)
	if len(pages) == 1 {
		return answerf(unseen, "a list of one page")
	}
	seen, repeats, empty := map[string]bool{}, "no id came twice", "no page was empty"
	for _, p := range pages {
		if len(p.rows) == 0 && p.link != "" {
			empty = "an empty page had a nextLink"
		}
		for _, r := range p.rows {
			if seen[r.id] {
				repeats = "ids came twice"
			}
			seen[r.id] = true
		}
	}
	return answerf(told, "%s and %s in up to %d pages", repeats, empty, walkPages)
}

// second asks for the list from its second row on.
func (in *inquiry) second(ctx context.Context) *listing {
	return in.list(ctx, "$top", "5", "$skip", "1")
}

func tellSkip(ctx context.Context, in *inquiry) answer {
	l := in.second(ctx)
	if a, failed := l.failed(differs); failed {
		return a
	}
	first := in.first(ctx).rows
	switch {
	case len(first) < leastRows:
		return answerf(unseen, "fewer than %d incidents", leastRows)
	case len(l.rows) > 0 && l.rows[0].id == first[0].id:
		return answerf(differs, "accepted and ignored: the list begins at its first row")
	case len(l.rows) > 0 && l.rows[0].id == first[1].id:
		return answerf(agrees, "accepted: the list begins at its second row")
	}
	return answerf(differs, "accepted: the list begins elsewhere")
}
