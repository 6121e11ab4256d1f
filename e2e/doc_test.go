// Package e2e runs the exporter as its users do: the binary of "make build", before
// a Graph that is simulated and behind a Prometheus that is not.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const (
	tools   = "../.tools/bin/" // filled by "make tools"
	version = "0.0.0-e2e"

	// patience is how long anything may take that takes a moment: on a crowded machine.
	patience = 2 * time.Minute
)

// exporter is the path of the binary under test.
var exporter string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	exporter = filepath.Join(folder, "msgraph_security_exporter")
	if err := build("..", exporter); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// build makes the binary of the sources in a folder, as a release does.
func build(folder, binary string) error {
	out, err := exec.Command("make", "-C", folder, "build", "OUT="+binary, "VERSION="+version, "REVISION=none").CombinedOutput()
	if err != nil {
		return fmt.Errorf("make build: %w\n%s", err, out)
	}
	return nil
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
