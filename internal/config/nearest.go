package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"msgraph_security_exporter/internal/show"
)

var unknownFlag = regexp.MustCompile(`^unknown (?:long|short) flag '-{1,2}(.*)'$`)

var unexpected = regexp.MustCompile(`(?s)^unexpected (.*)$`)

// withHint adds the nearest flag to the error of an unknown one, and where all flags are
// listed. It shows of an argument what [show.Value] does.
func withHint(err error, app *kingpin.Application) error {
	if m := unexpected.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("unexpected argument %s; --help lists all flags", show.Value(m[1]))
	}
	text := show.Quotations(err.Error())
	m := unknownFlag.FindStringSubmatch(err.Error())
	switch {
	case m == nil && strings.Contains(text, "arguments file"): // of an argument that begins with @
		return errors.New("an argument that begins with @ names a file that cannot be read")
	case m == nil:
		return errors.New(text)
	}
	if flag := nearest(m[1], app.Model().Flags); flag != "" {
		return fmt.Errorf("%s; did you mean --%s? --help lists all flags", text, flag)
	}
	return fmt.Errorf("%s; --help lists all flags", text)
}

// nearest returns the flag whose name is nearest, empty if none is near: the flag begins with
// the name, or ends with it after a dot, or differs in at most three letters.
func nearest(name string, flags []*kingpin.FlagModel) string {
	best, least := "", 4
	for _, f := range flags {
		distance := editDistance(name, f.Name)
		if len(name) > 3 && (strings.HasPrefix(f.Name, name) || strings.HasSuffix(f.Name, "."+name)) {
			distance = 0
		}
		if !f.Hidden && distance < least {
			best, least = f.Name, distance
		}
	}
	return best
}

// editDistance returns how many letters must be added, removed or replaced to turn one text
// into another.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
