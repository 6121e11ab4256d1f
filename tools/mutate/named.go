package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A named mutant is one that the tests once did not notice. Each is a piece of a file and what
// stands in its place, compiled by itself.
type named struct {
	name, file   string
	good, broken string
	in           string // folder of the module whose tests are asked
	tests        string // package, and of which tests, as go test has it
}

// onceUnnoticed are those that an independent review found alive.
var onceUnnoticed = []named{
	{"the origin without its scheme", "graphclient/endpoint.go", "a.Scheme == b.Scheme && equal", "equal", ".", "./graphclient"},
	{"the assertion is not hidden", "graphclient/signin.go", "\ts.redact.hide(shown)\n", "", ".", "./graphclient"},
	{"the platform's service through the proxy", "graphclient/transport.go", "\t\t\treturn nil, nil\n", "\t\t\treturn choose(r)\n", ".", "./graphclient"},
	{"an error's body without an end", "graphclient/errorbody.go", "decode(resp, maxErrorBody,", "decode(resp, 1<<40,", ".", "./graphclient"},
	{"why the last credential serves, uncleaned", "graphclient/credential.go", "s.redact.scrub(why)", "why", ".", "./graphclient"},
	{"no limit on the time of headers", "internal/server/listen.go", "ReadHeaderTimeout: 10 * time.Second", "ReadHeaderTimeout: 0", ".", "./internal/server"},
	{"headers of 64 MiB", "internal/server/listen.go", "64 << 10", "64 << 20", ".", "./internal/server"},
	{"reloads at once", "internal/server/reload.go", "\tr.mu.Lock()\n\tdefer r.mu.Unlock()\n", "", ".", "./internal/server"},
	{"no limit on writing an answer", "internal/server/exposition.go", "\tlimitWriting(w)\n", "", ".", "./internal/server"},
	{"a proxy's password unknown to the client", "internal/server/fleet.go", "Hidden: cfg.Hidden, ", "", ".", "./internal/server"},
	{"a second signal changes nothing", "main.go", "\tcontext.AfterFunc(ctx, stop)\n", "", "e2e", ". -run=TestSecondSignal"},
}

// noticed reports whether the tests notice the mutant. They have passed without it, or the run of
// the others would have said so.
func (n named) noticed(ctx context.Context, s settings) (bool, error) {
	original := filepath.Join(s.root, n.file)
	text, err := os.ReadFile(original)
	if err != nil {
		return false, err
	}
	if count := strings.Count(string(text), n.good); count != 1 {
		return false, fmt.Errorf("%s: %s holds the piece to be broken %d times, want once", n.name, n.file, count)
	}
	changed, config := filepath.Join(s.dir, "named_"+filepath.Base(n.file)), filepath.Join(s.dir, "named.json")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	if err != nil {
		return false, err
	}
	broken := strings.Replace(string(text), n.good, n.broken, 1)
	if err := errors.Join(os.WriteFile(changed, []byte(broken), 0o600), os.WriteFile(config, overlay, 0o600)); err != nil {
		return false, err
	}
	args := append([]string{"test", "-count=1", "-failfast", "-short", "-vet=off", "-timeout=5m"}, strings.Fields(n.tests)...)
	command := exec.CommandContext(ctx, "go", args...)
	// By the environment, because the end-to-end tests build the program themselves.
	command.Dir, command.Env = filepath.Join(s.root, n.in), append(os.Environ(), "GOFLAGS=-buildvcs=false -overlay="+config)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err = command.Run()
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err == nil:
		return false, nil
	case strings.Contains(out.String(), "[build failed]") || strings.Contains(out.String(), "[setup failed]"):
		return false, fmt.Errorf("%s: the mutant does not run:\n%s", n.name, out.String())
	}
	return true, nil
}

// key names the mutant together with all that the verdict depends on.
func (n named) key(state string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %v", state, n))
	return fmt.Sprintf("%s: %s %x", n.file, n.name, sum[:6])
}

// askNamed asks about each named mutant, and returns those that nobody noticed.
func (j *judge) askNamed(ctx context.Context, s settings) (alive []string, err error) {
	var state []string
	for _, u := range j.suites {
		state = append(state, u.hash)
	}
	for _, n := range onceUnnoticed {
		v, ok := j.before(n.key(strings.Join(state, " ")))
		if !ok {
			noticed, err := n.noticed(ctx, s)
			if err != nil {
				return nil, err
			}
			if v = (verdict{Key: n.key(strings.Join(state, " "))}); noticed {
				v.By = n.tests
			}
			if err := j.remember(v); err != nil {
				return nil, err
			}
			j.say("%s: %s: %s", n.file, n.name, v.words())
		}
		if v.By == "" {
			alive = append(alive, n.name)
		}
	}
	return alive, nil
}
