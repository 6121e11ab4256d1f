package mirror

import (
	"testing"
	"time"
)

// TestBookPut plays each way in which two answers about one incident can meet.
func TestBookPut(t *testing.T) {
	at := func(sent, arrived int) moment {
		return moment{time.Duration(sent) * time.Second, time.Duration(arrived) * time.Second}
	}
	stored := Incident{ID: "7", Updated: 100, Status: StatusActive, Severity: 3}
	changed := func(stamp Ticks, status Status) Incident {
		in := stored
		in.Updated, in.Status = stamp, status
		return in
	}
	cases := []struct {
		name      string
		in        Incident
		at        moment
		confirmed bool
		want      verdict
		open      int
	}{
		{"later, same", stored, at(5, 6), false, unchanged, 1},
		{"later, newer stamp", changed(101, StatusResolved), at(5, 6), false, accepted, 0},
		{"later, equal stamp: an undated change", changed(100, StatusResolved), at(5, 6), false, accepted, 0},
		{"later, older stamp", changed(99, StatusResolved), at(5, 6), false, doubtful, 1},
		{"later, older stamp, read a second time", changed(99, StatusResolved), at(5, 6), true, accepted, 0},
		{"overlapping, newer stamp", changed(101, StatusResolved), at(2, 6), false, accepted, 0},
		{"overlapping, equal stamp", changed(100, StatusResolved), at(2, 6), false, doubtful, 1},
		{"overlapping, equal stamp, read a second time", changed(100, StatusResolved), at(2, 6), true, doubtful, 1},
		{"overlapping, older stamp", changed(99, StatusResolved), at(2, 6), false, doubtful, 1},
		{"answered before the row was asked for", changed(101, StatusResolved), at(0, 1), false, unchanged, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			b.put(stored, at(1, 3), false)
			if got := b.put(c.in, c.at, c.confirmed); got != c.want {
				t.Errorf("got verdict %d, want %d", got, c.want)
			}
			if b.open != c.open || len(b.list()) != c.open {
				t.Errorf("got %d open and %d listed, want %d", b.open, len(b.list()), c.open)
			}
		})
	}
}

// TestBookTombstone shows that an incident that was denied or closed stays away
// from answers that were under way, and comes back with a later one.
func TestBookTombstone(t *testing.T) {
	open := Incident{ID: "7", Updated: 100, Status: StatusActive}
	b := newBook()
	b.put(open, moment{0, 1}, false)
	b.drop("7", moment{2, 4})
	if b.put(open, moment{3, 5}, false); b.open != 0 {
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
	b.put(open, moment{6, 7}, false)
	b.drop("7", moment{8, 9})
	if b.put(open, moment{10, 11}, false); b.open != 1 {
		t.Error("an answer sent after the denial does not bring the incident back")
	}
}

// TestBookUnknownClosed shows that an incident first seen closed is remembered
// exactly if an answer under way may still show it open.
func TestBookUnknownClosed(t *testing.T) {
	b := newBook()
	b.horizon = 50
	b.put(Incident{ID: "1", Updated: 60, Status: StatusResolved}, moment{2, 3}, false)
	b.put(Incident{ID: "2", Updated: 40, Status: StatusResolved}, moment{2, 3}, false)
	if len(b.rows) != 1 {
		t.Errorf("got %d rows, want only the one closed lately", len(b.rows))
	}
	b.put(Incident{ID: "1", Updated: 55, Status: StatusActive}, moment{1, 4}, false)
	if b.open != 0 {
		t.Error("an answer that was under way opened a closed incident")
	}
}
