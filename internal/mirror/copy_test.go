package mirror

import (
	"strconv"
	"testing"
	"time"

	"msgraph_security_exporter/internal/defender"
)

func seconds(sent, arrived int) moment {
	return moment{time.Duration(sent) * time.Second, time.Duration(arrived) * time.Second}
}

// TestCopyPut plays each way in which two answers about one incident can meet, by the number
// of the rule that decides.
func TestCopyPut(t *testing.T) {
	stored := defender.Incident{ID: "7", Updated: 1000 * defender.Second, Status: defender.StatusActive, Severity: 3}
	changed := func(by defender.Ticks, status defender.Status) defender.Incident {
		in := stored
		in.Updated, in.Status = stored.Updated+by, status
		return in
	}
	cases := []struct {
		name     string
		in       defender.Incident
		at       moment
		open     int
		conflict bool
	}{
		{"1: answered before the row was asked for", changed(1, defender.StatusResolved), seconds(0, 1), 1, false},
		{"2: later, same", stored, seconds(5, 6), 1, false},
		{"3: later, newer stamp", changed(1, defender.StatusResolved), seconds(5, 6), 0, false},
		{"3: overlapping, newer stamp", changed(1, defender.StatusResolved), seconds(2, 6), 0, false},
		{"4: later, equal stamp: an undated change", changed(0, defender.StatusResolved), seconds(5, 6), 0, false},
		{"5: overlapping, much older stamp", changed(-2*maxSkew, defender.StatusResolved), seconds(2, 6), 1, false},
		{"6: overlapping, equal stamp", changed(0, defender.StatusResolved), seconds(2, 6), 1, true},
		{"6: overlapping, a little older", changed(-1, defender.StatusResolved), seconds(2, 6), 1, true},
		{"6: later, older stamp", changed(-1, defender.StatusResolved), seconds(5, 6), 1, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newCopy()
			b.put(stored, seconds(1, 3))
			if got := b.put(c.in, c.at); got != (c.open == 0) {
				t.Errorf("changed: %t", got)
			}
			if b.open != c.open || len(b.list()) != c.open || (len(b.conflicts) > 0) != c.conflict {
				t.Errorf("got %d open and %d listed, want %d; conflict %t", b.open, len(b.list()), c.open, len(b.conflicts) > 0)
			}
		})
	}
}

// TestCopyConflict shows that a third answer settles what two contradict each other about,
// and that one which was asked for too early does not.
func TestCopyConflict(t *testing.T) {
	stored := defender.Incident{ID: "7", Updated: 100, Status: defender.StatusActive}
	rival := defender.Incident{ID: "7", Updated: 99, Status: defender.StatusResolved}
	for _, c := range []struct {
		name string
		in   defender.Incident
		at   moment
		open int
		left bool
	}{
		{"the row again", stored, seconds(9, 10), 1, false},
		{"the row again, asked for before", stored, seconds(5, 10), 1, true},
		{"the rival again", rival, seconds(9, 10), 0, false},
		{"the rival again, asked for before", rival, seconds(5, 10), 1, true},
		{"a newer state", defender.Incident{ID: "7", Updated: 101, Status: defender.StatusResolved}, seconds(9, 10), 0, false},
		{"an undated change", defender.Incident{ID: "7", Updated: 100, Status: defender.StatusInProgress}, seconds(9, 10), 1, false},
	} {
		b := newCopy()
		b.put(stored, seconds(1, 2))
		b.put(rival, seconds(5, 6))
		b.put(c.in, c.at)
		if b.open != c.open || (len(b.conflicts) > 0) != c.left {
			t.Errorf("%s: got %d open, conflict %t", c.name, b.open, len(b.conflicts) > 0)
		}
	}
}

// TestCopyConflictRepeated shows that a rival which is repeated before it can settle anything
// does not put off its confirmation.
func TestCopyConflictRepeated(t *testing.T) {
	b := newCopy()
	b.put(defender.Incident{ID: "7", Updated: 100, Status: defender.StatusActive}, seconds(1, 2))
	rival := defender.Incident{ID: "7", Updated: 99, Status: defender.StatusResolved}
	b.put(rival, seconds(5, 6))
	b.put(rival, seconds(5, 9))
	if b.put(rival, seconds(7, 8)); b.open != 0 {
		t.Error("an answer sent after the rival had arrived did not confirm it")
	}
}

// TestCopyTombstone shows that an incident that was denied or closed stays away
// from answers that were under way, and comes back with a later one.
func TestCopyTombstone(t *testing.T) {
	open := defender.Incident{ID: "7", Updated: 100, Status: defender.StatusActive}
	b := newCopy()
	b.put(open, moment{0, 1})
	b.drop("7", moment{2, 4})
	newer := open
	newer.Updated = 101
	b.put(open, moment{3, 5})
	if b.put(newer, moment{3, 5}); b.open != 0 {
		t.Error("an answer that overlapped the denial brought the incident back")
	}
	b.prune(4+2*requestLimit, 0)
	if len(b.rows) != 1 {
		t.Error("the tombstone is gone while requests sent before may be under way")
	}
	b.prune(5+2*requestLimit, 0)
	if len(b.rows) != 0 {
		t.Error("the tombstone stays for ever")
	}
	b.put(open, moment{6, 7})
	b.drop("7", moment{8, 9})
	if b.put(open, moment{10, 11}); b.open != 1 {
		t.Error("an answer sent after the denial does not bring the incident back")
	}
}

// TestCopyUnknownClosed shows that an incident first seen closed is remembered
// exactly if an answer under way may still show it open.
func TestCopyUnknownClosed(t *testing.T) {
	b := newCopy()
	b.horizon = 50
	b.put(defender.Incident{ID: "1", Updated: 60, Status: defender.StatusResolved}, moment{2, 3})
	b.put(defender.Incident{ID: "2", Updated: 40, Status: defender.StatusResolved}, moment{2, 3})
	if len(b.rows) != 1 {
		t.Errorf("got %d rows, want only the one closed lately", len(b.rows))
	}
	b.put(defender.Incident{ID: "1", Updated: 55, Status: defender.StatusActive}, moment{1, 4})
	if b.open != 0 {
		t.Error("an answer that was under way opened a closed incident")
	}
}

// TestPartitionIsNotSparse shows that a partition is left as it is until far fewer incidents are
// open: each time that it is cut anew, windows lose what has been read of them.
func TestPartitionIsNotSparse(t *testing.T) {
	var times []defender.Ticks
	for i := range 5000 {
		times = append(times, defender.Ticks(i)*defender.Second)
	}
	p := newPartition(times, 0, 0, time.Minute)
	for open, want := range map[int]bool{5000: false, 4500: false, 3000: true} {
		if got := p.sparse(open); got != want {
			t.Errorf("with %d open of 5,000: sparse is %t", open, got)
		}
	}
}

// TestTimesAllocate finds among ten thousand rows those of the last minute: what it allocates
// is what it finds, whatever else there is.
func TestTimesAllocate(t *testing.T) {
	m := &Mirror{copy: newCopy()}
	for i := range 10_000 {
		m.copy.put(defender.Incident{ID: strconv.Itoa(i), Updated: defender.Ticks(i), Status: defender.StatusActive}, moment{})
	}
	if n := testing.AllocsPerRun(5, func() { m.times(func(r row) bool { return r.Updated >= 9_990 }) }); n > 10 {
		t.Errorf("%v allocations to find ten rows of ten thousand", n)
	}
}
