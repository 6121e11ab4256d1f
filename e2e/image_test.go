package e2e

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestBinary shows that the binary runs where there is nothing else, as in the image,
// and that it knows its version.
func TestBinary(t *testing.T) {
	binary, err := elf.Open(exporter)
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Close()
	for _, p := range binary.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("not static: has %s", p.Type)
		}
	}
	out, err := exec.Command(exporter, "--version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "version "+version+" (branch: , revision: none)") {
		t.Errorf("got version %v:\n%s", err, out)
	}
}

// TestContext builds from nothing but what .dockerignore lets into the image's build:
// that is enough, and in another folder the same sources give the same binary.
func TestContext(t *testing.T) {
	folder := t.TempDir()
	context(t, "..", folder)
	again := filepath.Join(folder, "again")
	if err := build(folder, again); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(again)
	if err != nil {
		t.Fatal(err)
	}
	if want, err := os.ReadFile(exporter); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v: two builds of the same sources differ", err)
	}
}

// context copies what the lines with an exclamation mark name.
func context(t *testing.T, from, to string) {
	t.Helper()
	ignored, err := os.ReadFile(filepath.Join(from, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(ignored)) {
		name, kept := strings.CutPrefix(strings.TrimSpace(line), "!")
		if !kept {
			continue
		}
		found, err := filepath.Glob(filepath.Join(from, name))
		if err != nil || len(found) == 0 {
			t.Errorf(".dockerignore: %s: nothing (%v)", name, err)
		}
		if out, err := exec.Command("cp", append(append([]string{"-r"}, found...), to)...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}

// TestDockerfile compares the image's toolchain with that of go.mod: the official
// image downloads no other.
func TestDockerfile(t *testing.T) {
	find := func(file, pattern string) string {
		text, err := os.ReadFile("../" + file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(pattern).FindSubmatch(text)
		if found == nil {
			t.Fatalf("%s: no match for %s", file, pattern)
		}
		return string(found[1])
	}
	if got, want := find("Dockerfile", `GO_IMAGE=golang:(\S+)`), find("go.mod", `(?m)^go (\S+)`); got != want {
		t.Errorf("the Dockerfile builds with Go %s, go.mod asks for %s", got, want)
	}
}
