package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// How much a file, a function and a package may hold before a second idea hides in it.
const (
	maxFileLines     = 300
	maxFunctionLines = 40
	maxPackageFiles  = 12 // beside the tests
)

// TestMeasures counts the lines of files and functions, and the files of packages. A
// package that has more files needs a reason in docs/architecture.md.
func TestMeasures(t *testing.T) {
	reasons := page(t)
	files := map[string]int{}
	for _, name := range goFiles(t) {
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, filepath.Join(root, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		n := fset.File(parsed.Pos()).LineCount()
		if n > maxFileLines {
			t.Errorf("%s has %d lines, want at most %d", name, n, maxFileLines)
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		files[path.Dir(name)]++
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1; n > maxFunctionLines {
				t.Errorf("%s: %s has %d lines, want at most %d", name, f.Name.Name, n, maxFunctionLines)
			}
		}
	}
	for pkg, n := range files {
		if n > maxPackageFiles && !strings.Contains(reasons, "\n| `"+pkg+"` | ") {
			t.Errorf("%s has %d files, and docs/architecture.md does not say why", pkg, n)
		}
	}
}

// TestDirectory shows that the list in main.go names every package of the program.
func TestDirectory(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range list(t) {
		listed := regexp.MustCompile(`(?m)^//\t.* ` + name + `$`).Match(text)
		if apart := name == "main.go" || name == "internal/buildinfo"; listed == apart {
			t.Errorf("main.go lists %s: %t", name, listed)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^//\t.*  (\S+)$`).FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
			t.Errorf("main.go lists %s, which is not there", m[1])
		}
	}
}

// TestNamedFiles shows that the files which docs/architecture.md and CONTRIBUTING.md name are there.
func TestNamedFiles(t *testing.T) {
	contributing, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("`([a-z0-9_/-]+(?:\\.go|/[a-z0-9_-]+))`").FindAllStringSubmatch(page(t)+string(contributing), -1) {
		if _, err := os.Stat(filepath.Join(root, m[1])); err != nil && m[1] != "testing/synctest" {
			t.Errorf("there is no %s", m[1])
		}
	}
}

// page returns docs/architecture.md.
func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
