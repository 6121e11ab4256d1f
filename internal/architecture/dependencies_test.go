package architecture

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// platforms are those of a release. What is linked differs by them.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"}

// TestDependencies compares the tables of docs/dependencies.md with what is linked into the
// program, and with go.mod.
func TestDependencies(t *testing.T) {
	chosen, brought, tests := dependencyTable(t, "Chosen"), dependencyTable(t, "Brought along"), dependencyTable(t, "In tests alone")
	direct, indirect := required(t)
	if diff := cmp.Diff(direct, slices.Sorted(slices.Values(slices.Concat(names(chosen), names(tests))))); diff != "" {
		t.Errorf("chosen ones and those of tests (-go.mod +docs/dependencies.md):\n%s", diff)
	}
	if diff := cmp.Diff(indirect, names(brought)); diff != "" {
		t.Errorf("those brought along (-go.mod +docs/dependencies.md):\n%s", diff)
	}
	linked := linkedModules(t)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(linked)), slices.Sorted(slices.Values(slices.Concat(names(chosen), names(brought))))); diff != "" {
		t.Errorf("what is linked (-go list +docs/dependencies.md):\n%s", diff)
	}
	for _, row := range slices.Concat(chosen, brought) {
		if folder, ok := linked[row[0]]; ok && licenceOf(t, folder) != row[1] {
			t.Errorf("%s: its licence is %s, and docs/dependencies.md says %s", row[0], licenceOf(t, folder), row[1])
		}
		if row[2] == "" {
			t.Errorf("%s: docs/dependencies.md does not say why", row[0])
		}
	}
}

// dependencyTable returns the rows below a heading: module, licence and reason.
func dependencyTable(t *testing.T, heading string) (rows [][3]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## "+heading+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\| ([^|]*) \\|$").FindAllStringSubmatch(section, -1) {
		rows = append(rows, [3]string{m[1], m[2], m[3]})
	}
	if len(rows) == 0 {
		t.Fatalf("docs/dependencies.md has no table %q", heading)
	}
	return rows
}

func names(rows [][3]string) (names []string) {
	for _, row := range rows {
		names = append(names, row[0])
	}
	return names
}

// required returns what go.mod requires, for our imports and for others'.
func required(t *testing.T) (direct, indirect []string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	for _, r := range file.Require {
		if r.Indirect {
			indirect = append(indirect, r.Path)
		} else {
			direct = append(direct, r.Path)
		}
	}
	return direct, indirect
}

// linkedModules returns the folders of the modules that the program is linked from, ours aside, on any platform.
func linkedModules(t *testing.T) map[string]string {
	t.Helper()
	modules := map[string]string{}
	for _, platform := range platforms {
		system, processor, _ := strings.Cut(platform, "/")
		command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}", ".")
		command.Dir = root
		command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor)
		out, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			if path, folder, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
				modules[path] = folder
			}
		}
	}
	return modules
}

// licenceOf recognizes the licence in a folder by what only its text says.
func licenceOf(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "[LC][IO][CP][EY]*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no licence, %v", folder, err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(content)), " ")
	switch {
	case strings.Contains(text, "Apache License Version 2.0"):
		return "Apache-2.0"
	case strings.Contains(text, "Permission is hereby granted, free of charge"):
		return "MIT"
	case strings.Contains(text, "Redistribution and use in source and binary forms") && strings.Contains(text, "endorse or promote"):
		return "BSD-3-Clause"
	case strings.Contains(text, "Redistribution and use in source and binary forms"):
		return "BSD-2-Clause"
	}
	return "unknown"
}
