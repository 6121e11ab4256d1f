// Command mutate is the test of the tests. It changes the program in one place at a time: turns a
// condition, moves a bound by one, swaps an operator, drops a statement or the field of a literal,
// returns no error; and shows for each change which test notices it. A change that none notices
// must stand with its reason in survivors.txt, or the run fails.
//
// All mutants are compiled into the test binaries once, and a variable of the environment says
// which one is alive: a mutant costs the run of those tests that come by it, and no compilation.
// What was found is kept in a folder, so that a run can be ended and continued.
//
// The tools that are kept elsewhere did not fit: gremlins drops no statements and no errors, copies
// the tree for each worker, and knows no list of explained survivors.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// leftOut has no mutants: main.go, which only the end-to-end tests run, and what is for tests alone.
var leftOut = []string{".", "internal/architecture", "internal/graphtest"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// settings are what the flags say.
type settings struct {
	root, dir, survivors string
	n                    int
	seed                 uint64
	only                 []string
	list, named          bool
	workers              int
	duration             time.Duration
}

func run(ctx context.Context, args []string) error {
	var s settings
	set := flag.NewFlagSet("mutate", flag.ContinueOnError)
	set.StringVar(&s.root, "C", ".", "root of the sources")
	set.StringVar(&s.dir, "dir", ".tools/mutants", "folder for what is compiled and found, below the root")
	set.StringVar(&s.survivors, "survivors", "tools/mutate/survivors.txt", "the explained survivors, below the root")
	set.IntVar(&s.n, "n", 320, "mutants of the sample; 0: all")
	set.Uint64Var(&s.seed, "seed", 1, "seed of the sample")
	only := set.String("packages", "", "only the mutants and the tests of these packages, by their paths from the root, with commas between")
	set.BoolVar(&s.named, "named", false, "ask about the named mutants alone")
	set.IntVar(&s.workers, "workers", runtime.GOMAXPROCS(0), "mutants that are asked about at once")
	set.BoolVar(&s.list, "list", false, "list the mutants of the sample and ask no test")
	set.DurationVar(&s.duration, "for", 24*time.Hour, "end after this time; the next run goes on")
	if err := set.Parse(args); err != nil {
		return err
	}
	if *only != "" {
		s.only = strings.Split(*only, ",")
	}
	var err error
	if s.root, err = filepath.Abs(s.root); err != nil {
		return err
	}
	s.dir = filepath.Join(s.root, s.dir)
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.duration, errLater)
	defer cancel()
	err = s.run(ctx)
	if errors.Is(context.Cause(ctx), errLater) {
		return errLater
	}
	return err
}

var errLater = errors.New("not finished: run it again, and it goes on")

// run finds the mutants, compiles them, and asks the tests about each.
func (s settings) run(ctx context.Context) error {
	sources, err := load(ctx, s.root, leftOut)
	if err != nil {
		return err
	}
	mutants := map[*source][]*mutant{}
	for _, p := range sources {
		// Each package has numbers of its own, so that a change of one leaves the others' binaries.
		next := int(1+crc32.ChecksumIEEE([]byte(p.name))%100000) * 10000
		mutants[p] = p.find(&next)
	}
	if s.named {
		j := &judge{file: filepath.Join(s.dir, "named.jsonl"), say: say, known: map[string]verdict{}}
		return s.askNamed(ctx, j)
	}
	if s.list {
		for _, m := range sample(mutants, s.n, s.seed) {
			say("%s:%d %s", filepath.Join(m.pkg, m.file), m.line, m.key())
		}
		return nil
	}
	texts, err := overlay(s.dir, sources, mutants)
	if err != nil {
		return err
	}
	suites, err := s.build(ctx, texts, sources)
	if err != nil {
		return err
	}
	for _, u := range suites {
		if err := u.measure(ctx, s.dir, say); err != nil {
			return err
		}
	}
	explained, err := explanations(filepath.Join(s.root, s.survivors))
	if err != nil {
		return err
	}
	j := &judge{suites: suites, file: filepath.Join(s.dir, "results.jsonl"), say: say}
	return errors.Join(j.recall(), outdated(explained, mutants), s.judge(ctx, j, sample(mutants, s.n, s.seed), explained))
}

// judge asks about each mutant of a sample, and about the named ones where it is of all packages.
func (s settings) judge(ctx context.Context, j *judge, picked []*mutant, explained map[string]string) error {
	if s.only != nil {
		picked = slices.DeleteFunc(picked, func(m *mutant) bool { return !slices.Contains(s.only, m.pkg) })
	}
	verdicts, err := j.askAll(ctx, picked, s.workers)
	if err != nil {
		return err
	}
	r := newReport()
	for i, m := range picked {
		r.add(m, verdicts[i])
	}
	err = r.print(explained)
	if s.only != nil {
		return err
	}
	return errors.Join(err, s.askNamed(ctx, j))
}

// askNamed asks about the named mutants, and returns an error if one is not noticed.
func (s settings) askNamed(ctx context.Context, j *judge) error {
	alive, err := j.askNamed(ctx, s)
	if err != nil {
		return err
	}
	for _, name := range alive {
		err = errors.Join(err, fmt.Errorf("not noticed: %s", name))
	}
	say("%d of %d named mutants are noticed", len(onceUnnoticed)-len(alive), len(onceUnnoticed))
	return err
}

// words says what became of a mutant.
func (v verdict) words() string {
	if v.By != "" {
		return "noticed by " + v.By
	}
	return strings.TrimSuffix("NOT NOTICED: "+v.Note, ": ")
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }
