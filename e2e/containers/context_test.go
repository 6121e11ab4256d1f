package containers

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// takeContext copies to a folder what .dockerignore lets into the image's build.
func takeContext(t *testing.T, to string) {
	t.Helper()
	ignored, err := os.ReadFile(filepath.Join(root, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(ignored)) {
		name, kept := strings.CutPrefix(strings.TrimSpace(line), "!")
		if !kept {
			continue
		}
		found, err := filepath.Glob(filepath.Join(root, name))
		if err != nil || len(found) == 0 {
			t.Errorf(".dockerignore: %s: nothing (%v)", name, err)
		}
		folder := filepath.Join(to, filepath.Dir(name))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		output(t, "cp", append(append([]string{"-r"}, found...), folder)...)
	}
}

func sum(content []byte) [sha256.Size]byte { return sha256.Sum256(content) }
