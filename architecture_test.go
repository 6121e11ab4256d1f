package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "msgraph_security_exporter"

// floors is the house: for each package the packages of ours that it imports, and
// for its tests those in addition.
var floors = map[string]struct{ imports, tests []string }{
	".":                    {[]string{"collector", "graphclient", "graphclient/graphsim", "internal/config/file", "internal/credential", "internal/mirror"}, nil},
	"collector":            {[]string{"internal/mirror"}, nil},
	"internal/credential":  {[]string{"graphclient", "internal/config/file"}, nil},
	"internal/config/file": {nil, nil},
	"internal/mirror":      {[]string{"graphclient"}, []string{"graphclient/graphsim"}},
	"graphclient":          {nil, []string{"graphclient", "graphclient/graphsim"}},
	"graphclient/graphsim": {nil, []string{"graphclient/graphsim"}},
}

// knowPrometheus are the packages that may import anything of Prometheus'.
var knowPrometheus = []string{".", "collector"}

// TestArchitecture keeps the import arrows pointing one way: no import leads back
// up, graphclient knows no Prometheus, collector no graphclient, and graphsim
// nothing of ours. A package that is not on the floor plan has to be put there.
func TestArchitecture(t *testing.T) {
	for _, file := range goFiles(t) {
		pkg := path.Dir(file)
		floor, known := floors[pkg]
		if !known {
			t.Errorf("%s: package %s is not on the floor plan", file, pkg)
			continue
		}
		allowed := floor.imports
		if strings.HasSuffix(file, "_test.go") {
			allowed = slices.Concat(floor.imports, floor.tests)
		}
		for _, imported := range imports(t, file) {
			ours, isOurs := strings.CutPrefix(imported, module+"/")
			if isOurs && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s, which %s may not", file, imported, pkg)
			}
			if strings.HasPrefix(imported, "github.com/prometheus/") && !slices.Contains(knowPrometheus, pkg) {
				t.Errorf("%s imports %s: only main and collector know Prometheus", file, imported)
			}
		}
	}
}

// TestFileLength shows that no file has grown past 400 lines.
func TestFileLength(t *testing.T) {
	for _, file := range goFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > 400 {
			t.Errorf("%s has %d lines, want at most 400", file, n)
		}
	}
}

// goFiles returns every Go file of this module.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || hasModule(name)):
			return fs.SkipDir
		case strings.HasSuffix(name, ".go"):
			files = append(files, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// hasModule reports whether a folder is a module of its own.
func hasModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func imports(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, i := range parsed.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		paths = append(paths, p)
	}
	return paths
}
