//go:build linux

// Package faults plays every fault of Graph and of the network against the built exporter, at every
// moment at which it asks Graph for something: "make faults" runs all of it and writes the table in
// docs/reliability.md.
package faults

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

const (
	root     = "../.."
	document = root + "/docs/reliability.md"

	tenantID = "11111111-2222-3333-4444-555555555555"
	clientID = "66666666-7777-8888-9999-000000000000"
)

// What is in no output of any case.
const (
	secret        = "planted~Secret-8Q3x.wVd"
	pfxPassword   = "planted~Password-7Jq.zzK"
	federated     = "plantedHeaderxxxxxxxxx.plantedAssertionyyyyyyy.plantedSignaturezzzzz"
	identity      = "planted~Identity-5Tn.Hqq"
	proxyPassword = "planted~Proxy-2Lm.Rtt"
)

var (
	update   = flag.Bool("update", false, "play everything, and write the table into docs/reliability.md")
	sample   = flag.Int("faults.sample", 0, "play so many cases, taken at random, and none that takes a binary of its own")
	seed     = flag.Uint64("faults.seed", 1, "what the sample depends on")
	only     = flag.String("faults.only", "", "play the cases whose name matches this regular expression")
	keep     = flag.String("faults.keep", "", "a file of outcomes: cases that are in it are not played again, so that several runs make a table")
	parallel = flag.Int("faults.parallel", 48, "how many cases are played at once: they mostly wait")
)

// Where the binaries are, and their folder.
var exporter, folder string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); *parallel > 0 {
		_ = f.Value.Set(strconv.Itoa(*parallel))
	}
	var err error
	if folder, err = os.MkdirTemp("", "faults"); err == nil {
		defer os.RemoveAll(folder)
		exporter = filepath.Join(folder, "msgraph_security_exporter")
		var out []byte
		if out, err = exec.Command("make", "-C", root, "build", "OUT="+exporter).CombinedOutput(); err != nil {
			err = fmt.Errorf("make build: %w\n%s", err, out)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// adjusted returns the binary that is built of the same sources, with a clock and a name server that
// the test sets.
var adjusted = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, "adjusted")
	overlay, err := overlay()
	if err != nil {
		return "", err
	}
	command := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-overlay="+overlay, "-o", path, ".")
	command.Dir = root
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build -overlay: %w\n%s", err, out)
	}
	return path, nil
})
