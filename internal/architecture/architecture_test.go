// Package architecture keeps the shape of the program: which package may import which,
// and who may read an environment variable.
package architecture

import (
	"go/ast"
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

// root is the folder of the module.
const root = "../.."

// A floor says what the files of a package may import.
type floor struct {
	imports []string // packages of ours
	tests   []string // those that its tests may import in addition
	metrics []string // modules of Prometheus'
}

// What there is of Prometheus: to make metrics, and to build an exporter as others are.
const (
	client  = "github.com/prometheus/client_golang"
	model   = "github.com/prometheus/client_model"
	common  = "github.com/prometheus/common"
	toolkit = "github.com/prometheus/exporter-toolkit"
)

// floors is the house. A package that is not on the floor plan has to be put there.
var floors = map[string]floor{
	".":                     {imports: []string{"internal/buildinfo", "internal/config", "internal/preflight", "internal/server"}},
	"internal/server":       {[]string{"internal/buildinfo", "internal/config", "internal/statuspage", "internal/tenant", "collector"}, simulated, []string{client, toolkit}},
	"internal/statuspage":   {[]string{"internal/defender"}, []string{"collector", "internal/mirror"}, []string{client, model}},
	"internal/preflight":    {[]string{"internal/buildinfo", "internal/config", "internal/configfile", "internal/contract", "internal/tenant", "internal/defender", "internal/mirror", "graphclient"}, simulated, nil},
	"internal/tenant":       {[]string{"internal/buildinfo", "internal/config", "internal/configfile", "internal/credential", "collector", "internal/defender", "internal/mirror", "graphclient", "graphclient/graphsim"}, simulated, []string{client}},
	"internal/config":       {[]string{"internal/buildinfo", "internal/configfile", "internal/credential", "internal/show", "graphclient"}, simulated, []string{common, toolkit}},
	"internal/contract":     {[]string{"graphclient"}, simulated, nil},
	"internal/credential":   {[]string{"internal/configfile", "internal/show", "graphclient"}, simulated, nil},
	"internal/configfile":   {imports: []string{"internal/show"}},
	"internal/show":         {},
	"internal/buildinfo":    {metrics: []string{common}},
	"collector":             {imports: []string{"internal/defender", "internal/history", "internal/mirror"}, metrics: []string{client}},
	"internal/mirror":       {imports: []string{"internal/defender", "internal/history", "internal/reading", "internal/serviceclock", "graphclient"}, tests: []string{"graphclient/graphsim"}},
	"internal/reading":      {imports: []string{"internal/defender", "graphclient"}},
	"internal/history":      {imports: []string{"internal/defender"}},
	"internal/serviceclock": {imports: []string{"graphclient"}},
	"internal/defender":     {imports: []string{"graphclient"}},
	"graphclient":           {imports: []string{"internal/show"}, tests: []string{"graphclient", "graphclient/graphsim"}},
	"graphclient/graphsim":  {tests: []string{"graphclient/graphsim"}},
	"internal/graphtest":    {imports: []string{"graphclient/graphsim"}}, // for tests alone
	"internal/architecture": {},
}

// simulated is what tests import to play Graph.
var simulated = []string{"internal/graphtest", "graphclient/graphsim"}

// TestArchitecture keeps the import arrows pointing one way: no import leads back
// up, graphclient knows no Prometheus, collector no graphclient, and graphsim
// nothing of ours.
func TestArchitecture(t *testing.T) {
	for _, name := range goFiles(t) {
		pkg := path.Dir(name)
		floor, known := floors[pkg]
		if !known {
			t.Errorf("%s: package %s is not on the floor plan", name, pkg)
			continue
		}
		allowed := floor.imports
		if strings.HasSuffix(name, "_test.go") {
			allowed = slices.Concat(floor.imports, floor.tests)
		}
		for _, imported := range imports(t, name) {
			ours, isOurs := strings.CutPrefix(imported, module+"/")
			if isOurs && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s, which %s may not", name, imported, pkg)
			}
			// A package that makes metrics may test them with whatever Prometheus has.
			within := func(m string) bool { return strings.HasPrefix(imported, m+"/") || strings.HasSuffix(name, "_test.go") }
			if strings.HasPrefix(imported, "github.com/prometheus/") && !slices.ContainsFunc(floor.metrics, within) {
				t.Errorf("%s imports %s, which %s may not", name, imported, pkg)
			}
		}
	}
}

// TestFloorPlan shows that the floor plan allows nothing that no file needs.
func TestFloorPlan(t *testing.T) {
	used := map[string]bool{}
	for _, name := range goFiles(t) {
		for _, imported := range imports(t, name) {
			used[path.Dir(name)+" "+strings.TrimPrefix(imported, module+"/")] = true
		}
	}
	for pkg, floor := range floors {
		for _, allowed := range floor.imports {
			if arrow := pkg + " " + allowed; !used[arrow] {
				t.Errorf("%s may import %s and does not", pkg, allowed)
			}
		}
	}
}

// TestRoot shows that the root of the repository holds one Go file and no test.
func TestRoot(t *testing.T) {
	var names []string
	for _, name := range goFiles(t) {
		if path.Dir(name) == "." {
			names = append(names, name)
		}
	}
	if !slices.Equal(names, []string{"main.go"}) {
		t.Errorf("got %v, want main.go alone", names)
	}
}

// TestEnvironment shows that internal/config alone reads environment variables: main.go
// hands it what looks them up, and nobody else names that.
func TestEnvironment(t *testing.T) {
	for _, name := range goFiles(t) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		handed := map[ast.Node]bool{}
		ast.Inspect(parse(t, name, parser.SkipObjectResolution), func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && name == "main.go" && isOf(call.Fun, "config") {
				for _, arg := range call.Args {
					handed[arg] = true
				}
			}
			if isOf(n, "os", "Getenv", "LookupEnv", "Environ", "ExpandEnv") && !handed[n] {
				t.Errorf("%s reads the environment", name)
			}
			return true
		})
	}
}

// isOf reports whether a node is one of the names of a package, of any if none is given.
func isOf(n ast.Node, pkg string, names ...string) bool {
	s, ok := n.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg && (len(names) == 0 || slices.Contains(names, s.Sel.Name))
}

// goFiles returns every Go file of this module, by its path from the root.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || hasModule(name)):
			return fs.SkipDir
		case strings.HasSuffix(name, ".go"):
			files = append(files, name)
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
	_, err := os.Stat(filepath.Join(root, dir, "go.mod"))
	return err == nil
}

func parse(t *testing.T, name string, mode parser.Mode) *ast.File {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, mode)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func imports(t *testing.T, name string) []string {
	t.Helper()
	var paths []string
	for _, i := range parse(t, name, parser.ImportsOnly).Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		paths = append(paths, p)
	}
	return paths
}
