package mirror

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var mutants = flag.Bool("mutants", false, "break the mirror on purpose and show that its tests notice")

// TestMutants is the test of the tests: each way of breaking the mirror must make
// the tests of this package fail. It replaces a piece of the source by a broken one
// for one run of go test; a piece that is no longer there fails it as well.
func TestMutants(t *testing.T) {
	cases := []struct{ name, file, good, broken string }{
		{"no overlap", "mirror.go", "narrowOverlap = 30 * time.Second", "narrowOverlap = 0 * time.Second"},
		{"no wide delta", "refresh.go", "wide := time.Since(m.marks.wideAt) >= wideLimit", "wide := false"},
		{"watermark from a partial pass", "pass.go", "	if err != nil {\n		return time.Time{}, fmt.Errorf(\"reading updates",
			"	if err != nil {\n		m.mu.Lock()\n		m.marks.move(m.clock.predict(time.Now()), began, wide)\n		m.mu.Unlock()\n		return time.Time{}, fmt.Errorf(\"reading updates"},
		{"Date uncorrected", "clock.go", "return now.Add(-a.Arrived.Sub(a.Sent) - time.Second)", "return now"},
		{"no sweep of old incidents", "sweep.go", "	for ctx.Err() == nil {\n		begun := time.Now()", "	for ctx.Err() != nil {\n		begun := time.Now()"},
		{"no sweep of young incidents", "mirror.go", "tasks.Go(func() { m.sweepYoung(ctx, since) })", "_ = since"},
		{"drop without asking", "sweep.go", "	if len(missing) <= 2 {\n", "	if len(missing) <= 2 {\n		return m.dropMissing(ctx, missing, began)\n"},
		{"gt for ge, updated", "filter.go", "\"lastUpdateDateTime ge \"", "\"lastUpdateDateTime gt \""},
		{"gt for ge, created", "filter.go", "\"createdDateTime ge \"", "\"createdDateTime gt \""},
		{"no tombstone", "book.go", "	r.moment, r.gone = m, true\n	b.set(r)", "	r.gone = true\n	b.set(r)\n	delete(b.rows, id)"},
		{"order by stamp alone", "book.go", "case in.Updated > old.Updated, later && in.Updated == old.Updated, later && confirmed:", "case in.Updated > old.Updated:"},
		{"order by arrival alone", "book.go", "case in.Updated > old.Updated, later && in.Updated == old.Updated, later && confirmed:", "case true:"},
		{"no closing delta", "sync.go", "taken, err := m.pass(ctx, true)", "taken, err := m.clock.predict(time.Now()), error(nil)\n	m.marks.move(taken, began, true)"},
		{"overflow ignored", "read.go", "		r.overflow = r.overflow || full > 0 && page.More\n", ""},
		{"suspicion ignored", "refresh.go", "err == nil && m.vanished.suspect", "err == nil && false"},
		{"published although it failed", "refresh.go", "	if err == nil {\n		events = m.events(taken)", "	if err != nil {\n		taken, err = m.clock.predict(time.Now()), nil\n	}\n	if err == nil {\n		events = m.events(taken)"},
		{"a gap between cells", "region.go", "part, rest := span{at, r.to}, span{r.from, at}", "part, rest := span{at, r.to}, span{r.from, at - oneSecond}"},
		{"pages believed", "explore.go", "case r.overflow:", "case r.overflow && !r.ended:"},
		{"doubt ignored", "absorb.go", "if verdict == doubtful {", "if verdict == doubtful && false {"},
	}
	t.Run("none", func(t *testing.T) {
		if !*mutants {
			t.Skip("slow: run with -mutants, as make model does")
		}
		if out, err := runMutant(t, "mirror.go", mutate(t, "mirror.go", "package mirror\n", "package mirror\n")); err != nil {
			t.Fatalf("the tests fail by themselves:\n%s", out)
		}
	})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			mutant := mutate(t, c.file, c.good, c.broken)
			if !*mutants {
				t.Skip("slow: run with -mutants, as make model does")
			}
			out, err := runMutant(t, c.file, mutant)
			switch {
			case err == nil:
				t.Errorf("nobody noticed")
			case strings.Contains(out, "[build failed]") || !strings.Contains(out, "--- FAIL"):
				t.Errorf("the mutant does not run:\n%s", out)
			default:
				t.Logf("noticed by %s", noticedBy(out))
			}
		})
	}
}

// mutate returns a file of the package with one piece of it replaced.
func mutate(t *testing.T, file, good, broken string) string {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), good); n != 1 {
		t.Fatalf("%s holds the piece to be broken %d times, want once", file, n)
	}
	return strings.Replace(string(source), good, broken, 1)
}

// runMutant runs the tests of the package with another text of one of its files.
func runMutant(t *testing.T, file, text string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	mutant := filepath.Join(dir, file)
	if err := os.WriteFile(mutant, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	original, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{original: mutant}})
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(config, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", config, "-count=1", "-vet=off", "-timeout=5m", "-model.events=12000", ".")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// noticedBy names the tests that failed.
func noticedBy(out string) string {
	var names []string
	for line := range strings.Lines(out) {
		if name, ok := strings.CutPrefix(line, "--- FAIL: "); ok {
			names = append(names, strings.Fields(name)[0])
		}
	}
	return strings.Join(names, ", ")
}
