package configfile

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// mapping reads the fields of a mapping. It returns the places of those that are there,
// whatever their values.
func (r *reader) mapping(at place, known fields) map[string]place {
	given, lines := map[string]place{}, map[string]int{}
	if !r.is(at, "!!map") {
		return given
	}
	for pair := range slices.Chunk(at.node.Content, 2) {
		if !r.countValue(at) {
			break
		}
		key, here := pair[0], at.field(pair[0].Value, pair[1])
		read, isKnown := known[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || !isKnown:
			r.unknown(at, key, known)
			continue
		case lines[key.Value] > 0:
			r.wrong(place{key, here.path}, "is given twice, first on line %d", lines[key.Value])
			continue
		}
		given[key.Value], lines[key.Value] = here, key.Line
		if typeOf(here.node) == "!!null" {
			r.wrong(place{key, here.path}, "has no value")
			continue
		}
		read(here)
	}
	return given
}

// require notes the fields that a mapping lacks.
func (r *reader) require(at place, given map[string]place, names ...string) {
	for _, name := range names {
		if _, ok := given[name]; !ok && at.node.Kind == yaml.MappingNode {
			r.wrong(at.field(name, at.node), "missing")
		}
	}
}

// list reads each value of a list. Its path has the index of the value, or where named the
// name that the value gives itself, if that is the first of that name.
func (r *reader) list(at place, named bool, read func(place)) {
	if !r.is(at, "!!seq") {
		return
	}
	seen := map[string]bool{}
	for i, n := range at.node.Content {
		here := place{resolveAlias(n), fmt.Sprintf("%s[%d]", at.path, i)}
		if named {
			if name := nameOf(here.node); name != "" && !seen[name] {
				seen[name], here.path = true, at.path+"."+name
			}
		}
		if !r.countValue(here) {
			break
		}
		if typeOf(here.node) == "!!null" {
			r.wrong(here, "has no value")
			continue
		}
		read(here)
	}
}

// nameOf returns the valid name that a mapping gives itself.
func nameOf(n *yaml.Node) string {
	if n.Kind != yaml.MappingNode {
		return ""
	}
	for pair := range slices.Chunk(n.Content, 2) {
		if value := resolveAlias(pair[1]); pair[0].Value == "name" && label.MatchString(value.Value) {
			return value.Value
		}
	}
	return ""
}
