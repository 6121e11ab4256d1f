//go:build linux

package faults

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A table is what the document shows of a run, or of several: outcomes by fault and moment.
type table struct {
	mu    sync.Mutex
	cells map[string]map[moment]outcome
}

func newTable(t *testing.T) *table {
	t.Helper()
	tb := &table{cells: map[string]map[moment]outcome{}}
	if raw, err := os.ReadFile(*keep); err == nil {
		if err := json.Unmarshal(raw, &tb.cells); err != nil {
			t.Fatalf("%s: %v", *keep, err)
		}
	}
	return tb
}

func (tb *table) has(f *fault, m moment) bool {
	_, ok := tb.cells[f.name][m]
	return ok
}

func (tb *table) add(t *testing.T, f *fault, m moment, o outcome) {
	t.Helper()
	tb.mu.Lock()
	defer tb.mu.Unlock()
	if tb.cells[f.name] == nil {
		tb.cells[f.name] = map[moment]outcome{}
	}
	tb.cells[f.name][m] = o
	if *keep == "" {
		return
	}
	raw, err := json.Marshal(tb.cells)
	if err == nil {
		err = os.WriteFile(*keep, raw, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

// Where the table stands in the document.
const begins, ends = "<!-- written by make faults -->\n", "<!-- end -->\n"

// none is in a cell where there is no such thing, unharmed where the numbers were right all the time.
const none, unharmed = "–", "right"

// rows returns the table, a row for each fault; without outcomes only what may be in it.
func (tb *table) rows() [][]string {
	rows := [][]string{append([]string{"fault"}, momentNames[:]...), slices.Repeat([]string{"---"}, 1+int(moments))}
	for _, f := range all() {
		row := []string{f.name}
		for m := range moments {
			cell := none
			if f.applies(m) {
				cell = cmp.Or(strings.Join(tb.cells[f.name][m].Reasons, ", "), unharmed)
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return rows
}

// summary says in words what the cells had in common.
func (tb *table) summary() string {
	n, pulls, slowest := 0, map[int]int{}, time.Duration(0)
	var quiet []time.Duration
	for _, cells := range tb.cells {
		for _, o := range cells {
			n++
			pulls[o.Pulls]++
			quiet = append(quiet, o.Quiet)
			slowest = max(slowest, o.Quiet)
		}
	}
	slices.Sort(quiet)
	return fmt.Sprintf("%d faults at their moments are %d cases. In %d of them the first good pull after the fault was right, in %d the second. No reason was left after %s in half of them, and after %s in all.\n",
		len(tb.cells), n, pulls[1], pulls[2], quiet[n/2].Round(time.Second), slowest.Round(time.Second))
}

// write puts the table into the document.
func (tb *table) write(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(text), begins)
	_, after, closed := strings.Cut(string(text), ends)
	if !found || !closed {
		t.Fatalf("%s has no place for the table", document)
	}
	var b strings.Builder
	for _, row := range tb.rows() {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	if err := os.WriteFile(document, []byte(before+begins+"\n"+tb.summary()+"\n"+b.String()+"\n"+ends+after), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestCommittedTable compares the table of the document with what is played: the same faults at the same
// moments, each with reasons that there are.
func TestCommittedTable(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(strings.TrimSpace(line), " | "); len(cells) == 1+int(moments) {
			cells[0] = strings.TrimPrefix(cells[0], "| ")
			cells[moments] = strings.TrimSuffix(cells[moments], " |")
			got = append(got, cells)
		}
	}
	want := (&table{}).rows()
	if len(got) != len(want) {
		t.Fatalf("%s has %d rows, want %d: run \"make faults\"", document, len(got), len(want))
	}
	for i, row := range want {
		for j := range row {
			same := got[i][j] == row[j]
			if i > 1 && j > 0 {
				same = (got[i][j] == none) == (row[j] == none)
			}
			if !same {
				t.Errorf("%s: row %q has %q under %q, want %q: run \"make faults\"", document, row[0], got[i][j], want[0][j], row[j])
			}
		}
	}
}
