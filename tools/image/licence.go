package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// platforms are those that the exporter is released for. What is linked differs by them.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"}

// notice matches the names of files that a licence asks to be passed on.
var notice = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|copyright)s?([.-].*)?$`)

// A listed package is one that the exporter is linked from.
type listed struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Dir string
		Main      bool
	}
}

// licences writes the licence and the notices of everything that the exporter is linked from,
// its own and Go's as well, each below the path of its module. A licence that lies beside a
// package that was taken over from elsewhere is found too.
func licences(ctx context.Context, root, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	goroot, err := output(ctx, root, "", "env", "GOROOT")
	if err != nil {
		return err
	}
	if err := pass(strings.TrimSpace(goroot), filepath.Join(to, "go")); err != nil {
		return err
	}
	for _, platform := range platforms {
		packages, err := linked(ctx, root, platform)
		if err != nil {
			return err
		}
		for _, p := range packages {
			if err := p.pass(to); err != nil {
				return err
			}
		}
	}
	return nil
}

// pass copies what lies beside a package and in each folder above it, up to its module's.
func (p listed) pass(to string) error {
	if p.Standard {
		return nil
	}
	found := 0
	for dir := p.Dir; ; dir = filepath.Dir(dir) {
		below, err := filepath.Rel(p.Module.Dir, dir)
		if err != nil {
			return err
		}
		n, err := copyNotices(dir, filepath.Join(to, p.Module.Path, below))
		if err != nil {
			return err
		}
		if found += n; dir == p.Module.Dir {
			break
		}
	}
	if found == 0 {
		return fmt.Errorf("%s: no licence in %s", p.Module.Path, p.Module.Dir)
	}
	return nil
}

// pass copies the notices of a folder, of which there must be one.
func pass(from, to string) error {
	n, err := copyNotices(from, to)
	if err == nil && n == 0 {
		err = fmt.Errorf("no licence in %s", from)
	}
	return err
}

func copyNotices(from, to string) (int, error) {
	entries, err := os.ReadDir(from)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, e := range entries {
		if e.IsDir() || !notice.MatchString(e.Name()) || strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return 0, err
		}
		if err := write(filepath.Join(to, e.Name()), text); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// linked lists the packages that the exporter is made of on a platform.
func linked(ctx context.Context, root, platform string) ([]listed, error) {
	text, err := output(ctx, root, platform, "list", "-deps", "-json=Dir,Standard,Module", ".")
	if err != nil {
		return nil, err
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(text)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

// output returns what the go command prints in a folder.
func output(ctx context.Context, root, platform string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = root
	command.Stderr = os.Stderr
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if system, processor, ok := strings.Cut(platform, "/"); ok {
		command.Env = append(command.Env, "GOOS="+system, "GOARCH="+processor)
	}
	text, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", command, err)
	}
	return string(text), nil
}
