package reading

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"msgraph_security_exporter/internal/defender"
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

// manyTimes is how many times a page must show that it is sorted: fewer are in any order by chance,
// and all the same one in every order there is.
const manyTimes = 5

// shown returns how many different times rows have in the order, by whole seconds if so. Where they
// are few, rows would be in the order by chance.
func (o *order) shown(rows []defender.Incident, seconds bool) int {
	times := map[defender.Ticks]bool{}
	for i := range rows {
		at := o.of(&rows[i])
		if seconds {
			at = Floor(at)
		}
		times[at] = true
	}
	return len(times)
}

// divide returns what of a span comes before a time and what comes after it, in the order.
func (o *order) divide(s Span, at defender.Ticks) (before, after Span) {
	at = min(max(at, s.From), s.To)
	before, after = Span{s.From, at}, Span{at, s.To}
	if o.descending {
		return after, before
	}
	return before, after
}

// span returns which span of a region the order goes by.
func (o *order) span(r *Region) *Span {
	var probe defender.Incident
	if probe.Created = 1; o.of(&probe) == 1 {
		return &r.Created
	}
	return &r.Updated
}

// end returns where the rows that a listing shows end if they are sorted by creation, in one direction
// or the other: what it does not show is likely to be on the other side. 0 if they are not.
func (l *Listing) end() defender.Ticks {
	rows := slices.Concat(l.Pages...)
	newest, oldest := orders[0], orders[2]
	switch {
	case l.Ended || oldest.shown(rows, true) < manyTimes:
		return 0
	case newest.sorts(rows):
		return Floor(rows[len(rows)-1].Created) + defender.Second
	case oldest.sorts(rows):
		return Floor(rows[len(rows)-1].Created)
	}
	return 0
}

// A Walk reads a sorted list without a second page of any listing. A page of a sorted list
// shows everything in it from its first row to its last one, at one moment: as long as each
// page is sorted, the next one is asked for with a filter that begins where the last ended.
// It remembers what has been read, so that a failure costs only what failed.
type Walk struct {
	Query           // of the whole list
	Pages int       // that have been read
	Sent  time.Time // when the first page was asked for, on Graph's clock

	orders []order // that all pages so far agree with
	by     string  // the one that is gone by, the first of them; "": not yet
	left   Region  // what has not been read in that order
	dense  *dense  // what the last page ended in the midst of
	ended  bool
}

// A dense part of a list holds more than a page in one second of the order that a walk goes by. It
// is walked through in another order or, where it is in none, read in cells.
type dense struct {
	walk  *Walk
	cover *Cover
	rest  Span // what comes after it
}

// NewWalk returns a walk through the list of a query.
func NewWalk(q Query) *Walk { return &Walk{Query: q, orders: slices.Clone(orders), left: q.Region} }

// Begin has the walk go on after a listing of the whole list that has more behind it. Where rows
// may be missing from that it does not.
func (w *Walk) Begin(ctx context.Context, r *Reader, l *Listing) error {
	w.Pages, w.Sent = len(l.Pages), l.Sent
	if _, strays := l.strays(&w.Query); strays || l.Ended || len(l.Each()) < len(l.Pages)*len(l.Pages[0]) {
		w.orders = nil
		return nil
	}
	return w.follow(ctx, r, l, false)
}

// Run walks on to the end of the list; false if it is not sorted.
func (w *Walk) Run(ctx context.Context, r *Reader, progress func()) (bool, error) {
	if err := w.pass(ctx, r); err != nil {
		return false, err
	}
	for !w.ended && len(w.orders) > 0 {
		q := w.Query
		q.Region = w.left
		l, complete, err := r.Whole(ctx, q, 1)
		if err != nil {
			return false, fmt.Errorf("listing %s: %w", q.Region, err)
		}
		if w.Pages++; w.Sent.IsZero() {
			w.Sent = l.Sent
		}
		if err := w.follow(ctx, r, &l, complete); err != nil {
			return false, err
		}
		progress()
	}
	return w.ended, nil
}

// follow takes in pages that follow those before without a gap.
func (w *Walk) follow(ctx context.Context, r *Reader, l *Listing, complete bool) error {
	rows := slices.Concat(l.Pages...)
	was := w.by
	w.orders = slices.DeleteFunc(w.orders, func(o order) bool { return !o.sorts(rows) })
	if w.by = ""; len(w.orders) > 0 {
		w.by = w.orders[0].name
	}
	switch {
	case complete && (was == "" || was == w.by):
		w.ended = true
		return nil
	case len(rows) == 0 || w.by == "" || was == "" && w.ambiguous(rows):
		w.orders = nil
		return nil
	case was != "" && was != w.by:
		w.left = w.Region // from the beginning, in the other order
		return nil
	}
	return w.step(ctx, r, rows)
}

// ambiguous reports whether updates, as they are in what a burst changed at once, or one after the other,
// leave open which of two dates the list is sorted by: going by the wrong one would leave rows out.
func (w *Walk) ambiguous(rows []defender.Incident) bool {
	goes := w.orders[0].span(&w.Region)
	return w.Updated.From != MinTicks && slices.ContainsFunc(orders, func(o order) bool {
		return o.span(&w.Region) != goes && o.sorts(rows)
	})
}

// step moves past what a page has shown. What it ends in the midst of is left, by whole
// seconds. Where the page does not show its order, what it claims to be past is read.
func (w *Walk) step(ctx context.Context, r *Reader, rows []defender.Incident) error {
	o := &w.orders[0]
	left, first, last := o.span(&w.left), o.of(&rows[0]), o.of(&rows[len(rows)-1])
	end := Span{Floor(last), Floor(last) + defender.Second}
	begins, ends := end.To, end.From
	if !o.descending {
		begins, ends = ends, begins
	}
	past, rest := o.divide(*left, begins)
	shown := o.shown(rows, false) >= manyTimes
	switch {
	case end.Holds(first) || rest == *left: // more than a page in one second
		if past, rest = o.divide(*left, ends); shown {
			past = end
		}
	case shown:
		*left = rest
		return nil
	}
	q := w.Query
	q.Region = w.left
	*o.span(&q.Region) = past
	w.dense = &dense{walk: NewWalk(q), rest: rest}
	w.dense.walk.orders = slices.DeleteFunc(w.dense.walk.orders, func(o order) bool { return !past.second() || o.span(&q.Region).second() })
	return w.pass(ctx, r)
}

// pass reads what is left of a dense part and moves past it.
func (w *Walk) pass(ctx context.Context, r *Reader) error {
	d := w.dense
	if d == nil {
		return nil
	}
	if d.cover == nil {
		sorted, err := d.walk.Run(ctx, r, func() {})
		if err != nil {
			return err
		}
		if !sorted {
			d.cover = NewCover(d.walk.Query, r.Known(&d.walk.Query), 2, false, r.Now())
		}
	}
	if d.cover != nil {
		if err := d.cover.Run(ctx, r); err != nil {
			return err
		}
	}
	*w.orders[0].span(&w.left), w.dense = d.rest, nil
	return nil
}

// Probe reads a cell at random in the midst of what was walked, by when rows of it were created,
// and reports whether it shows nothing that the walk has missed: the order is only what it seems.
// What changed later than since is not looked at.
func (w *Walk) Probe(ctx context.Context, r *Reader, times []defender.Ticks, since time.Time) (bool, error) {
	if w.Pages <= 1 || len(times) == 0 {
		return true, nil
	}
	i := rand.IntN(len(times))
	q := w.Query
	q.Probes = defender.TicksOf(since)
	q.Created = Span{Floor(times[i]), Floor(times[min(i+CellRows-6, len(times)-1)]) + defender.Second}
	l, _, err := r.Whole(ctx, q, 1)
	if err != nil {
		return false, fmt.Errorf("listing %s: %w", q.Region, err)
	}
	return l.Unknown == 0, nil
}

// Progress returns about how much of the time for which Graph keeps incidents has been read.
func (w *Walk) Progress(now defender.Ticks) float64 {
	left := min(w.left.Created.To, w.left.Updated.To, now) - max(w.left.Created.From, w.left.Updated.From, now-keptFor)
	return max(0, min(1, 1-float64(left)/float64(keptFor)))
}
