// Package containers runs the exporter as it is shipped: its image in a container engine, alone
// and with the Prometheus and the Alertmanager of deploy/compose. "make base-images" has to have
// made what cannot be pulled.
package containers

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const (
	root    = "../.."
	image   = "msgraph_security_exporter"
	version = "0.0.0-e2e"

	// patience is how long anything may take that takes a moment: on a crowded machine.
	patience = 4 * time.Minute
)

// output returns what a command prints, and ends the test if it fails.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// makes runs a target of the Makefile in a folder, with the same version everywhere.
func makes(t *testing.T, folder, target string, variables ...string) {
	t.Helper()
	output(t, "make", append([]string{"-C", folder, target, "VERSION=" + version, "REVISION=none"}, variables...)...)
}

// fetch returns the page at a URL.
func fetch(url string) (string, error) {
	answer, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s\n%s", url, answer.Status, page)
	}
	return string(page), err
}

// await tries until there is no error, and fails the test with the last one when
// patience ends.
func await(t *testing.T, what string, try func() error) {
	t.Helper()
	last := fmt.Errorf("not tried")
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(patience); time.Now().Before(until); <-tick.C {
		if last = try(); last == nil {
			return
		}
	}
	t.Fatalf("%s: not within %s: %v", what, patience, last)
}
