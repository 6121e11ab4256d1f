package graphclient

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rows returns the cells of the tables in a section of a page of docs, without the
// backquotes around them. The first row is the heading.
func rows(t *testing.T, file, section string) [][]string {
	t.Helper()
	page, err := os.ReadFile("../docs/" + file)
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
	for _, row := range rows(t, "sign-in.md", "When it is refused") {
		documented = append(documented, regexp.MustCompile(`\d+`).FindAllString(row[0], -1)...)
	}
	slices.Sort(documented)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(entraCauses)), documented); diff != "" {
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
	for _, row := range rows(t, "sign-in.md", "Clouds") {
		documented = append(documented, slices.Delete(row, 1, 2))
	}
	if diff := cmp.Diff(want, documented[min(1, len(documented)):]); diff != "" {
		t.Errorf("-known +documented:\n%s", diff)
	}
}

// TestDocumentedBounds compares the bounds of docs/security.md with those that there are.
func TestDocumentedBounds(t *testing.T) {
	t.Parallel()
	size := func(n int) string {
		if n >= 1<<20 {
			return fmt.Sprintf("%d MiB", n>>20)
		}
		return fmt.Sprintf("%d KiB", n>>10)
	}
	want := map[string]string{
		"answer of Graph, compressed and decompressed":      size(maxBody),
		"such answers of more than 1 MiB in memory at once": "1 a tenant",
		"body of an error":                size(maxErrorBody),
		"answer to a sign-in":             size(maxTokenBody),
		"token":                           size(maxToken),
		"headers of an answer":            size(maxHeader),
		"depth of JSON":                   fmt.Sprint(maxDepth),
		"values and names of JSON":        fmt.Sprint(maxParts),
		"incidents on a page":             fmt.Sprint(maxRows),
		"text of the incidents on a page": size(maxText),
		"pages of a listing":              fmt.Sprint(maxPages),
		"nextLink":                        size(maxLink),
		"id of an incident":               fmt.Sprint(maxID, " bytes"),
		"value of an enumeration":         fmt.Sprint(maxEnum, " bytes"),
		"owner":                           fmt.Sprint(maxOwner, " bytes"),
		"address of an incident":          fmt.Sprint(maxURL, " bytes"),
		"tags of an incident":             fmt.Sprint(maxTags),
		"tag":                             fmt.Sprint(maxTag, " bytes"),
		"text that is quoted in a log or an error": fmt.Sprint(maxMessage, " characters"),
		"iterations of a PFX, all together":        fmt.Sprint(maxIterations),
		"time of a request, its body included":     requestLimit.String(),
		"time to read a credential's file":         maxRead.String(),
		"Retry-After":                              maxStop.String(),
		"pause after a refused credential":         maxRefusedPause.String(),
	}
	if smallBody != 1<<20 {
		t.Error("answers are long from another size on than the table says")
	}
	documented := map[string]string{}
	for _, row := range rows(t, "security.md", "Bounds")[1:] {
		documented[row[0]] = row[1]
	}
	if diff := cmp.Diff(want, documented); diff != "" {
		t.Errorf("-there +documented:\n%s", diff)
	}
}
