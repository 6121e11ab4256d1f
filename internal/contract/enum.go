package contract

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func tellCase(l *listing) answer {
	camel, others := false, false
	for _, r := range l.rows {
		for _, e := range enumerations {
			name, exact := member(slices.Concat(e.members, e.spelled), r.values[e.property].text)
			camel, others = camel || name != "" && exact, others || name != "" && !exact
		}
	}
	switch {
	case camel && others:
		return answerf(differs, "camelCase, and others as well")
	case others:
		return answerf(differs, "another case, such as PascalCase")
	case camel:
		return answerf(agrees, "camelCase")
	}
	return answerf(unseen, "no value that the contract knows")
}

// tellValues tells of values that the contract does not know where they are, and not which.
func tellValues(l *listing) answer {
	var odd []string
	for _, e := range enumerations {
		foreign := map[string]bool{}
		documented := false
		for _, r := range l.rows {
			v := r.values[e.property]
			spelled, _ := member(e.spelled, v.text)
			name, _ := member(e.members, v.text)
			if documented = documented || spelled != ""; spelled == "" && name == "" && v.kind == str {
				foreign[v.text] = true
			}
		}
		if documented {
			odd = append(odd, e.property+" as the documentation spells it")
		}
		if len(foreign) > 0 {
			odd = append(odd, fmt.Sprintf("%s with %d values that the contract does not know", e.property, len(foreign)))
		}
		if l.some(func(r *row) bool { return r.is(e.property, "unknownFutureValue") }) {
			odd = append(odd, e.property+" with unknownFutureValue")
		}
	}
	if odd != nil {
		return answerf(differs, "%s", strings.Join(odd, "; "))
	}
	return answerf(agrees, "no others on the first page")
}

func tellUnjudged(l *listing) answer {
	both := []string{"classification", "determination"}
	unknowns := l.some(func(r *row) bool { return r.is(both[0], "unknown") || r.is(both[1], "unknown") })
	switch nulls := l.of(null, both...); {
	case nulls != nil && unknowns:
		return answerf(differs, `"unknown" in some rows, null in others`)
	case nulls != nil:
		return answerf(differs, "null")
	case unknowns:
		return answerf(agrees, `"unknown"`)
	}
	return answerf(unseen, "every incident on the first page is judged")
}

func tellIncident(ctx context.Context, in *inquiry) answer {
	first := in.first(ctx)
	if len(first.rows) == 0 || first.rows[0].id == "" {
		return answerf(unseen, "no incidents")
	}
	want := first.rows[0]
	l := in.one(ctx, want.id)
	if a, failed := l.failed(differs); failed {
		return a
	}
	if !l.bare {
		return answerf(differs, "in a wrapper, or without an id")
	}
	got := l.rows[0]
	if got.id != want.id {
		return answerf(differs, "another incident")
	}
	var more, less []string
	for _, p := range properties {
		switch {
		case got.has(p) && !want.has(p):
			more = append(more, p)
		case !got.has(p) && want.has(p):
			less = append(less, p)
		}
	}
	if more != nil || less != nil {
		return answerf(differs, "itself, in no wrapper; other than in its row there is: %s; there is not: %s", orNothing(more), orNothing(less))
	}
	return answerf(agrees, "itself, in no wrapper, with the properties of its row")
}

func orNothing(names []string) string {
	if names == nil {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// noSuchID is an id that no tenant will have soon: ids are counted up from one.
const noSuchID = "2000000000"

func tellNoSuchIncident(ctx context.Context, in *inquiry) answer {
	switch l := in.one(ctx, noSuchID); {
	case l.skipped:
		return answer{unasked, l.cause.Error()}
	case l.refusal == "":
		return answerf(differs, "an incident, or a list")
	case l.status == http.StatusNotFound:
		return answer{agrees, l.refusal}
	default:
		return answer{differs, l.refusal}
	}
}
