package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A source is a package whose statements are changed: its syntax, types and texts.
type source struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	TestGoFiles             []string
	XTestGoFiles            []string
	Module                  *struct{ Main bool }

	name  string // path from the root of the module
	fset  *token.FileSet
	files []*ast.File
	texts [][]byte
	info  *types.Info
	types *types.Package
}

// load returns the packages of the module in root, parsed and typed, by the paths that are
// not left out. Of what they import it reads what the compiler has written down.
func load(ctx context.Context, root string, without []string) ([]*source, error) {
	command := exec.CommandContext(ctx, "go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,TestGoFiles,XTestGoFiles,Module", "./...")
	command.Dir, command.Stderr = root, os.Stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	exports := map[string]string{}
	var ours []*source
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		p := new(source)
		if err := decoder.Decode(p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		exports[p.ImportPath] = p.Export
		if p.Module == nil || !p.Module.Main {
			continue
		}
		if p.name, err = filepath.Rel(root, p.Dir); err != nil {
			return nil, err
		}
		if !left(p.name, without) {
			ours = append(ours, p)
		}
	}
	lookup := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	for _, p := range ours {
		if err := p.check(lookup); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return ours, nil
}

// left reports whether a package is left out.
func left(name string, without []string) bool {
	return slices.Contains(without, name)
}

// check parses the package's files and finds the types in them.
func (p *source) check(lookup importer.Lookup) error {
	p.fset = token.NewFileSet()
	for _, name := range p.GoFiles {
		text, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(p.fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		p.files, p.texts = append(p.files, file), append(p.texts, text)
	}
	p.info = &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(p.fset, "gc", lookup)}
	var err error
	p.types, err = config.Check(p.ImportPath, p.fset, p.files, p.info)
	return err
}
