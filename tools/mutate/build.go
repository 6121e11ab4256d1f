package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// build compiles the test binaries of all packages that have tests, unless the folder has them already.
func (s settings) build(ctx context.Context, overlay string, sources []*source) ([]*suite, error) {
	args := []string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay=" + overlay, "-o", s.dir + "/"}
	var suites []*suite
	for _, p := range sources {
		if wanted := s.only == nil || slices.Contains(s.only, p.name); wanted && len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 {
			args = append(args, p.ImportPath)
			suites = append(suites, &suite{name: p.name, dir: p.Dir, binary: filepath.Join(s.dir, filepath.Base(p.ImportPath)+".test")})
		}
	}
	state, err := stateOf(s.root, s.dir, strings.Join(args, " "))
	if err != nil {
		return nil, err
	}
	note := filepath.Join(s.dir, "built")
	if last, err := os.ReadFile(note); err != nil || !bytes.Equal(last, state) {
		command := exec.CommandContext(ctx, "go", args...)
		command.Dir, command.Stderr = s.root, os.Stderr
		if err := command.Run(); err != nil {
			return nil, fmt.Errorf("compiling the mutants: %w", err)
		}
		if err := os.WriteFile(note, state, 0o600); err != nil {
			return nil, err
		}
	}
	for _, u := range suites {
		content, err := os.ReadFile(u.binary)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		u.hash = hex.EncodeToString(sum[:8])
	}
	return suites, nil
}

// stateOf returns a digest of all that the test binaries are compiled from: the changed texts in
// dir, and the files of the module but for documentation.
func stateOf(root, dir, args string) ([]byte, error) {
	sum := sha256.New()
	sum.Write([]byte(args))
	digest := func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, err := os.Stat(filepath.Join(name, "go.mod"))
			if apart := err == nil || strings.HasPrefix(d.Name(), "."); apart && name != root && name != dir {
				return filepath.SkipDir
			}
			return nil
		}
		switch filepath.Ext(name) {
		case ".go", ".mod", ".sum", ".html", ".css", ".js":
			content, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			sum.Write(fmt.Appendln(content, name, len(content)))
		}
		return nil
	}
	err := errors.Join(filepath.WalkDir(root, digest), filepath.WalkDir(dir, digest))
	return []byte(hex.EncodeToString(sum.Sum(nil))), err
}
