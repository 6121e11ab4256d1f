package configfile

import (
	"regexp"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// showable is what names of fields look like. Another key may be a secret that stands in
// the wrong place.
var showable = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,39}$`)

// authFiles are the fields of an auth block that name a file.
var authFiles = []string{"client_secret_file", "client_certificate_file", "client_key_file", "certificate_password_file", "federated_token_file"}

// unknown notes that a mapping has a field which it should not have.
func (r *reader) unknown(at place, key *yaml.Node, known fields) {
	switch name := key.Value; {
	case key.ShortTag() == "!!merge":
		r.wrong(place{key, at.path}, "merging by << is not possible; what tenants share can stand under defaults")
	case key.Kind == yaml.ScalarNode && showable.MatchString(name):
		r.wrong(place{key, at.under(name, key).path}, "%s", hint(name, known))
	default:
		r.wrong(place{key, at.path}, "unknown field, with a name that is not shown")
	}
}

// hint guesses which field was meant.
func hint(name string, known fields) string {
	for field := range known {
		if plain(field) == plain(name) || plain(field) == plain(name)+"s" {
			return "unknown field, want " + field
		}
	}
	for _, field := range append([]string{"method"}, authFiles...) {
		switch plain(field) {
		case plain(name):
			return "unknown field, want auth." + field
		case plain(name) + "file":
			return inline + field
		}
	}
	if strings.Contains(plain(name), "secret") || strings.Contains(plain(name), "password") {
		return inline + "client_secret_file"
	}
	return "unknown field"
}

// inline is what is said to who writes a secret into the file.
const inline = "is not to stand in this file; put it into a file of its own and name that in auth."

// plain returns a name without what spellings differ in.
func plain(name string) string {
	return strings.Map(func(c rune) rune {
		if c == '_' || c == '-' {
			return -1
		}
		return unicode.ToLower(c)
	}, name)
}
