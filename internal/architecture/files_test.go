package architecture

import (
	"go/ast"
	"go/parser"
	"path"
	"slices"
	"strings"
	"testing"
)

// oneWay are the packages whose files call one way. The others are one thing in many files,
// see docs/architecture.md.
var oneWay = []string{"internal/config", "internal/configfile", "internal/preflight", "internal/server", "internal/statuspage", "internal/tenant"}

// TestFilesCallOneWay shows that no two files of a package need each other, not even by way
// of others: then a type would stand in the wrong one.
func TestFilesCallOneWay(t *testing.T) {
	for _, pkg := range oneWay {
		needs := map[string][]string{}
		declared := map[string]string{} // by name: the file
		parsed := map[string]*ast.File{}
		for _, name := range goFiles(t) {
			if path.Dir(name) == pkg && !strings.HasSuffix(name, "_test.go") {
				parsed[name] = parse(t, name, parser.SkipObjectResolution)
				for _, d := range parsed[name].Decls {
					for _, n := range declares(d) {
						declared[n] = name
					}
				}
			}
		}
		for name, file := range parsed {
			for _, used := range uses(file) {
				if other := declared[used]; other != "" && other != name && !slices.Contains(needs[name], other) {
					needs[name] = append(needs[name], other)
				}
			}
		}
		for name := range parsed {
			if way := wayBack(needs, name, name, nil); way != nil {
				t.Errorf("%s: files need each other: %s", pkg, strings.Join(way, " → "))
			}
		}
	}
}

// declares returns the names that a declaration adds to its package; a method is its name
// after a dot.
func declares(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return []string{d.Name.Name}
		}
		if !d.Name.IsExported() { // an exported one may be that of another package's type
			return []string{"." + d.Name.Name}
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
			case *ast.ValueSpec:
				for _, n := range s.Names {
					names = append(names, n.Name)
				}
			}
		}
	}
	return names
}

// uses returns the names that a file uses, those of fields and keys aside. It does not know
// of scopes: no local name may be that of another file.
func uses(file *ast.File) (names []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok {
				names = append(names, "."+s.Sel.Name)
			}
		case *ast.SelectorExpr:
			names = append(names, uses(wrap(n.X))...)
			return false
		case *ast.KeyValueExpr:
			if _, field := n.Key.(*ast.Ident); field {
				names = append(names, uses(wrap(n.Value))...)
				return false
			}
		case *ast.Field:
			names = append(names, uses(wrap(n.Type))...)
			return false
		case *ast.Ident:
			names = append(names, n.Name)
		}
		return true
	})
	return names
}

// wrap returns a file that holds an expression alone.
func wrap(x ast.Expr) *ast.File {
	return &ast.File{Name: ast.NewIdent("_"), Decls: []ast.Decl{&ast.GenDecl{Specs: []ast.Spec{&ast.ValueSpec{Values: []ast.Expr{x}}}}}}
}

// wayBack returns a way from a file to itself, nil if there is none.
func wayBack(needs map[string][]string, from, to string, way []string) []string {
	way = append(way, path.Base(from))
	for _, next := range needs[from] {
		if next == to {
			return append(way, path.Base(to))
		}
		if !slices.Contains(way, path.Base(next)) {
			if found := wayBack(needs, next, to, way); found != nil {
				return found
			}
		}
	}
	return nil
}
