package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// bounds are the comparisons whose bound moves by one, and opposites those that are turned.
var (
	bounds    = map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}
	opposites = map[token.Token]string{token.LSS: ">=", token.LEQ: ">", token.GTR: "<=", token.GEQ: "<", token.EQL: "!=", token.NEQ: "=="}
	logical   = map[token.Token]string{token.LAND: "||", token.LOR: "&&"}
	operators = map[token.Token]string{
		token.ADD: "-", token.SUB: "+", token.MUL: "/", token.QUO: "*", token.REM: "*",
		token.AND: "|", token.OR: "&", token.SHL: ">>", token.SHR: "<<",
	}
	assigned = map[token.Token]string{token.ADD_ASSIGN: "-=", token.SUB_ASSIGN: "+=", token.MUL_ASSIGN: "/=", token.QUO_ASSIGN: "*=", token.OR_ASSIGN: "&="}
)

// condition turns a condition that is no comparison; those are turned where they stand.
func (f *finder) condition(x ast.Expr) {
	if x == nil || f.isConstant(x) || !f.isBool(x) {
		return
	}
	if p, ok := x.(*ast.ParenExpr); ok {
		x = p.X
	}
	switch x := x.(type) {
	case *ast.BinaryExpr:
		return
	case *ast.UnaryExpr:
		f.either(x, "condition", f.of(x.X))
	default:
		f.either(x, "condition", "!"+f.of(x))
	}
}

// cases turns the conditions of a switch without a tag.
func (f *finder) cases(c *ast.CaseClause) {
	for _, x := range c.List {
		if t := f.info.Types[x]; t.IsValue() && t.Value == nil && f.isBool(x) {
			f.condition(x)
		}
	}
}

func (f *finder) binary(x *ast.BinaryExpr) {
	if f.isConstant(x) {
		return
	}
	left, right := f.of(x.X), f.of(x.Y)
	if f.isBool(x) {
		if op, ok := opposites[x.Op]; ok {
			f.either(x, "condition", left+" "+op+" "+right)
		}
		if op, ok := bounds[x.Op]; ok {
			f.either(x, "bound", left+" "+op+" "+right)
		}
		if op, ok := logical[x.Op]; ok {
			f.either(x, "condition", left+" "+op+" "+right)
			f.operands(x)
		}
		return
	}
	op, ok := operators[x.Op]
	of, named := f.typeName(f.info.Types[x].Type)
	if basic, isBasic := f.info.Types[x].Type.Underlying().(*types.Basic); !ok || !named || !isBasic || basic.Info()&types.IsNumeric == 0 {
		return
	}
	broken := left + " " + op + " " + right
	f.add(x, "operator", broken, func(id int, inner string) string {
		return fmt.Sprintf("func() %s { if mutant_(%d) { return %s }; return %s }()", of, id, broken, inner)
	})
}

// operands turns those operands of && and || that are no comparisons.
func (f *finder) operands(x *ast.BinaryExpr) {
	for _, o := range []ast.Expr{x.X, x.Y} {
		f.condition(o)
	}
}

// typeName returns how a type is written in the file, if it can be.
func (f *finder) typeName(t types.Type) (string, bool) {
	known := true
	name := types.TypeString(t, func(p *types.Package) string {
		if p == f.types {
			return ""
		}
		for _, i := range f.file.Imports {
			if strings.Trim(i.Path.Value, `"`) == p.Path() {
				if i.Name != nil {
					return i.Name.Name
				}
				return p.Name()
			}
		}
		known = false
		return p.Name()
	})
	if b, ok := t.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		return "", false
	}
	return name, known
}

// fields leaves out the fields of a struct's literal, one at a time.
func (f *finder) fields(c *ast.CompositeLit) {
	if _, ok := f.info.Types[c].Type.Underlying().(*types.Struct); !ok {
		return
	}
	for _, e := range c.Elts {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok || zero(pair.Value) {
			continue
		}
		id, ok := pair.Key.(*ast.Ident)
		if !ok {
			continue
		}
		of, named := f.typeName(fieldType(f.info.Types[c].Type, id.Name))
		if !named {
			continue
		}
		before := f.of(pair)
		f.add(pair.Value, "field", "", func(n int, inner string) string {
			return fmt.Sprintf("func() (zero_ %s) { if mutant_(%d) { return }; return %s }()", of, n, inner)
		})
		f.mutants[len(f.mutants)-1].change = oneLine(before)
	}
}

func fieldType(of types.Type, name string) types.Type {
	s := of.Underlying().(*types.Struct)
	for field := range s.Fields() {
		if field.Name() == name {
			return field.Type()
		}
	}
	return types.Typ[types.Invalid]
}

// zero reports whether a value is written as the zero of its type.
func zero(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "nil" || x.Name == "false"
	case *ast.BasicLit:
		return x.Value == "0" || x.Value == `""`
	}
	return false
}
