package graphsim

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"time"
)

// An index holds the readable incidents by one of their times.
// Its zero value is empty.
type index struct {
	sorted []entry
	fresh  []entry // not yet sorted in, so that adding many costs one sort
	least  int64   // no entry is earlier
}

// An entry is an incident at a time, in nanoseconds since 1970.
type entry struct {
	at     int64
	number uint64
	in     *Incident
}

func createdAt(in *Incident) int64 { return nanos(in.Created) }
func updatedAt(in *Incident) int64 { return nanos(in.Updated) }

// nanos is t in nanoseconds since 1970, or the nearest there is.
func nanos(t time.Time) int64 {
	switch year := t.Year(); {
	case year < 1678:
		return math.MinInt64
	case year > 2261:
		return math.MaxInt64
	}
	return t.UnixNano()
}

func byTime(a, b entry) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.number, b.number))
}

// move replaces an incident's state; either may be nil.
func (x *index) move(number uint64, before, after *Incident, at func(*Incident) int64) {
	if before != nil {
		i, _ := slices.BinarySearchFunc(x.sortedEntries(), entry{at: at(before), number: number}, byTime)
		if after != nil && at(after) == at(before) {
			x.sorted[i].in = after
			return
		}
		x.sorted = without(x.sorted, i)
	}
	if after != nil {
		e := entry{at: at(after), number: number, in: after}
		x.fresh = append(x.fresh, e)
		x.least = min(x.least, e.at)
	}
}

// without removes the i-th entry and closes the gap from the nearer end.
func without(entries []entry, i int) []entry {
	if i >= len(entries)/2 {
		return slices.Delete(entries, i, i+1)
	}
	copy(entries[1:i+1], entries[:i])
	entries[0] = entry{}
	return entries[1:]
}

// sortedEntries returns the entries in order. They are the index's own, valid until it changes.
func (x *index) sortedEntries() []entry {
	if len(x.fresh) > 16 {
		x.sorted = append(x.sorted, x.fresh...)
		slices.SortFunc(x.sorted, byTime)
		x.fresh = x.fresh[:0]
	}
	for _, e := range x.fresh {
		i, _ := slices.BinarySearchFunc(x.sorted, e, byTime)
		x.sorted = slices.Insert(x.sorted, i, e)
	}
	x.fresh = x.fresh[:0]
	return x.sorted
}

// first returns the earliest entry, if its time is not after the given one.
func (x *index) first(notAfter int64) (entry, bool) {
	if x.least > notAfter {
		return entry{}, false
	}
	sorted := x.sortedEntries()
	if x.least = math.MaxInt64; len(sorted) == 0 {
		return entry{}, false
	}
	x.least = sorted[0].at
	return sorted[0], x.least <= notAfter
}

// within returns the entries whose time lies in the span.
func (x *index) within(s span) []entry {
	sorted := x.sortedEntries()
	from, _ := slices.BinarySearchFunc(sorted, s.from, func(e entry, at int64) int { return cmp.Compare(e.at, at) })
	to := len(sorted)
	if s.to < math.MaxInt64 {
		to, _ = slices.BinarySearchFunc(sorted, s.to+1, func(e entry, at int64) int { return cmp.Compare(e.at, at) })
	}
	return sorted[from:max(from, to)]
}

// A span is a range of times in nanoseconds since 1970, both ends within.
type span struct{ from, to int64 }

var always = span{math.MinInt64, math.MaxInt64}

func (s span) and(t span) span { return span{max(s.from, t.from), min(s.to, t.to)} }
func (s span) or(t span) span  { return span{min(s.from, t.from), max(s.to, t.to)} }

// inOrder yields the entries from the first to the last, or the other way round.
func inOrder(entries []entry, descending bool) iter.Seq[entry] {
	if !descending {
		return slices.Values(entries)
	}
	return func(yield func(entry) bool) {
		for i := len(entries) - 1; i >= 0; i-- {
			if !yield(entries[i]) {
				return
			}
		}
	}
}
