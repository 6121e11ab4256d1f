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
// for one run of go test; a piece that is no longer there fails it as well. The tests that hold
// a rule are asked first, and all others only where these notice nothing.
func TestMutants(t *testing.T) {
	cases := []struct{ name, file, good, broken, by string }{
		{"no overlap", "pass.go", "overlap, shortOverlap = 30 * time.Second, 10 * time.Second", "overlap, shortOverlap = 0 * time.Second, 0 * time.Second", "TestModel"},
		{"no lookback", "mirror.go", "\ttasks.Go(func() { m.lookBack(ctx) })\n", "", "TestBetweenPulls|TestLateChanges"},
		{"a lookback of the overlap", "pass.go", "since, limit := m.lookbackFrom.Add(-lookbackReach)", "since, limit := m.lookbackFrom.Add(-overlap)", "TestLateChanges|TestModel"},
		{"watermark from a partial pass", "pass.go", "\t\tif err != nil {\n\t\t\tif p.walk != nil {", "\t\tif err != nil {\n\t\t\tm.mu.Lock()\n\t\t\tm.finish(p)\n\t\t\tm.mu.Unlock()\n\t\t\tif p.walk != nil {", "TestModel"},
		{"Date uncorrected", "../serviceclock/clock.go", "return now.Add(-a.Arrived.Sub(a.Sent) - time.Second), fell", "return now, fell", "TestClock"},
		{"a Date ahead believed", "../serviceclock/clock.go", "\treturn now.Sub(c.ahead) >= Patience\n", "\treturn true\n", "TestClock|TestDatesThatRunAhead"},
		{"marks stay when the clock falls", "take.go", "\tif by > serviceclock.MaxSway && !m.watermark.IsZero() {", "\tif by > serviceclock.MaxSway && by < 0 {", "TestDatesThatRunAhead"},
		{"a late change changes no clock", "../serviceclock/clock.go", "\tif by <= reach ||", "\tif true || by <= reach ||", "TestDatesThatRunAhead"},
		{"no sweep", "mirror.go", "\ttasks.Go(func() { m.sweep(ctx) })\n", "", "TestUndatedChanges"},
		{"no sweep of young incidents", "partition.go", "due = min(due, w.read+youngPace)", "due = max(due, w.read)", "TestYoungScores"},
		{"a failing window stops the others", "partition.go", "\t\tif due < at {\n", "\t\tif w.failed != \"\" {\n\t\t\treturn *w, max(due, w.due)\n\t\t}\n\t\tif due < at {\n", "TestFailingWindow"},
		{"a failing window forgets its reason", "sweep.go", "\treturn cmp.Or[error](err, windowError{m.windows.windows[i]})\n", "\treturn cmp.Or[error](err)\n", "TestFailingWindow"},
		{"an idle tenant is read as if it were not", "sweep.go", "m.windows.idle = m.copy.youngest < since && !odd;", "m.windows.idle = odd && !odd;", "TestIdleTenant"},
		{"nothing ends the idleness", "copy.go", "\t\tc.youngest = max(c.youngest, r.Created)\n", "", "TestIdleTenant|TestYoungScores"},
		{"a denial outlives its incident", "sweep.go", "bool { return !m.copy.holdsOpen(id) })", "bool { return false })", "TestDenialOfAClosedIncident"},
		{"late sweeps without a word", "health.go", "if m.windows.late(now, young, m.cfg.SweepInterval) || ", "if ", "TestLateSweeps"},
		{"a burst without a word", "health.go", " || m.lookbackBegan.Before(m.hurried) {", " {", "TestBehindAfterABurst"},
		{"what was idle counts as unread", "partition.go", "return max(w.read, p.woke)", "return w.read", "TestIdleTenant"},
		{"drop without asking", "denial.go", "\tgone, err := m.absent(ctx, missing)\n", "\tgone, err := missing, error(nil)\n", "TestOmittedRow|TestUndatedChanges"},
		{"believe every denial", "denial.go", "\tif s.active() || !alive || total > denyFew && total*denyShare > s.base {", "\tif false {", "TestLapsedLicence"},
		{"a suspicion that nothing ends", "sweep.go", "\tcase !s.active():\n\t\treturn\n", "\tcase true:\n\t\treturn\n", "TestStormOfDenials"},
		{"a lapsed licence believed", "sweep.go", "\tif len(s.withheld) >= m.copy.open && s.full > denyFew {", "\tif false {", "TestNothingOpenIsLeft"},
		{"gt for ge", "../reading/region.go", "property+\" ge \"", "property+\" gt \"", "TestRegionFilter"},
		{"le for lt", "../reading/region.go", "property+\" lt \"+Stamp(s.To.Time())", "property+\" lt \"+Stamp(s.To.Time().Add(-time.Second))", "TestRegionFilter"},
		{"rule 1: an old answer counts", "copy.go", "\tcase m.arrived <= old.sent || old.denied && !later:\n\t\treturn false\n", "", "TestCopy"},
		{"rule 3: a denial is overruled", "copy.go", "\tcase m.arrived <= old.sent || old.denied && !later:", "\tcase m.arrived <= old.sent:", "TestCopy"},
		{"rule 3: order by arrival alone", "copy.go", "\tcase in.Updated > old.Updated, later && (in.Updated == old.Updated || old.denied):", "\tcase true:", "TestCopy"},
		{"rule 4: order by stamp alone", "copy.go", "\tcase in.Updated > old.Updated, later && (in.Updated == old.Updated || old.denied):", "\tcase in.Updated > old.Updated:", "TestCopy"},
		{"rule 6: no third answer", "copy.go", "\tcase contradicted && other.Incident == in && m.sent >= other.arrived:\n", "", "TestCopy"},
		{"contradictions unresolved", "pass.go", "\tif len(ids) == 0 {\n\t\treturn true\n\t}\n", "\tif len(ids) >= 0 {\n\t\treturn true\n\t}\n", "TestModel"},
		{"no tombstone", "copy.go", "\tr.moment, r.denied = m, true\n\tc.set(r)", "\tr.moment, r.denied = m, true\n\tc.set(r)\n\tdelete(c.rows, id)", "TestCopy"},
		{"no pass before the first snapshot", "start.go", "unread := m.update(ctx, &s.pass, false)", "unread := error(nil)", "TestChangesDuringFirst|TestStartInAStorm"},
		{"no probe", "../reading/walk.go", "\treturn l.Unknown == 0, nil\n", "\treturn l.Unknown >= 0, nil\n", "TestUnsortedAfterAll"},
		{"an order of one time", "../reading/walk.go", "o.shown(rows, false) >= manyTimes", "true", "TestStartInAStorm"},
		{"a listing stands whatever happens", "start.go", "return passed && m.stands(s.pending, defender.TicksOf(s.sent.Add(-overlap))), nil", "return true, nil", "TestStartWhileAListShrinks"},
		{"an end that is not credible", "../reading/listing.go", "\t\tif i < n-1 && len(page) != size || i == n-1 && len(page) >= size {", "\t\tif i < n-1 && len(page) != size {", "TestCountsUp"},
		{"repeated ids believed", "../reading/listing.go", "\treturn !strays && len(l.Each()) == rows", "\treturn !strays", "TestCountsUp"},
		{"strays believed", "../reading/listing.go", "\treturn !strays && len(l.Each()) == rows", "\treturn (strays || !strays) && len(l.Each()) == rows", "TestCountsUp"},
		{"an overflow taken for a cell", "../reading/listing.go", "\tcase !l.Ended || l.gaps:\n\t\treturn false", "\tcase l.gaps:\n\t\treturn false", "TestCountsUp"},
		{"published although it failed", "pass.go", "\t\t\treturn fmt.Errorf(\"reading updates since %s: %w\", reading.Stamp(p.since), err)\n\t\t}\n\t\tif !m.resolve", "\t\t\tm.mu.Lock()\n\t\t\tm.publish(m.clock.Predict(time.Now()), p.began)\n\t\t\tm.mu.Unlock()\n\t\t\treturn nil\n\t\t}\n\t\tif !m.resolve", "TestRecovery"},
		{"a gap between cells", "../reading/cover.go", "\tolder.To, older.times, older.over = at, slices.Clip(p.times[:i]), false", "\tolder.To, older.times, older.over = at-defender.Second, p.times[:i], false", "TestCover"},
		{"one 400 is enough", "../reading/listing.go", "\tfor range 2 {\n\t\tif graphclient", "\tfor range 2 {\n\t\tif graphclient.ReasonOf(err) == graphclient.ReasonBadRequest {\n\t\t\tr.refuseStatusFilter(ctx, err)\n\t\t}\n\t\tif graphclient", "TestObstacles/one_400"},
		{"behind without a word", "health.go", "\tif m.refresh != nil && !m.refresh.over() && m.refresh.abandoned {", "\tif false {", "TestBulkClosing|TestSlowGraph"},
		{"the background is not paced", "mirror.go", "\tspacing := time.Duration(2 * float64(time.Minute) /", "\tspacing := time.Duration(0 * float64(time.Minute) /", "TestSteadyUpdates|TestBulkClosing"},
		{"a lookback after an outage reads half an hour", "pass.go", "m.resumed = m.resumed || failures > 0 ||", "m.resumed = m.resumed ||", "TestLateChanges"},
		{"an ignored filter is followed", "../reading/listing.go", "page.More && (first || len(l.Pages) >= pages)", "page.More && (false && first || len(l.Pages) >= pages)", "TestObstacles/update_ignored"},
		{"a start that is stuck for ever", "start.go", "\treturn s.failures > 1\n", "\treturn false\n", "TestObstacles/created_refused"},
		{"no listing instead of cells", "start.go", "s.stuck(err, false) {", "false {", "TestObstacles/created_refused"},
		{"no start without passes", "start.go", "if unread != nil && !unfiltered(unread) {", "if unread != nil {", "TestObstacles/update_refused"},
		{"a start goes on after any halt", "start.go", "if time.Since(moved) > m.cfg.SweepInterval {", "if time.Since(moved) < 0 {", "TestHaltedStart"},
		{"hidden incidents believed", "denial.go", "alive = alive && !m.copy.holdsOpen(denied[i])", "_ = alive", "TestHidden"},
		{"few of few are believed", "denial.go", "if denied <= few && !none && !m.suspects() {", "if denied <= few && !m.suspects() {", "TestLapsedLicence"},
		{"a second look at a Graph that is not alive", "denial.go", "if !alive && s.look > 0 {", "if false {", "TestLapseThat|TestHidden"},
		{"an ambiguous order is gone by", "../reading/walk.go", "was == \"\" && w.ambiguous(rows):", "false:", "TestAmbiguousOrder"},
		{"a start anew forgets the reason", "start.go", "\t\t\tm.health.problems[taskSync] = why", "\t\t\t_ = why", "TestHang"},
		{"a second try behind all others", "sweep.go", "\t\t\town.due = 0", "\t\t\town.due = now", "TestHang"},
		{"pauses between long intervals", "demand.go", "max(m.cfg.MaxAge, 3*m.asked.interval())", "m.cfg.MaxAge", "TestLongScrape"},
	}
	t.Run("none", func(t *testing.T) {
		if !*mutants {
			t.Skip("slow: run with -mutants, as make mirror-mutants does")
		}
		if out, err := runMutant(t, "mirror.go", mutate(t, "mirror.go", "package mirror\n", "package mirror\n"), "."); err != nil {
			t.Fatalf("the tests fail by themselves:\n%s", out)
		}
	})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			mutant := mutate(t, c.file, c.good, c.broken)
			if !*mutants {
				t.Skip("slow: run with -mutants, as make mirror-mutants does")
			}
			out, err := runMutant(t, c.file, mutant, c.by)
			if err == nil {
				t.Logf("not noticed by %s", c.by)
				out, err = runMutant(t, c.file, mutant, ".")
			}
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

// runMutant runs some tests of the package with another text of one of its files.
func runMutant(t *testing.T, file, text, tests string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	mutant := filepath.Join(dir, filepath.Base(file))
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
	packages := [][]string{{".", "-model.events=12000"}}
	if own := filepath.Dir(file); own != "." {
		packages = [][]string{{own}, packages[0]}
	}
	for _, p := range packages {
		test := append([]string{"test", "-overlay", config, "-count=1", "-failfast", "-vet=off", "-timeout=20m", "-run=" + tests}, p...)
		if out, err := exec.CommandContext(t.Context(), "go", test...).CombinedOutput(); err != nil {
			return string(out), err
		}
	}
	return "", nil
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
