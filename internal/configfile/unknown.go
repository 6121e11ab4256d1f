package configfile

import (
	"regexp"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// fieldName matches the names of fields. Another key may be a secret in the wrong place, and
// is not shown.
var fieldName = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,39}$`)

// authFiles are the fields of an auth block that name a file.
var authFiles = []string{"client_secret_file", "client_certificate_file", "client_key_file", "certificate_password_file", "federated_token_file"}

// unknown adds a mistake for a field that a mapping may not have.
func (r *reader) unknown(at place, key *yaml.Node, known fields) {
	switch name := key.Value; {
	case key.ShortTag() == "!!merge":
		r.wrong(place{key, at.path}, "merging by << is not possible; what tenants share can stand under defaults")
	case key.Kind == yaml.ScalarNode && fieldName.MatchString(name):
		r.wrong(place{key, at.field(name, key).path}, "%s", hint(name, known))
	default:
		r.wrong(place{key, at.path}, "unknown field, with a name that is not shown")
	}
}

// hint guesses which field was meant.
func hint(name string, known fields) string {
	for field := range known {
		if normalized(field) == normalized(name) || normalized(field) == normalized(name)+"s" {
			return "unknown field, want " + field
		}
	}
	for _, field := range append([]string{"method"}, authFiles...) {
		switch normalized(field) {
		case normalized(name):
			return "unknown field, want auth." + field
		case normalized(name) + "file":
			return secretInline + field
		}
	}
	if strings.Contains(normalized(name), "secret") || strings.Contains(normalized(name), "password") {
		return secretInline + "client_secret_file"
	}
	return "unknown field"
}

// secretInline is the message for a secret in the file.
const secretInline = "must not stand in this file: put it into a file of its own and name that in auth."

// normalized returns a name in small letters, without hyphens and underscores.
func normalized(name string) string {
	return strings.Map(func(c rune) rune {
		if c == '_' || c == '-' {
			return -1
		}
		return unicode.ToLower(c)
	}, name)
}
