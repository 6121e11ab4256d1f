//go:build unix

package credential

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"msgraph_security_exporter/internal/configfile"
)

// TestCheckPipe shows that a pipe is refused as a file of secrets, and not waited for.
func TestCheckPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	auth := configfile.Auth{Method: configfile.MethodSecret, ClientSecretFile: pipe}
	err := NewSource(SignIn{Auth: auth}, time.Time{}, nil).CheckFiles()
	if want := "client secret file " + pipe + ": is not a regular file, which could be read anew at each sign-in"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
