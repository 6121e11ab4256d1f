package configfile

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"

	"msgraph_security_exporter/internal/show"
)

// mapping reads the fields of a mapping. It returns the places of the fields that are there,
// valid or not.
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
		readField, isKnown := known[key.Value]
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
		readField(here)
	}
	return given
}

// require adds a mistake for each field that a mapping lacks.
func (r *reader) require(at place, given map[string]place, names ...string) {
	for _, name := range names {
		if _, ok := given[name]; !ok && at.node.Kind == yaml.MappingNode {
			r.wrong(at.field(name, at.node), "missing")
		}
	}
}

// list reads each value of a list. The path of a value has its index. If named, the path has
// the name of the value instead, unless an earlier value has the same name.
func (r *reader) list(at place, named bool, readValue func(place)) {
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
		readValue(here)
	}
}

// nameOf returns the field "name" of a mapping, empty if it is missing or invalid, or if a secret
// looks like it.
func nameOf(n *yaml.Node) string {
	if n.Kind != yaml.MappingNode {
		return ""
	}
	for pair := range slices.Chunk(n.Content, 2) {
		if value := resolveAlias(pair[1]); pair[0].Value == "name" && label.MatchString(value.Value) && show.Harmless(value.Value) {
			return value.Value
		}
	}
	return ""
}
