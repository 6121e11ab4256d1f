//go:build unix

package graphclient

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAzureCLI: the command az is asked for a token of the tenant for Graph, and what it says
// when it has none is told.
func TestAzureCLI(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	install := func(script string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "az"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var sent string
	connected := func() *Client {
		return connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			sent = r.Header.Get("Authorization")
			return answer(r, http.StatusOK, emptyBody)
		}), func(c *Config) { c.Credential, c.ClientID = AzureCLI(), "" })
	}
	install(`echo "$*" > "` + dir + `/asked"
echo '{"accessToken":"from-az","expires_on":` + fmt.Sprint(time.Now().Add(time.Hour).Unix()) + `}'`)
	if _, _, err := list(t.Context(), connected(), Query{}); err != nil || sent != "Bearer from-az" {
		t.Errorf("sent %q, %v", sent, err)
	}
	asked, _ := os.ReadFile(filepath.Join(dir, "asked"))
	if want := "account get-access-token -o json --resource https://" + graphHost + " --tenant contoso.example\n"; string(asked) != want {
		t.Errorf("asked %q, want %q", asked, want)
	}
	// Before version 2.54 there was the local time alone.
	install(`echo '{"accessToken":"from-old-az","expiresOn":"` + time.Now().Add(time.Hour).Format("2006-01-02 15:04:05.000000") + `"}'`)
	if _, _, err := list(t.Context(), connected(), Query{}); err != nil || sent != "Bearer from-old-az" {
		t.Errorf("sent %q, %v", sent, err)
	}
	install("echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1")
	_, _, err := list(t.Context(), connected(), Query{})
	if ReasonOf(err) != ReasonCredential || !strings.Contains(err.Error(), "Please run 'az login'") {
		t.Errorf("got %v", err)
	}
}

// TestAzureCLIHangs: when az hangs, it ends with all that it has begun.
func TestAzureCLIHangs(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	alive := filepath.Join(dir, "alive")
	if err := syscall.Mkfifo(alive, 0o600); err != nil {
		t.Fatal(err)
	}
	// The child holds the pipe open for as long as it lives, and says so once.
	script := "#!/bin/sh\n(exec >" + alive + "; echo begun; exec sleep 600) &\nwait\n"
	if err := os.WriteFile(filepath.Join(dir, "az"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan *bufio.Reader)
	go func() {
		f, _ := os.Open(alive)
		r := bufio.NewReader(f)
		_, _ = r.ReadString('\n')
		cancel()
		begun <- r
	}()
	if _, failure := (azureCLI{}).requestToken(ctx, &signIn{resource: "https://" + graphHost}, &exchange{}); failure == nil || failure.Reason != ReasonTimeout {
		t.Errorf("got %v", failure)
	}
	if rest, err := io.ReadAll(<-begun); err != nil || len(rest) > 0 { // ends when the child does
		t.Errorf("%q, %v", rest, err)
	}
}

// TestAzureCLIPrintsTooMuch: of what az prints no more is kept than a token can be long.
func TestAzureCLIPrintsTooMuch(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	for script, want := range map[string]string{
		"head -c 50000000 /dev/zero":                          "answer of more than 64 KiB",
		"head -c 50000000 /dev/zero | tr '\\0' x >&2; exit 1": "xxxx",
		"exit 3": "exit status 3",
	} {
		if err := os.WriteFile(filepath.Join(dir, "az"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if memory, _ := cost(func() { _, err = runAzureCLI(t.Context()) }); memory > 1<<20 || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %d KiB, %.99v", script, memory>>10, err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "az")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if _, err := runAzureCLI(t.Context()); !errors.Is(err, errNoAzureCLI) {
		t.Errorf("without az: %v", err)
	}
}
