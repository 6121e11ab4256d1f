package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/alecthomas/kingpin/v2"
)

var unknownFlag = regexp.MustCompile(`^unknown (?:long|short) flag '-{1,2}(.*)'$`)

// withHint adds the nearest flag to the error of an unknown one, and where all flags are
// listed. It returns other errors as they are.
func withHint(err error, app *kingpin.Application) error {
	m := unknownFlag.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	if flag := nearest(m[1], app.Model().Flags); flag != "" {
		return fmt.Errorf("%w; did you mean --%s? --help lists all flags", err, flag)
	}
	return fmt.Errorf("%w; --help lists all flags", err)
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
