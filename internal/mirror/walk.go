package mirror

import (
	"context"
	"fmt"
	"math/rand/v2"
	"msgraph_security_exporter/internal/defender"
	"slices"
	"time"
)

// An order is how Graph may sort a list. None is documented, so that it is never more than a
// hint.
type order struct {
	name       string
	of         func(*defender.Incident) defender.Ticks
	descending bool
}

var orders = []order{
	{"created, newest first", func(in *defender.Incident) defender.Ticks { return in.Created }, true},
	{"updated, newest first", func(in *defender.Incident) defender.Ticks { return in.Updated }, true},
	{"created, oldest first", func(in *defender.Incident) defender.Ticks { return in.Created }, false},
	{"updated, oldest first", func(in *defender.Incident) defender.Ticks { return in.Updated }, false},
}

// sorts reports whether rows are in the order.
func (o *order) sorts(rows []defender.Incident) bool {
	return slices.IsSortedFunc(rows, func(a, b defender.Incident) int {
		switch x, y := o.of(&a), o.of(&b); {
		case x == y:
			return 0
		case (x < y) != o.descending:
			return -1
		}
		return 1
	})
}

// span returns which span of a region the order goes by.
func (o *order) span(r *region) *span {
	var probe defender.Incident
	if probe.Created = 1; o.of(&probe) == 1 {
		return &r.created
	}
	return &r.updated
}

// A walk reads a sorted list without a second page of any listing. A page of a sorted list
// shows everything in it from its first row to its last one, at one moment: as long as each
// page is sorted, the next one is asked for with a filter that begins where the last ended.
// It remembers what has been read, so that a failure costs only what failed.
type walk struct {
	q      query   // of the whole list
	orders []order // that all pages so far agree with; the first is gone by
	left   region  // what has not been read in that order
	pages  int
	ended  bool
	sent   time.Time // when the first page was asked for, on Graph's clock
	rows   int
}

func newWalk(q query) *walk { return &walk{q: q, orders: slices.Clone(orders), left: q.region} }

// run walks on to the end of the list; false if it is not sorted.
func (w *walk) run(ctx context.Context, m *Mirror, progress func()) (bool, error) {
	for !w.ended && len(w.orders) > 0 {
		q := w.q
		q.region = w.left
		l, complete, err := m.whole(ctx, q, 1)
		if err != nil {
			return false, fmt.Errorf("listing %s: %w", q.region, err)
		}
		if w.pages++; w.sent.IsZero() {
			w.sent = l.sent
		}
		if err := w.turn(ctx, m, &l, complete); err != nil {
			return false, err
		}
		progress()
	}
	return w.ended, nil
}

// turn takes in pages that follow those before without a gap.
func (w *walk) turn(ctx context.Context, m *Mirror, l *listing, complete bool) error {
	rows := slices.Concat(l.pages...)
	was := w.orders[0].name
	w.orders = slices.DeleteFunc(w.orders, func(o order) bool { return !o.sorts(rows) })
	w.rows += len(rows)
	switch {
	case complete && (w.pages <= 1 || len(w.orders) > 0 && w.orders[0].name == was):
		w.ended = true
		return nil
	case len(rows) == 0:
		w.orders = nil
		return nil
	case len(w.orders) == 0:
		return nil
	case w.orders[0].name != was && w.pages > 1:
		w.left = w.q.region // from the beginning, in the other order
		return nil
	}
	return w.step(ctx, m, rows)
}

// step moves past what a page has shown. What it ends in the midst of is left, by whole
// seconds.
func (w *walk) step(ctx context.Context, m *Mirror, rows []defender.Incident) error {
	o := &w.orders[0]
	left, first, last := o.span(&w.left), o.of(&rows[0]), o.of(&rows[len(rows)-1])
	second := w.left
	part := o.span(&second)
	*part = span{floor(last), floor(last) + oneSecond}
	switch {
	case o.descending && part.to <= first && part.to < left.to:
		left.to = part.to
		return nil
	case !o.descending && part.from > first && part.from > left.from:
		left.from = part.from
		return nil
	}
	// More than a page in one second.
	q := w.q
	q.region = second
	c := newCover(q, created((&listing{pages: [][]defender.Incident{rows}}).each()), 2, false, m.now())
	if err := c.run(ctx, m); err != nil {
		return err
	}
	if o.descending {
		left.to = part.from
	} else {
		left.from = part.to
	}
	return nil
}

// probe reads a cell at random in the midst of what was walked, and reports whether it shows
// nothing that the walk has missed: the order is only what it seems.
func (w *walk) probe(ctx context.Context, m *Mirror) (bool, error) {
	if w.pages <= 1 {
		return true, nil
	}
	m.mu.Lock()
	times := m.times(func(r *row) bool {
		return w.q.holds(&r.Incident) && !r.denied && (!w.q.open || r.open())
	})
	m.mu.Unlock()
	if len(times) == 0 {
		return true, nil
	}
	i := rand.IntN(len(times))
	q := w.q
	q.probes = defender.TicksOf(w.sent.Add(-shortOverlap))
	if q.open { // what surfaces late is for the lookback
		q.probes = defender.TicksOf(w.sent.Add(-lookbackReach))
	}
	q.created = span{floor(times[i]), floor(times[min(i+cellRows-6, len(times)-1)]) + oneSecond}
	l, _, err := m.whole(ctx, q, 1)
	if err != nil {
		return false, fmt.Errorf("listing %s: %w", q.region, err)
	}
	return l.unknown == 0, nil
}

// progress returns about how much of the time for which Graph keeps incidents has been read.
func (w *walk) progress(now defender.Ticks) float64 {
	left := min(w.left.created.to, w.left.updated.to, now) - max(w.left.created.from, w.left.updated.from, now-keptFor)
	return max(0, min(1, 1-float64(left)/float64(keptFor)))
}
