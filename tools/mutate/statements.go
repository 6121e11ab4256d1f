package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// statements drops the statements of a list, one at a time, and has returns return no error.
func (f *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt:
			if !isPanic(s) {
				f.drop(s)
			}
		case *ast.SendStmt, *ast.DeferStmt, *ast.GoStmt:
			f.drop(s)
		case *ast.BranchStmt:
			if s.Tok != token.FALLTHROUGH && s.Tok != token.GOTO {
				f.drop(s)
			}
		case *ast.IncDecStmt:
			f.drop(s)
		case *ast.AssignStmt:
			f.assignment(s)
		case *ast.ReturnStmt:
			f.returned(s)
		}
	}
}

// drop leaves a statement out.
func (f *finder) drop(s ast.Stmt) {
	f.add(s, "statement", "", func(id int, inner string) string { return fmt.Sprintf("if !mutant_(%d) { %s }", id, inner) })
}

func (f *finder) assignment(s *ast.AssignStmt) {
	if s.Tok == token.DEFINE {
		return
	}
	if id, ok := s.Lhs[0].(*ast.Ident); ok && id.Name == "_" {
		return
	}
	f.drop(s)
	basic, ok := f.info.Types[s.Lhs[0]].Type.Underlying().(*types.Basic)
	if op, known := assigned[s.Tok]; known && ok && basic.Info()&types.IsNumeric != 0 {
		broken := f.of(s.Lhs[0]) + " " + op + " " + f.of(s.Rhs[0])
		f.add(s, "operator", broken, func(id int, inner string) string {
			return fmt.Sprintf("if mutant_(%d) { %s } else { %s }", id, broken, inner)
		})
	}
}

// returned has a return say no error, or the other truth.
func (f *finder) returned(s *ast.ReturnStmt) {
	if len(s.Results) == 0 {
		f.drop(s)
		return
	}
	last := s.Results[len(s.Results)-1]
	if id, ok := last.(*ast.Ident); ok && (id.Name == "true" || id.Name == "false") {
		f.either(last, "condition", map[string]string{"true": "false", "false": "true"}[id.Name])
		return
	}
	t := f.info.Types[last]
	if t.IsNil() || t.Type == nil || !isError(t.Type) {
		return
	}
	broken := string(f.text[f.fset.Position(s.Pos()).Offset:f.fset.Position(last.Pos()).Offset]) + "nil"
	f.add(s, "error", broken, func(id int, inner string) string {
		return fmt.Sprintf("if mutant_(%d) { %s }; %s", id, broken, inner)
	})
}

func isError(t types.Type) bool {
	return types.Implements(t, types.Universe.Lookup("error").Type().Underlying().(*types.Interface))
}

func isPanic(s *ast.ExprStmt) bool {
	call, ok := s.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	id, ok := call.Fun.(*ast.Ident)
	return ok && id.Name == "panic"
}
