package contract

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

const incidentFile = "graphclient/incident.go"

// rowQuestions are about what is in an incident. All but the last are told by the plain first page.
func rowQuestions() []question {
	ofRows := func(name, assumed string, sure certainty, matters string, tell func(*listing) answer) question {
		return question{name, assumed, sure, matters, "the plain first page", func(ctx context.Context, in *inquiry) answer {
			if l := in.first(ctx); len(l.rows) > 0 {
				return tell(l)
			}
			return answerf(unseen, "no incidents")
		}}
	}
	return []question{
		ofRows("properties", "those of the schema, and no alerts", high, incidentFile, tellProperties),
		ofRows("what is null", "never id, dates, severity or status", high, incidentFile, tellNulls),
		ofRows("lists", "comments and tags are arrays, [] when empty", high, incidentFile, tellLists),
		ofRows("ids", "decimal digits in a string", high, "internal/defender/incident.go", tellIDs),
		ofRows("dates", "UTC with Z, up to 7 digits of a fraction", high, incidentFile, tellDates),
		ofRows("ticks of dates", "1/300 s, so that two may be equal", low, "internal/reading/region.go", tellTicks),
		ofRows("scores", "priorityScore is a number or null", high, "internal/defender/incident.go", tellScores),
		ofRows("case of enumerations", "camelCase", high, "internal/defender/decode.go", tellCase),
		ofRows("values of enumerations", "those of the schema", high, "internal/defender/decode.go", tellValues),
		ofRows("what nobody has judged", `classification and determination are "unknown"`, high, "internal/defender/decode.go", tellUnjudged),
		{
			name: "one incident", assumed: "itself, in no wrapper, and like its row", sure: high, matters: "graphclient/page.go",
			asked: "an id of the first page", tell: tellIncident,
		},
		{
			name: "no such incident", assumed: "404", sure: low, matters: "internal/mirror/pass.go",
			asked: "the id " + noSuchID, tell: tellNoSuchIncident,
		},
	}
}

func tellProperties(l *listing) answer {
	var missing []string
	for _, p := range properties {
		if p != "alerts" && p != "priorityScore" && !l.all(func(r *row) bool { return r.has(p) }) {
			missing = append(missing, p)
		}
	}
	foreign := 0
	for _, r := range l.rows {
		foreign = max(foreign, r.foreign)
	}
	var odd []string
	if missing != nil {
		odd = append(odd, "without "+strings.Join(missing, ", "))
	}
	if foreign > 0 {
		odd = append(odd, fmt.Sprintf("%d of a row that the contract does not know", foreign))
	}
	if l.some(func(r *row) bool { return r.has("alerts") }) {
		odd = append(odd, "with alerts, which nobody asked for")
	}
	if odd != nil {
		return answerf(differs, "%s", strings.Join(odd, "; "))
	}
	return answerf(agrees, "all of them, and no others")
}

func (r *row) has(property string) bool {
	_, there := r.values[property]
	return there
}

// of returns the properties that have a value of that kind in some row, and that are among those given.
func (l *listing) of(k kind, among ...string) (names []string) {
	for _, p := range among {
		if l.some(func(r *row) bool { return r.has(p) && r.values[p].kind == k }) {
			names = append(names, p)
		}
	}
	return names
}

func tellNulls(l *listing) answer {
	if never := l.of(null, properties[:5]...); never != nil {
		return answerf(differs, "%s", strings.Join(never, ", "))
	}
	if nulls := l.of(null, properties[5:]...); nulls != nil {
		return answerf(agrees, "in some rows %s", strings.Join(nulls, ", "))
	}
	return answerf(agrees, "nothing is")
}

func tellLists(l *listing) answer {
	lists := []string{"comments", "customTags", "systemTags"}
	odd := slices.DeleteFunc(slices.Clone(lists), func(p string) bool {
		return l.all(func(r *row) bool { return !r.has(p) || r.values[p].kind == array })
	})
	if len(odd) > 0 {
		return answerf(differs, "%s is something else", strings.Join(odd, ", "))
	}
	return answerf(agrees, "arrays")
}

func tellIDs(l *listing) answer {
	if l.all(func(r *row) bool { return r.id != "" && strings.Trim(r.id, "0123456789") == "" }) {
		return answerf(agrees, "decimal digits")
	}
	return answerf(differs, "other characters as well, or another type")
}

var stamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.(\d+))?(Z|[+-]\d\d:\d\d)$`)

func tellDates(l *listing) answer {
	digits, zones, zeros := map[int]bool{}, map[bool]bool{}, false
	for _, r := range l.rows {
		for _, p := range []string{"createdDateTime", "lastUpdateDateTime"} {
			m := stamp.FindStringSubmatch(r.values[p].text)
			if m == nil {
				return answerf(differs, "not ISO 8601 with a zone")
			}
			digits[len(m[2])], zones[m[3] == "Z"] = true, true
			zeros = zeros || strings.HasSuffix(m[2], "0")
		}
	}
	var counts []string
	most := 0
	for n := range 20 {
		if digits[n] {
			counts, most = append(counts, fmt.Sprint(n)), n
		}
	}
	text := fmt.Sprintf("%s digits of a fraction", strings.Join(counts, ", "))
	if zeros {
		text += ", zeros at the end included"
	}
	if zones[false] {
		return answerf(differs, "%s, and zones other than Z", text)
	}
	if most > 7 {
		return answerf(differs, "%s", text)
	}
	return answerf(agrees, "%s, all with Z", text)
}

func tellTicks(l *listing) answer {
	ties, ticks, fractions := false, true, false
	seen := map[time.Time]bool{}
	for _, r := range l.rows {
		ties = ties || seen[r.created]
		seen[r.created] = true
		part := 300 * r.created.Sub(r.created.Truncate(time.Second))
		fractions = fractions || part != 0
		// The seventh digit is cut or rounded: 100 ns.
		ticks = ticks && (part-part.Round(time.Second)).Abs() <= 300*100
	}
	text := "none are equal on one page"
	if ties {
		text = "some are equal on one page"
	}
	switch {
	case !fractions:
		return answerf(unseen, "no fractions of seconds; %s", text)
	case ticks:
		return answerf(agrees, "all dates of creation are multiples of 1/300 s; %s", text)
	}
	return answerf(differs, "not all dates of creation are multiples of 1/300 s; %s", text)
}

func tellScores(l *listing) answer {
	const p = "priorityScore"
	odd := l.some(func(r *row) bool {
		v := r.values[p]
		return r.has(p) && v.kind != null && (v.kind != number || v.number < 0 || v.number > 100 || v.number != float64(int(v.number)))
	})
	there, nulls := l.some(func(r *row) bool { return r.has(p) }), l.some(func(r *row) bool { return r.has(p) && r.values[p].kind == null })
	absent := !l.all(func(r *row) bool { return r.has(p) })
	numbers := l.of(number, p) != nil
	switch {
	case odd:
		return answerf(differs, "some are no whole numbers from 0 to 100")
	case !there:
		return answerf(differs, "the property is not there: alert by severity")
	case absent:
		return answerf(differs, "the property is missing from some rows")
	case !numbers:
		return answerf(agrees, "null in every row: the tenant has no scores, or not yet")
	case nulls:
		return answerf(agrees, "whole numbers from 0 to 100 in some rows, null in others")
	}
	return answerf(agrees, "whole numbers from 0 to 100 in every row")
}
