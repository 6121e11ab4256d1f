package configfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxValues is the largest number of values that is read of a file. Values behind an alias
// count each time: a short file of aliases to aliases can stand for billions.
const maxValues = 50_000

// A mistake is one thing that is wrong with a file.
type mistake struct {
	file string
	line int // 0 if the mistake belongs to no line
	path string
	text string
}

// Error returns one line: file, line, path and what is wrong, as far as they are known.
func (m *mistake) Error() string {
	s := m.file
	if m.line > 0 {
		s = fmt.Sprintf("%s:%d", s, m.line)
	}
	if m.path != "" {
		s += ": " + m.path
	}
	return s + ": " + m.text
}

// A place is a value in the file, with the path that names it in messages:
// "tenants.contoso.client_id".
type place struct {
	node *yaml.Node
	path string
}

// field returns the place of the value of a field.
func (p place) field(name string, value *yaml.Node) place {
	return place{resolveAlias(value), strings.TrimPrefix(p.path+"."+name, ".")}
}

// resolveAlias returns the value that an alias stands for.
func resolveAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// A reader reads the values of a file, and collects every mistake.
type reader struct {
	name     string
	values   int
	mistakes []*mistake
}

// wrong adds a mistake in the value at a place.
func (r *reader) wrong(at place, format string, args ...any) {
	r.mistakes = append(r.mistakes, &mistake{r.name, at.node.Line, at.path, fmt.Sprintf(format, args...)})
}

// err returns the mistakes in the order of their lines.
func (r *reader) err() error {
	slices.SortStableFunc(r.mistakes, func(a, b *mistake) int { return cmp.Compare(a.line, b.line) })
	var all []error
	for _, m := range r.mistakes {
		all = append(all, m)
	}
	return errors.Join(all...)
}

// countValue counts a value, and reports whether it may be read.
func (r *reader) countValue(at place) bool {
	r.values++
	if r.values == maxValues {
		r.wrong(at, "is value number %d of the file, aliases resolved; no more are read", maxValues)
	}
	return r.values < maxValues
}

// fields are the fields that a mapping may have, with the function that reads each.
type fields map[string]func(place)

// typeNames names the types of values.
var typeNames = map[string]string{
	"!!str": "text", "!!int": "a whole number", "!!float": "a fraction", "!!bool": "true or false", "!!timestamp": "a date",
	"!!seq": "a list", "!!map": "a mapping", "!!null": "nothing",
}

// typeOf returns the tag of a value. It returns an empty text for a tag that does not fit, such
// as in "!!map [a]".
func typeOf(n *yaml.Node) string {
	tag := n.ShortTag()
	switch {
	case typeNames[tag] == "", (tag == "!!map") != (n.Kind == yaml.MappingNode), (tag == "!!seq") != (n.Kind == yaml.SequenceNode):
		return ""
	}
	return tag
}

// is reports whether a value is of one of the types. It adds a mistake if not.
func (r *reader) is(at place, tags ...string) bool {
	tag := typeOf(at.node)
	if slices.Contains(tags, tag) {
		return true
	}
	r.wrong(at, "want %s, not %s", typeNames[tags[0]], cmp.Or(typeNames[tag], "a value with a tag of its own"))
	return false
}
