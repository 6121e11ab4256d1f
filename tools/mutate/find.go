package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// A mutant is one change of the program. All of them are compiled in, and a number in the
// environment says which one is alive.
type mutant struct {
	id         int
	pkg        string // path from the root
	in         string // function, with the type of its receiver
	kind       string // condition, bound, operator, statement, error or field
	change     string // in one line, without a number of a line
	file       string
	line       int
	start, end int                       // what is changed, in the file's text
	text       func(inner string) string // the text with both
	number     int                       // among those of the same name in the function, from 0
}

// key names a mutant in words that survive changes elsewhere in its file.
func (m *mutant) key() string {
	key := fmt.Sprintf("%s %s %s: %s", m.pkg, m.in, m.kind, m.change)
	if m.number > 0 {
		key += fmt.Sprintf(" (%d)", m.number+1)
	}
	return key
}

// A finder collects the mutants of one file.
type finder struct {
	*source
	file    *ast.File
	text    []byte
	in      string
	next    *int // number of the next mutant
	mutants []*mutant
}

// find returns the mutants of a package, numbered from next on.
func (p *source) find(next *int) []*mutant {
	var all []*mutant
	for i, file := range p.files {
		f := &finder{source: p, file: file, text: p.texts[i], next: next}
		for _, d := range file.Decls {
			f.declaration(d)
		}
		all = append(all, f.mutants...)
	}
	seen := map[string]int{}
	for _, m := range all {
		name := m.key()
		m.number = seen[name]
		seen[name]++
	}
	return all
}

func (f *finder) declaration(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		f.in = functionName(d)
	case *ast.GenDecl:
		if d.Tok != token.VAR {
			return
		}
		if v, ok := d.Specs[0].(*ast.ValueSpec); ok {
			f.in = v.Names[0].Name
		}
	}
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			f.statements(n.List)
		case *ast.CaseClause:
			f.statements(n.Body)
			f.cases(n)
		case *ast.CommClause:
			f.statements(n.Body)
		case *ast.IfStmt:
			f.condition(n.Cond)
		case *ast.ForStmt:
			f.condition(n.Cond)
		case *ast.BinaryExpr:
			f.binary(n)
		case *ast.CompositeLit:
			f.fields(n)
		}
		return true
	})
}

func functionName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	of := d.Recv.List[0].Type
	if s, ok := of.(*ast.StarExpr); ok {
		of = s.X
	}
	if i, ok := of.(*ast.IndexExpr); ok {
		of = i.X
	}
	if id, ok := of.(*ast.Ident); ok {
		return id.Name + "." + d.Name.Name
	}
	return d.Name.Name
}

// add notes a mutant: what it replaces, what it says, and the text that holds both.
func (f *finder) add(n ast.Node, kind, broken string, text func(id int, inner string) string) {
	id := *f.next
	*f.next++
	position := f.fset.Position(n.Pos())
	start, end := position.Offset, f.fset.Position(n.End()).Offset
	change := oneLine(string(f.text[start:end]))
	if broken != "" {
		change += " → " + oneLine(broken)
	}
	f.mutants = append(f.mutants, &mutant{
		id: id, pkg: f.name, in: f.in, kind: kind, change: change, file: position.Filename, line: position.Line, start: start, end: end,
		text: func(inner string) string { return text(id, inner) },
	})
}

// of returns the text of a node.
func (f *finder) of(n ast.Node) string {
	return string(f.text[f.fset.Position(n.Pos()).Offset:f.fset.Position(n.End()).Offset])
}

// oneLine returns a text in one line of at most 100 characters.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > 100 {
		text = string(r[:99]) + "…"
	}
	return text
}

// either is a boolean that is broken where its mutant is alive.
func (f *finder) either(n ast.Expr, kind, broken string) {
	f.add(n, kind, broken, func(id int, inner string) string {
		return fmt.Sprintf("(mutant_(%d) && (%s) || !mutant_(%[1]d) && (%[3]s))", id, broken, inner)
	})
}

// isConstant reports whether the compiler knows a value.
func (f *finder) isConstant(x ast.Expr) bool {
	t := f.info.Types[x]
	return t.Value != nil || t.IsNil()
}

// isBool reports whether an expression is of the type bool itself, or has none yet.
func (f *finder) isBool(x ast.Expr) bool {
	b, ok := f.info.Types[x].Type.(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}
