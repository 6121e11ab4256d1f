package configfile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestReadSpecial shows that a file is read up to its bound whatever its size is said to be, that its mode
// is told, and that no pipe is waited for.
func TestReadSpecial(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe, file := filepath.Join(dir, "pipe"), filepath.Join(dir, "file")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("x"), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, mode, err := ReadRegular(file, 1024, "reload"); err != nil || mode.Perm() != 0o640 {
		t.Errorf("mode %s, %v", mode, err)
	}
	for path, want := range map[string]string{
		"/proc/self/maps": "is longer than 1 KiB", // it grows: it is empty until it is read
		pipe:              "is not a regular file, which could be read anew at each reload",
		"/dev/zero":       "is not a regular file, which could be read anew at each reload",
	} {
		if _, _, err := ReadRegular(path, 1024, "reload"); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}
