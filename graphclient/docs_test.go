package graphclient

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rows returns the cells of the tables in a section of docs/sign-in.md, without the
// backquotes around them. The first row is the heading.
func rows(t *testing.T, section string) [][]string {
	t.Helper()
	page, err := os.ReadFile("../docs/sign-in.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "\n## "+section+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	var all [][]string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| ") {
			cells := strings.Split(strings.Trim(line, "| \n"), " | ")
			for i, c := range cells {
				cells[i] = strings.Trim(c, "`")
			}
			all = append(all, cells)
		}
	}
	return all
}

// TestDocumentedCauses compares the numbers of docs/sign-in.md with those that the log
// explains.
func TestDocumentedCauses(t *testing.T) {
	t.Parallel()
	var documented []string
	for _, row := range rows(t, "When it is refused") {
		documented = append(documented, regexp.MustCompile(`\d+`).FindAllString(row[0], -1)...)
	}
	slices.Sort(documented)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(causes)), documented); diff != "" {
		t.Errorf("-explained +documented:\n%s", diff)
	}
}

// TestDocumentedClouds compares the clouds of docs/sign-in.md with those there are.
func TestDocumentedClouds(t *testing.T) {
	t.Parallel()
	var want [][]string
	for _, c := range Clouds() {
		want = append(want, []string{c.Name, c.Authority, c.Endpoint, c.Endpoint + "/.default"})
	}
	var documented [][]string
	for _, row := range rows(t, "Clouds") {
		documented = append(documented, slices.Delete(row, 1, 2))
	}
	if diff := cmp.Diff(want, documented[min(1, len(documented)):]); diff != "" {
		t.Errorf("-known +documented:\n%s", diff)
	}
}
