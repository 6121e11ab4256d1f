package architecture

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "draw the house in docs/architecture.md again")

// A listed package is what the Go command says of a package.
type listed struct {
	ImportPath, Doc string
	Imports         []string
}

// list returns the packages of the program as the Go command lists them, by their path
// from the root, with their imports of ours. Those that only tests use are left out.
func list(t *testing.T) map[string]listed {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Doc,Imports", ".")
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]listed{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		if name, ours := short(p.ImportPath); ours {
			var imports []string
			for _, i := range p.Imports {
				if n, ok := short(i); ok {
					imports = append(imports, n)
				}
			}
			p.Imports = imports
			packages[name] = p
		}
	}
}

// short returns the path of a package of ours from the root; the root itself is main.go.
func short(path string) (string, bool) {
	if path == module {
		return "main.go", true
	}
	return strings.CutPrefix(path, module+"/")
}

// height returns on which floor a package stands: above everything that it imports.
func height(packages map[string]listed, name string) int {
	h := 0
	for _, i := range packages[name].Imports {
		h = max(h, height(packages, i)+1)
	}
	return h
}

// draw draws the house, the highest floor first, and the arrows below it.
func draw(packages map[string]listed) string {
	var stories [][]string
	var arrows strings.Builder
	names := make([]string, 0, len(packages))
	for name := range packages {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		h := height(packages, name)
		for len(stories) <= h {
			stories = append(stories, nil)
		}
		stories[h] = append(stories[h], name)
	}
	var house strings.Builder
	for _, story := range slices.Backward(stories) {
		house.WriteString(boxes(story))
		for _, name := range story {
			if imports := packages[name].Imports; len(imports) > 0 {
				fmt.Fprintf(&arrows, "%-20s → %s\n", name, strings.Join(imports, ", "))
			}
		}
	}
	return house.String() + "\n" + arrows.String()
}

// boxes draws a floor.
func boxes(names []string) string {
	var top, middle, bottom []string
	for _, name := range names {
		line := strings.Repeat("─", len(name)+2)
		top, middle, bottom = append(top, "┌"+line+"┐"), append(middle, "│ "+name+" │"), append(bottom, "└"+line+"┘")
	}
	const width = 96
	indent := strings.Repeat(" ", max(0, width-utf8.RuneCountInString(strings.Join(top, "  ")))/2)
	var b strings.Builder
	for _, line := range [][]string{top, middle, bottom} {
		b.WriteString(indent + strings.Join(line, "  ") + "\n")
	}
	return b.String()
}

// TestDrawing compares the drawing in docs/architecture.md with what the Go command lists.
func TestDrawing(t *testing.T) {
	const head, tail = "```text\n", "```\n"
	path := filepath.Join(root, "docs", "architecture.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), head)
	drawn, after, closed := strings.Cut(rest, tail)
	if !ok || !closed {
		t.Fatal("docs/architecture.md has no drawing")
	}
	want := draw(list(t))
	if *update {
		if err := os.WriteFile(path, []byte(before+head+want+tail+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, drawn); diff != "" {
		t.Errorf("docs/architecture.md draws another house; go test ./internal/architecture -update draws it again (-want +got):\n%s", diff)
	}
}
