package configfile

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestReadRegular shows that a file is read up to its bound whatever its size is said to be, that of a
// longer one nothing is used, and that no pipe is waited for.
func TestReadRegular(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, bytes.Repeat([]byte("x"), 2048), 0o640); err != nil {
		t.Fatal(err)
	}
	if text, mode, err := ReadRegular(file, 2048, "reload"); err != nil || len(text) != 2048 || mode.Perm() != 0o640 {
		t.Errorf("got %d bytes, mode %s, %v", len(text), mode, err)
	}
	for path, want := range map[string]string{
		file:              "is longer than 1 KiB",
		"/proc/self/maps": "is longer than 1 KiB", // it grows: it is empty until it is read
		dir:               "is a directory",
		pipe:              "is not a regular file, which could be read anew at each reload",
		"/dev/zero":       "is not a regular file, which could be read anew at each reload",
	} {
		if _, _, err := ReadRegular(path, 1024, "reload"); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}
