package configfile

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v4"
)

// An Objective is the time within which incidents are to be acknowledged or resolved. One of
// the two is set, the other is zero.
type Objective struct {
	Name              string
	Severities        []string // empty for all, else the lowest first
	Priorities        []string // empty for all, else the highest first
	AcknowledgeWithin time.Duration
	ResolveWithin     time.Duration
}

// maxObjectives bounds the series of a page: each objective has three.
const maxObjectives = 20

// An objective longer than 180 days could not be missed: Graph keeps incidents no longer.
const shortestObjective, longestObjective = "1s", "180d"

// The label values of incidents, in the order in which an objective holds them.
var (
	severities = []string{"unknown", "informational", "low", "medium", "high", "other"}
	priorities = []string{"high", "medium", "low", "none"}
)

func (r *reader) objectives(at place) []Objective {
	if len(at.node.Content) > maxObjectives && at.node.Kind == yaml.SequenceNode {
		r.wrong(at, "want at most %d", maxObjectives)
	}
	var all []Objective
	names := names{}
	r.list(at, true, func(at place) { all = append(all, r.objective(at, names)) })
	return all
}

func (r *reader) objective(at place, names names) Objective {
	var o Objective
	given := r.mapping(at, fields{
		"name":               r.unique(names, &o.Name),
		"severities":         func(at place) { o.Severities = r.choices(at, severities) },
		"priorities":         func(at place) { o.Priorities = r.choices(at, priorities) },
		"acknowledge_within": r.duration(&o.AcknowledgeWithin, shortestObjective, longestObjective),
		"resolve_within":     r.duration(&o.ResolveWithin, shortestObjective, longestObjective),
	})
	r.require(at, given, "name")
	_, acknowledge := given["acknowledge_within"]
	_, resolve := given["resolve_within"]
	if acknowledge == resolve && at.node.Kind == yaml.MappingNode {
		r.wrong(at, "want exactly one of acknowledge_within and resolve_within")
	}
	return o
}

// choices reads a list of different words, and returns them in the order of words.
func (r *reader) choices(at place, words []string) []string {
	var all []string
	r.list(at, false, func(at place) {
		var word string
		r.choice(&word, words)(at)
		if slices.Contains(all, word) {
			r.wrong(at, "is given twice")
		}
		if word != "" {
			all = append(all, word)
		}
	})
	slices.SortFunc(all, func(a, b string) int { return slices.Index(words, a) - slices.Index(words, b) })
	return all
}
