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
	"strings"
)

// build compiles the test binaries of all packages that have tests, unless the folder has them already.
func build(ctx context.Context, root, dir, overlay string, sources []*source) ([]*suite, error) {
	args := []string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay=" + overlay, "-o", dir + "/"}
	var suites []*suite
	for _, p := range sources {
		if len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 {
			args = append(args, p.ImportPath)
			suites = append(suites, &suite{name: p.name, dir: p.Dir, binary: filepath.Join(dir, filepath.Base(p.ImportPath)+".test")})
		}
	}
	state, err := stateOf(root, dir, strings.Join(args, " "))
	if err != nil {
		return nil, err
	}
	note := filepath.Join(dir, "built")
	if last, err := os.ReadFile(note); err != nil || !bytes.Equal(last, state) {
		command := exec.CommandContext(ctx, "go", args...)
		command.Dir, command.Stderr = root, os.Stderr
		if err := command.Run(); err != nil {
			return nil, fmt.Errorf("compiling the mutants: %w", err)
		}
		if err := os.WriteFile(note, state, 0o600); err != nil {
			return nil, err
		}
	}
	for _, s := range suites {
		content, err := os.ReadFile(s.binary)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		s.hash = hex.EncodeToString(sum[:8])
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
