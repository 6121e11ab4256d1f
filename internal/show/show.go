// Package show prints what a user typed, for messages about mistakes. People paste secrets into
// the wrong place: into an id, the name of a file, an argument. Therefore a value is repeated only
// if no secret looks like it, by rule and wherever it stands; of any other, the length is shown.
package show

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	// maxShown is the length of the longest value that is repeated, in bytes.
	maxShown = 40
	// tooShort is the length of the longest value that is too short for any secret.
	tooShort = 5
)

var (
	// word is a name, with parts and short numbers after them.
	word = regexp.MustCompile(`^[A-Z]?[a-z]{1,20}[0-9]{0,2}([-_.][a-z]{1,20}[0-9]{0,2})*$`)
	// number is a number that is too short to be a secret.
	number = regexp.MustCompile(`^[+-]?[0-9]{1,6}(\.[0-9]{1,3})?$`)
	// duration is a time as flags and Prometheus write it.
	duration = regexp.MustCompile(`^[+-]?([0-9]{1,6}(\.[0-9]{1,3})?(ns|us|µs|ms|s|m|h|d|w|y)){1,7}$`)
	// host is the name or the address of a host, in small letters, with a port.
	host = regexp.MustCompile(`^([a-z]{1,20}[0-9]{0,2}([-.][a-z]{1,20}[0-9]{0,2})*|[0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9a-f:]{2,39}\])(:[0-9]{1,5})?$`)
	// file is the name of a file as people choose them, in small letters.
	file = regexp.MustCompile(`^\.?[a-z]{1,20}[0-9]{0,2}([-_.][a-z]{1,20}[0-9]{0,2})*$`)
)

// Value returns a value in quotes, if no secret looks like it, or else its length.
func Value(s string) string {
	if Harmless(s) {
		return quoted(s)
	}
	return shape(s)
}

// Harmless reports whether no secret looks like a value.
func Harmless(s string) bool {
	if len(s) <= tooShort {
		return !strings.ContainsFunc(s, invisible)
	}
	return len(s) <= maxShown && (word.MatchString(s) || number.MatchString(s) || duration.MatchString(s))
}

// Host returns the root of a service in quotes, if no secret looks like its host, or else its
// length.
func Host(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if len(s) > 2*maxShown || !host.MatchString(strings.TrimSuffix(rest, "/")) || !ok || !word.MatchString(scheme) {
		return Value(s)
	}
	return quoted(s)
}

// Path returns the path of a file, as far as it is there or looks like one: a secret in
// the place of a path is no file, and of one that is not there the last part is shown only if it is
// a name that people give to files.
func Path(path string) string {
	switch _, err := os.Stat(path); {
	case path == "" || err == nil && !strings.ContainsFunc(path, invisible):
		return path
	case len(path) > 4096 || strings.ContainsFunc(path, invisible):
		return shape(path)
	}
	dir, name := filepath.Split(path)
	if !file.MatchString(name) || len(name) > maxShown {
		name = shape(name)
	}
	if dir == "" {
		return name
	}
	if info, err := os.Stat(dir); err == nil && info.IsDir() || plain(dir) {
		return dir + name
	}
	return shape(path)
}

// plain reports whether every part of a folder's name is one that people give to files.
func plain(dir string) bool {
	for part := range strings.SplitSeq(strings.Trim(dir, "/"), "/") {
		if part != "" && part != "." && part != ".." && !file.MatchString(part) || len(part) > maxShown {
			return false
		}
	}
	return true
}

func invisible(r rune) bool { return r < ' ' || r == utf8.RuneError || r == '"' || r == 0x7f }

func quoted(s string) string { return fmt.Sprintf("%q", s) }

// shape says how long a value is that is not shown.
func shape(s string) string {
	return fmt.Sprintf("(%d characters, not shown)", utf8.RuneCountInString(s))
}

// quotation is a part of a message that quotes something.
var quotation = regexp.MustCompile("`[^`]*`|'[^']*'|\"[^\"]*\"")

// Quotations returns a message of a library with every quotation in it checked like a value.
func Quotations(message string) string {
	return quotation.ReplaceAllStringFunc(message, func(q string) string {
		inner := q[1 : len(q)-1]
		if name := strings.TrimLeft(inner, "-"); word.MatchString(name) && len(name) <= maxShown {
			return q
		}
		return Value(inner)
	})
}
