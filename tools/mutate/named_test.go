package main

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNamed shows that each piece that is to be broken is there, once.
func TestNamed(t *testing.T) {
	for _, n := range onceUnnoticed {
		text, err := os.ReadFile(filepath.Join("../..", n.file))
		if err != nil {
			t.Fatal(err)
		}
		if count := strings.Count(string(text), n.good); count != 1 {
			t.Errorf("%s: %s holds the piece to be broken %d times, want once", n.name, n.file, count)
		}
	}
}

// TestExplained shows that each survivor in the list has a reason.
func TestExplained(t *testing.T) {
	if all, err := explanations("survivors.txt"); err != nil || len(all) == 0 {
		t.Errorf("got %d, %v", len(all), err)
	}
}

// TestRender finds the mutants of a function and writes them into it: the text with all of them compiles, and
// each change is named as it reads.
func TestRender(t *testing.T) {
	const text = `package p

import "errors"

func f(a, b int, c bool) (int, error) {
	if a < b && !c {
		a = a + b
		return a, errors.New("x")
	}
	return b, nil
}
`
	p := &source{name: "p", fset: token.NewFileSet(), texts: [][]byte{[]byte(text)}, info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}}
	check := func(text string) error {
		file, err := parser.ParseFile(p.fset, "p.go", text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		p.files = []*ast.File{file}
		p.types, err = (&types.Config{Importer: importer.ForCompiler(p.fset, "source", nil)}).Check("p", p.fset, p.files, p.info)
		return err
	}
	if err := check(text); err != nil {
		t.Fatal(err)
	}
	next := 1
	mutants := p.find(&next)
	var keys []string
	for _, m := range mutants {
		keys = append(keys, strings.TrimPrefix(m.key(), "p f "))
	}
	want := []string{
		"condition: a < b && !c → a < b || !c", "condition: !c → c", "condition: a < b → a >= b", "bound: a < b → a <= b",
		"statement: a = a + b", `error: return a, errors.New("x") → return a, nil`, "operator: a + b → a - b",
	}
	for _, w := range want {
		if !strings.Contains("\n"+strings.Join(keys, "\n")+"\n", "\n"+w+"\n") {
			t.Errorf("there is no mutant %s of\n%s", w, strings.Join(keys, "\n"))
		}
	}
	if len(keys) != len(want) {
		t.Errorf("got %d mutants, want %d:\n%s", len(keys), len(want), strings.Join(keys, "\n"))
	}
	changed := render(text, mutants)
	if n := strings.Count(changed, "mutant_("); n < len(want) {
		t.Errorf("%d mutants are in the text", n)
	}
	if err := check(changed + "\nfunc mutant_(int) bool { return false }\n"); err != nil {
		t.Errorf("%v in\n%s", err, changed)
	}
}
