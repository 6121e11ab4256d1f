package configfile

import (
	"cmp"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v4"

	"msgraph_security_exporter/internal/show"
)

// maxText is the length of the longest text in bytes; paths can be that long.
const maxText = 4096

// scalar returns a line of text. It refuses invisible characters, which come with text that is
// copied from a web page.
func (r *reader) scalar(at place) (string, bool) {
	switch tag := typeOf(at.node); {
	case at.node.Kind == yaml.ScalarNode && tag != "!!str" && tag != "":
		r.wrong(at, "want text, not %s; put it in quotes", typeNames[tag])
		return "", false
	case !r.is(at, "!!str"):
		return "", false
	}
	s := at.node.Value
	unseen := func(c rune) bool { return !unicode.IsPrint(c) }
	switch {
	case s == "":
		r.wrong(at, "has no value")
	case len(s) > maxText:
		r.wrong(at, "is longer than %d bytes", maxText)
	case strings.TrimSpace(s) != s:
		r.wrong(at, "begins or ends with a space")
	case strings.ContainsFunc(s, unseen):
		r.wrong(at, "holds a character that cannot be seen, or a line end")
	default:
		return s, true
	}
	return "", false
}

// text reads a text that matches one of the patterns. It does not quote the text, which may be
// a secret in the wrong place.
func (r *reader) text(to *string, want string, patterns ...*regexp.Regexp) func(place) {
	return func(at place) {
		s, ok := r.scalar(at)
		if !ok {
			return
		}
		for _, p := range patterns {
			if p.MatchString(s) {
				*to = s
				return
			}
		}
		r.wrong(at, "%s", want)
	}
}

// label matches the names of tenants and objectives, which are labels of host names.
var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// names are the lines on which names were first given.
type names map[string]int

// unique reads a name that no other value of the list has.
func (r *reader) unique(taken names, to *string) func(place) {
	return func(at place) {
		name, ok := r.scalar(at)
		if !ok {
			return
		}
		line, again := taken[name]
		switch {
		case !label.MatchString(name):
			r.wrong(at, "%s: want a name of at most 63 small letters, digits and hyphens, such as contoso-eu", show.Value(name))
			return
		case again:
			r.wrong(at, "%s is the name on line %d already", show.Value(name), line)
			return
		}
		taken[name], *to = at.node.Line, name
	}
}

// path reads the path of a file. A relative path is relative to the folder of the
// configuration file.
func (r *reader) path(to *string) func(place) {
	return func(at place) {
		s, ok := r.scalar(at)
		if ok && !filepath.IsAbs(s) {
			s = filepath.Join(filepath.Dir(r.name), s)
		}
		*to = s
	}
}

// number reads a whole number within bounds.
func (r *reader) number(to *int, least, most int) func(place) {
	return func(at place) {
		if !r.is(at, "!!int") {
			return
		}
		n, err := strconv.Atoi(at.node.Value)
		if err != nil || n < least || n > most || strconv.Itoa(n) != at.node.Value { // 010 is 8 to some
			r.wrong(at, "%s: want a whole number from %d to %d", show.Value(at.node.Value), least, most)
			return
		}
		*to = n
	}
}

// duration reads a duration within bounds, which are written as in the file.
func (r *reader) duration(to *time.Duration, least, most string) func(place) {
	shortest, _ := parseDuration(least)
	longest, _ := parseDuration(most)
	return func(at place) {
		if !r.is(at, "!!str", "!!int", "!!float") { // 0 needs no unit
			return
		}
		d, ok := parseDuration(at.node.Value)
		if !ok || d < shortest || d > longest {
			r.wrong(at, "%s: want a time from %s to %s, such as 90s or 10m", show.Value(at.node.Value), least, most)
			return
		}
		*to = d
	}
}

var units = regexp.MustCompile(`^(?:(\d{1,2})y)?(?:(\d{1,3})w)?(?:(\d{1,4})d)?([0-9.hmsuµn]*)$`)

// parseDuration parses a duration as Prometheus writes it (1d, 1h30m) or as the flags do
// (1.5h). The parts add up to less than twice what a Duration holds: a sum that is too long
// is negative, and so out of bounds.
func parseDuration(s string) (time.Duration, bool) {
	m := units.FindStringSubmatch(s)
	if s == "" || m == nil {
		return 0, false
	}
	d, err := time.ParseDuration(cmp.Or(m[4], "0"))
	for i, days := range []int{365, 7, 1} {
		n, _ := strconv.Atoi(m[i+1]) // empty is 0
		d += time.Duration(n*days) * 24 * time.Hour
	}
	return d, err == nil
}

// date reads a day, which stands for its midnight in UTC, or a time.
func (r *reader) date(to *time.Time) func(place) {
	return func(at place) {
		if !r.is(at, "!!timestamp", "!!str") {
			return
		}
		for _, layout := range []string{time.DateOnly, time.RFC3339} {
			t, err := time.Parse(layout, at.node.Value)
			if t = t.UTC(); err == nil && t.Year() >= 2000 && t.Year() <= 9999 {
				*to = t
				return
			}
		}
		r.wrong(at, "want a day such as 2027-01-31, or a time such as 2027-01-31T18:00:00Z")
	}
}

// choice reads one of a few words.
func (r *reader) choice(to *string, words []string) func(place) {
	return func(at place) {
		s, ok := r.scalar(at)
		if !ok {
			return
		}
		for _, w := range words {
			if s == w {
				*to = w
				return
			}
		}
		r.wrong(at, "want one of %s", strings.Join(words, ", "))
	}
}
