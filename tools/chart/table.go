package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// open are the values whose fields are those of Kubernetes, or of the user.
var open = []string{
	"podSecurityContext", "securityContext", "resources", "livenessProbe", "readinessProbe", "dashboards.labels",
}

// leaf reports whether a value is described as a whole.
func leaf(path string, value *yaml.Node) bool {
	return value.Kind != yaml.MappingNode || len(value.Content) == 0 || slices.Contains(open, path)
}

// table returns the rows of a table of values: path, default, and the comment above. What is said
// of a section is said of the first value in it.
func table(values *yaml.Node, above, said string) []byte {
	var rows bytes.Buffer
	for i := 0; i < len(values.Content); i += 2 {
		key, value := values.Content[i], values.Content[i+1]
		path, comment := join(above, key.Value), comment(key)
		if i == 0 {
			comment = strings.TrimSpace(said + " " + comment)
		}
		if !leaf(path, value) {
			rows.Write(table(value, path, comment))
			continue
		}
		fmt.Fprintf(&rows, "| `%s` | `%s` | %s |\n", path, compact(value), comment)
	}
	return rows.Bytes()
}

func join(above, name string) string {
	if above == "" {
		return name
	}
	return above + "." + name
}

// comment returns the last paragraph above a key, in a line.
func comment(key *yaml.Node) string {
	paragraphs := strings.Split(strings.TrimSpace(key.HeadComment), "\n\n")
	lines := strings.Split(paragraphs[len(paragraphs)-1], "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(strings.TrimPrefix(line, "#"))
	}
	return strings.ReplaceAll(strings.Join(lines, " "), "|", "\\|")
}

// compact returns a value in a line.
func compact(value *yaml.Node) string {
	var v any
	if err := value.Decode(&v); err != nil {
		return value.Value
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return value.Value
	}
	return strings.TrimSpace(text.String())
}
