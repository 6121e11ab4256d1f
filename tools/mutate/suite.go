package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// A suite is the test binary of a package, with every mutant in it.
type suite struct {
	name, dir, binary string
	hash              string
	tests             []*test
}

// A test is one function of a suite: what it costs where nothing is changed, and by which
// mutants it comes.
type test struct {
	suite   *suite
	Name    string
	CPU     time.Duration
	Wall    time.Duration
	Reaches []int
	Fails   bool // by itself
}

func (t *test) String() string { return t.suite.name + "." + t.Name }

// flags are those that the tests of a package are run with, to make them shorter.
var flags = map[string][]string{"internal/mirror": {"-model.events=600"}}

// dear is how much of a processor a test may take and still be asked about mutants.
const dear = 12 * time.Second

// measure runs each test of the suite alone, where nothing is changed. What it finds is kept in
// the folder until the binary changes.
func (s *suite) measure(ctx context.Context, dir string, say func(string, ...any)) error {
	kept := filepath.Join(dir, "reach-"+strings.ReplaceAll(s.name, "/", "-")+"-"+s.hash+".json")
	if text, err := os.ReadFile(kept); err == nil {
		if err := json.Unmarshal(text, &s.tests); err != nil {
			return fmt.Errorf("%s: %w", kept, err)
		}
	}
	for _, t := range s.tests {
		t.suite = s
	}
	names, err := s.command(ctx, dear, nil, "-test.list=.").Output()
	if err != nil {
		return fmt.Errorf("%s: %w", s.binary, err)
	}
	for name := range strings.FieldsSeq(string(names)) {
		if strings.HasPrefix(name, "Benchmark") || s.has(name) {
			continue
		}
		t := &test{suite: s, Name: name}
		for range 2 { // a busy machine may have failed it once
			if err := t.measure(ctx, filepath.Join(dir, "reach.txt")); err != nil {
				return err
			}
			if !t.Fails || t.CPU > dear/2 {
				break
			}
		}
		if s.tests = append(s.tests, t); t.Fails {
			say("%s fails or takes too long by itself, and is not asked", t)
		}
		text, err := json.Marshal(s.tests)
		if err != nil {
			return err
		}
		if err := os.WriteFile(kept, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (s *suite) has(name string) bool {
	for _, t := range s.tests {
		if t.Name == name {
			return true
		}
	}
	return false
}

func (t *test) measure(ctx context.Context, reach string) error {
	if err := os.Remove(reach); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	began := time.Now()
	command := t.suite.command(ctx, dear, []string{"MUTANT_REACH=" + reach}, "-test.run=^"+t.Name+"$", "-test.timeout=5m")
	err := command.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	t.Wall, t.CPU, t.Fails, t.Reaches = time.Since(began), command.ProcessState.UserTime(), err != nil, nil
	text, err := os.ReadFile(reach)
	if err != nil {
		return err
	}
	for line := range strings.FieldsSeq(string(text)) {
		var id int
		if _, err := fmt.Sscan(line, &id); err != nil {
			return err
		}
		t.Reaches = append(t.Reaches, id)
	}
	return nil
}

// command runs the suite as go test does, for so much of a processor's time at most: how long a test
// waits says little on a busy machine, but a mutant that never ends takes all it can get.
func (s *suite) command(ctx context.Context, cpu time.Duration, env []string, args ...string) *exec.Cmd {
	args = append(append(args, "-test.failfast", "-test.short"), flags[s.name]...)
	limited := fmt.Sprintf(`ulimit -t %.0f; exec "$0" "$@"`, cpu.Seconds())
	c := exec.CommandContext(ctx, "sh", append([]string{"-c", limited, s.binary}, args...)...)
	c.Dir, c.Env = s.dir, append(os.Environ(), env...)
	c.WaitDelay = 5 * time.Second
	return c
}

var failed = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)

// run runs some tests with a mutant alive, none if it is 0, and returns the name of the first that
// failed: "" if all passed, and "?" if it does not say.
func (s *suite) run(ctx context.Context, id int, tests []*test) string {
	var names []string
	timeout, cpu := 45*time.Second, 10*time.Second
	for _, t := range tests {
		names = append(names, t.Name)
		timeout, cpu = timeout+3*t.Wall, cpu+5*t.CPU
	}
	ctx, cancel := context.WithTimeout(ctx, timeout+10*time.Second)
	defer cancel()
	command := s.command(ctx, cpu, []string{fmt.Sprint("MUTANT=", id)}, "-test.run=^("+strings.Join(names, "|")+")$", fmt.Sprint("-test.timeout=", timeout))
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if command.Run() == nil {
		return ""
	}
	if m := failed.FindStringSubmatch(out.String()); m != nil {
		return m[1]
	}
	if len(names) == 1 {
		return names[0]
	}
	return "?"
}
