package mirror

import (
	"slices"
	"time"
)

// A visit is the reading of one window by the sweep.
type visit struct {
	span
	last time.Time // when the least recently read part of it was read
	at   time.Time // when it is to be read
}

// A timetable remembers when each part of created time was last read, so that no
// part goes longer than a period without, however the windows are cut.
type timetable struct {
	begun  time.Time     // of the last period; parts without a visit were read then or later
	visits []visit       // of that period
	oldest time.Time     // last visit of the part that is due next
	worst  time.Duration // the longest that a part went without being read, in the period under way
	period time.Duration // the same of the last complete period
}

// plan spreads windows evenly over a period, but each no later than a period after
// its last visit.
func (t *timetable) plan(windows []span, begun time.Time, period time.Duration) []visit {
	slot := period / time.Duration(len(windows))
	plan := make([]visit, len(windows))
	for i, w := range windows {
		last := t.last(w)
		at := begun.Add(time.Duration(i) * slot)
		if due := last.Add(period); due.Before(at) {
			at = due
		}
		plan[i] = visit{w, last, at}
	}
	slices.SortStableFunc(plan, func(a, b visit) int { return a.at.Compare(b.at) })
	return plan
}

// last returns when the least recently read part of a window was read. What no
// visit covers was young until the last period began, or later.
func (t *timetable) last(w span) time.Time {
	var last time.Time
	end := minTicks // of what the visits cover
	for _, v := range t.visits {
		end = max(end, v.to)
		if v.from < w.to && w.from < v.to && (last.IsZero() || v.last.Before(last)) {
			last = v.last
		}
	}
	if last.IsZero() || end < w.to && t.begun.Before(last) {
		return t.begun
	}
	return last
}

// longest returns the longest that a part of created time goes, or has gone by
// now, without being read.
func (t *timetable) longest(now time.Time) time.Duration {
	if t.begun.IsZero() {
		return 0
	}
	return max(t.period, t.worst, now.Sub(t.oldest))
}
