//go:build linux

package faults

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// jumps is what the adjusted binary has more: signals move its wall clock.
const jumps = `package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

var _ = func() bool {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH)
	go func() {
		for s := range signals {
			switch s {
			case syscall.SIGUSR1:
				time.Jump.Store(3600)
			case syscall.SIGUSR2:
				time.Jump.Store(-3600)
			default:
				time.Jump.Store(0)
			}
		}
	}()
	return true
}()
`

// A patch replaces a text that a file of Go's own sources holds once.
type patch struct{ file, old, new string }

var patches = []patch{
	{"src/time/time.go", "\tsec, nsec, mono := runtimeNow()\n\tif mono == 0 {\n\t\treturn Time{uint64(nsec), sec + unixToInternal, Local}", "\tsec, nsec, mono := runtimeNow()\n\tsec += Jump.Load()\n\tif mono == 0 {\n\t\treturn Time{uint64(nsec), sec + unixToInternal, Local}"},
	{"src/time/time.go", "func now() (sec int64, nsec int32, mono int64)\n", "func now() (sec int64, nsec int32, mono int64)\n\n// Jump is how many seconds the wall clock is ahead.\nvar Jump atomic.Int64\n"},
	{"src/time/time.go", "import (\n", "import (\n\t\"sync/atomic\"\n"},
	{"src/net/dnsconfig_unix.go", "\tfile, err := open(filename)\n\tif err != nil {\n", "\tif server, ok := syscall.Getenv(\"FAULTS_NAME_SERVER\"); ok {\n\t\tconf.servers = []string{server}\n\t\treturn conf\n\t}\n\tfile, err := open(filename)\n\tif err != nil {\n"},
	{"src/net/dnsconfig_unix.go", "import (\n", "import (\n\t\"syscall\"\n"},
}

// overlay writes what go build is to take in place of Go's own sources, and returns the file that
// says so: a wall clock that jumps at a signal, and a name server at any port.
func overlay() (string, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	goroot := strings.TrimSpace(string(out))
	here, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	texts := map[string]string{}
	for _, p := range patches {
		if texts[p.file] == "" {
			text, err := os.ReadFile(filepath.Join(goroot, p.file))
			if err != nil {
				return "", err
			}
			texts[p.file] = string(text)
		}
		if n := strings.Count(texts[p.file], p.old); n != 1 {
			return "", fmt.Errorf("%s holds %q %d times: this Go is another than the patch is for", p.file, p.old, n)
		}
		texts[p.file] = strings.Replace(texts[p.file], p.old, p.new, 1)
	}
	replace := map[string]string{}
	put := func(original, text string) error {
		path := filepath.Join(folder, fmt.Sprintf("overlay%d.go", len(replace)))
		replace[original] = path
		return os.WriteFile(path, []byte(text), 0o600)
	}
	for file, text := range texts {
		if err := put(filepath.Join(goroot, file), text); err != nil {
			return "", err
		}
	}
	if err := put(filepath.Join(here, "jumps.go"), jumps); err != nil {
		return "", err
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "overlay.json")
	return path, os.WriteFile(path, raw, 0o600)
}
