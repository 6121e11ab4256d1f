package mirror

import (
	"cmp"
	"slices"
	"time"

	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/reading"
)

// A window is a stretch of created time that a sweep reads at once.
type window struct {
	reading.Span
	read   time.Duration // when it was last read, by [Mirror.elapsed]
	gap    time.Duration // how long before that it had been read
	due    time.Duration // when it is to be read again
	rows   int           // rows that its last reading showed
	failed Problem       // why it could not be read since; empty: it was
	tries  int           // that failed
}

// A partition divides all created time into windows, oldest first.
type partition struct {
	windows []window
	idle    bool          // there is no young incident, so that no window counts as young
	woke    time.Duration // when there was one again
}

// newPartition returns windows that hold about a page of the given times each, were read
// then, and are due one after the other over a period.
func newPartition(times []defender.Ticks, read, now, period time.Duration) partition {
	var p partition
	spans := reading.CutAll(reading.AllTime, times, reading.CellRows)
	for i, s := range spans {
		due := now + period*time.Duration(i+1)/time.Duration(len(spans))
		p.windows = append(p.windows, window{Span: s, read: read, due: due, rows: len(times) / len(spans)})
	}
	return p
}

// young reports whether a window holds incidents created at since or later.
func (p *partition) young(w *window, since defender.Ticks) bool { return !p.idle && w.To > since }

// seen returns when what a window holds was last read: its young incidents, if it has any, were when they came.
func (p *partition) seen(w *window, youngSince defender.Ticks) time.Duration {
	if p.young(w, youngSince) {
		return max(w.read, p.woke)
	}
	return w.read
}

// replace puts spans in the place of the windows that they cover together. Each inherits from
// the windows that it overlaps: a reading counts from the oldest, and a failure stays.
func (p *partition) replace(spans []reading.Span) {
	var fresh []window
	for _, s := range spans {
		w := window{Span: s}
		n := 0
		for _, old := range p.windows {
			if old.From >= s.To || s.From >= old.To {
				continue
			}
			if n++; n == 1 {
				w = old
				w.Span = s
				continue
			}
			w.read, w.due = min(w.read, old.read), min(w.due, old.due)
			w.gap, w.rows = max(w.gap, old.gap), w.rows+old.rows
			if w.failed == "" {
				w.failed, w.tries = old.failed, old.tries
			}
		}
		fresh = append(fresh, w)
	}
	from, to := spans[0].From, spans[len(spans)-1].To
	first := slices.IndexFunc(p.windows, func(w window) bool { return w.From == from })
	last := slices.IndexFunc(p.windows, func(w window) bool { return w.To == to })
	p.windows = slices.Replace(p.windows, first, last+1, fresh...)
}

// next returns the window that is due first.
func (p *partition) next(youngSince defender.Ticks) (window, time.Duration) {
	best, at := 0, time.Duration(1<<62)
	for i := range p.windows {
		w := &p.windows[i]
		due := w.due
		if w.failed == "" && p.young(w, youngSince) {
			due = min(due, w.read+youngPace)
		}
		if due < at {
			best, at = i, due
		}
	}
	return p.windows[best], at
}

// at returns the window that begins at a time.
func (p *partition) at(from defender.Ticks) *window {
	i := slices.IndexFunc(p.windows, func(w window) bool { return w.From == from })
	if i < 0 {
		return nil
	}
	return &p.windows[i]
}

// rush makes windows due at once that meet the condition.
func (p *partition) rush(now time.Duration, condition func(*window) bool) {
	for i := range p.windows {
		if w := &p.windows[i]; condition(w) {
			w.due = min(w.due, now)
		}
	}
}

// longest returns the longest that a window of the kind has gone without being read, be it
// before its last reading or since.
func (p *partition) longest(now time.Duration, youngSince defender.Ticks, young bool) time.Duration {
	var longest time.Duration
	for i := range p.windows {
		if w := &p.windows[i]; p.young(w, youngSince) == young {
			longest = max(longest, w.gap, now-p.seen(w, youngSince))
		}
	}
	return longest
}

// late reports whether some window has not been read for far longer than it should be.
func (p *partition) late(now time.Duration, youngSince defender.Ticks, interval time.Duration) bool {
	return slices.ContainsFunc(p.windows, func(w window) bool {
		limit := lateShare * interval
		if p.young(&w, youngSince) {
			limit = lateYoung
		}
		return now-p.seen(&w, youngSince) > limit
	})
}

// oldest returns when the window was read that was read longest ago.
func (p *partition) oldest() time.Duration {
	return slices.MinFunc(p.windows, func(a, b window) int { return cmp.Compare(a.read, b.read) }).read
}

// sparse reports whether fewer windows would do for so many open incidents. Where the windows
// show far more rows than that, closed ones are listed as well, and count.
func (p *partition) sparse(open int) bool {
	rows := 0
	for _, w := range p.windows {
		rows += w.rows
	}
	if rows < 2*open+100 {
		rows = open
	}
	return len(p.windows) > 2+13*(1+rows/reading.CellRows)/10
}
