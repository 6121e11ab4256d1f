package configfile

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestReadRegular shows that a file is read up to its bound, and that of a longer one and of a
// directory nothing is used.
func TestReadRegular(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, bytes.Repeat([]byte("x"), 2048), 0o640); err != nil {
		t.Fatal(err)
	}
	if text, mode, err := ReadRegular(file, 2048, "reload"); err != nil || len(text) != 2048 || mode.Perm()&0o600 != 0o600 {
		t.Errorf("got %d bytes, mode %s, %v", len(text), mode, err)
	}
	for path, want := range map[string]string{
		file: "is longer than 1 KiB",
		dir:  "is a directory",
	} {
		if _, _, err := ReadRegular(path, 1024, "reload"); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}
