package main

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// A verdict is what the tests said of a mutant, and of which binaries that holds.
type verdict struct {
	Key  string
	By   string // the test that noticed; "" if none did
	Hash string // of the binary of that test, or of all that reach the mutant
	Note string // why no test noticed, if there is more to say
}

// A judge asks the tests about mutants, and remembers what they said. Its methods may be called at
// once, but for recall.
type judge struct {
	suites []*suite
	mu     sync.Mutex // of known and of the file
	known  map[string]verdict
	file   string
	say    func(string, ...any)
}

// limit is how much of a processor the tests of one mutant may take, as measured without it.
const limit = 30 * time.Second

// recall reads what earlier runs found.
func (j *judge) recall() error {
	j.known = map[string]verdict{}
	text, err := os.ReadFile(j.file)
	if os.IsNotExist(err) {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		var v verdict
		if json.Unmarshal([]byte(line), &v) == nil { // the last line may have been cut off
			j.known[v.Key] = v
		}
	}
	return err
}

func (j *judge) remember(v verdict) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.known[v.Key] = v
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(j.file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := file.Write(append(text, '\n')); err != nil {
		return err
	}
	return file.Close()
}

// reaching returns the tests that come by a mutant, in the order in which they are asked: the one
// that noticed it before, those of its package, the others; the cheap ones first.
func (j *judge) reaching(m *mutant) []*test {
	var tests []*test
	before, _ := j.before(m.key())
	for _, s := range j.suites {
		for _, t := range s.tests {
			if slices.Contains(t.Reaches, m.id) {
				tests = append(tests, t)
			}
		}
	}
	rank := func(t *test) int {
		switch {
		case t.String() == before.By:
			return 0
		case t.suite.name == m.pkg:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(tests, func(a, b *test) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.suite.name, b.suite.name), cmp.Compare(a.CPU, b.CPU))
	})
	return tests
}

// before returns what is known of a mutant.
func (j *judge) before(key string) (verdict, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	v, ok := j.known[key]
	return v, ok
}

// settled returns what is known of a mutant, if it still holds.
func (j *judge) settled(m *mutant) (verdict, bool) {
	v, ok := j.before(m.key())
	if !ok {
		return v, false
	}
	for _, s := range j.suites {
		if strings.HasPrefix(v.By, s.name+".") && !strings.Contains(v.By[len(s.name)+1:], ".") {
			return v, v.Hash == s.hash
		}
	}
	return v, v.By == "" && v.Hash == hashes(j.reaching(m))
}

func hashes(tests []*test) string {
	var all []string
	for _, t := range tests {
		all = append(all, t.suite.hash)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// ask runs the tests that reach a mutant until one notices it.
func (j *judge) ask(ctx context.Context, m *mutant) (verdict, error) {
	tests := j.reaching(m)
	v := verdict{Key: m.key(), Hash: hashes(tests)}
	if len(tests) == 0 {
		v.Note = "no test comes by it"
	}
	var spent time.Duration
	for len(tests) > 0 {
		t := tests[0]
		if t.Fails || t.CPU > dear || spent > limit {
			tests, v.Note = tests[1:], "not all tests that come by it were asked"
			continue
		}
		n, cpu := j.together(v.Key, tests)
		noticed, doubtful := t.suite.notice(ctx, m.id, tests[:n])
		if ctx.Err() != nil {
			return v, ctx.Err()
		}
		if noticed != "" {
			v.By, v.Hash = t.suite.name+"."+noticed, t.suite.hash
			break
		}
		if doubtful != "" {
			j.say("%s.%s fails now and then", t.suite.name, doubtful)
		}
		spent += cpu
		tests = tests[n:]
	}
	return v, j.remember(v)
}

// together returns how many of the first tests are run in one process, and what of a processor they
// take: as many as are cheap, and the one alone that noticed the mutant before.
func (j *judge) together(key string, tests []*test) (n int, cpu time.Duration) {
	before, _ := j.before(key)
	wall := time.Duration(0)
	for _, t := range tests {
		if n > 0 && (t.suite != tests[0].suite || t.Fails || cpu+t.CPU > time.Second || wall+t.Wall > 10*time.Second) {
			break
		}
		n, cpu, wall = n+1, cpu+t.CPU, wall+t.Wall
		if t.String() == before.By {
			break
		}
	}
	return n, cpu
}

// notice returns the test that fails with the mutant alive and passes without it, and one that fails
// without it as well, now that it is run again.
func (s *suite) notice(ctx context.Context, id int, tests []*test) (noticed, doubtful string) {
	for len(tests) > 0 {
		name := s.run(ctx, id, tests)
		if name == "" {
			return "", doubtful
		}
		again := slices.DeleteFunc(slices.Clone(tests), func(t *test) bool { return name != "?" && t.Name != name })
		if s.run(ctx, 0, again) == "" {
			return name, doubtful
		}
		if doubtful = name; name == "?" {
			return "", doubtful
		}
		tests = slices.DeleteFunc(slices.Clone(tests), func(t *test) bool { return t.Name == name })
	}
	return "", doubtful
}
