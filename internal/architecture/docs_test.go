package architecture

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// A document is a page of the documentation.
type document struct {
	links   []string // relative ones, as they are written
	anchors []string // that headings have
}

// documents returns every page of the repository, by its path from the root.
func documents(t *testing.T) map[string]document {
	t.Helper()
	all := map[string]document{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case strings.HasSuffix(name, ".md"):
			text, err := fs.ReadFile(os.DirFS(root), name)
			all[name] = parseDocument(string(text))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func parseDocument(text string) document {
	var d document
	text = regexp.MustCompile("(?ms)^```.*?^```").ReplaceAllString(text, "")
	for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(m[1], "://") {
			d.links = append(d.links, m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		d.anchors = append(d.anchors, anchor(m[1]))
	}
	return d
}

// anchor returns the anchor that GitHub gives a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// TestLinks follows every link from page to page.
func TestLinks(t *testing.T) {
	all := documents(t)
	for name, d := range all {
		for _, link := range d.links {
			file, heading, _ := strings.Cut(link, "#")
			target := name
			if file != "" {
				target = path.Join(path.Dir(name), file)
			}
			if _, err := fs.Stat(os.DirFS(root), target); err != nil {
				t.Errorf("%s links to %s, which is not there", name, link)
			}
			if heading != "" && !slices.Contains(all[target].anchors, heading) {
				t.Errorf("%s links to %s, where no heading is", name, link)
			}
		}
	}
}

// TestIndex shows that docs/README.md lists every page of docs, and README.md that one.
func TestIndex(t *testing.T) {
	all := documents(t)
	for name := range all {
		if path.Dir(name) == "docs" && name != "docs/README.md" && !slices.Contains(all["docs/README.md"].links, path.Base(name)) {
			t.Errorf("docs/README.md does not list %s", name)
		}
	}
	if !slices.Contains(all["README.md"].links, "docs/README.md") {
		t.Error("README.md does not link to docs/README.md")
	}
}
