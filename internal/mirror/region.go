package mirror

import "math"

// A region of created time has yet to be covered.
type region struct {
	span
	marks []mark // rows of it that were seen, the oldest first
	all   bool   // as far as is known they are all there are
	up    bool   // cells are cut off the old end
	over  bool   // it is known to overflow as a whole
}

// plan divides a region into the next cell and the rest, which may be nothing.
func (s *survey) plan(r *region) (cell, span) {
	at, pages := s.cut(r)
	part, rest := span{at, r.to}, span{r.from, at}
	if r.up {
		part, rest = span{r.from, at}, span{at, r.to}
	}
	if !r.inside(at) {
		part, rest = r.span, span{}
	}
	return cell{span: part, pages: pages}, rest
}

// cut returns the whole second at which the next cell of a region ends, one outside
// of it if that is all of it, and what an overflow of that cell is worth.
func (s *survey) cut(r *region) (Ticks, int) {
	if r.atomic() {
		return r.from, 0
	}
	if r.all {
		return r.between()
	}
	pages := glimpse
	switch {
	case s.lo > s.hi:
		pages = firstGlimpse
	case s.surprise < even:
		pages = 1
	}
	at, ok := s.forecast(r)
	at = r.clamp(at)
	switch {
	case ok && r.inside(at):
		return at, pages
	case r.over:
		return s.anywhere(r), pages
	}
	return r.from, pages
}

// between cuts a region by marks that are all its rows: where they lie furthest
// apart about a full cell from the end, or else at the end of a second that holds
// more than a page.
func (r *region) between() (Ticks, int) {
	n, best := len(r.marks), 0
	k := full
	if n <= k && !r.over {
		return r.from, 1
	}
	if n <= k {
		k = n / 2 // Graph's pages are smaller than was asked for
	}
	for i := k; i > 0; i-- {
		if r.parts(i) && (best == 0 || i > k*3/4 && r.gap(i) > 4*r.gap(best)) {
			best = i
		}
	}
	for i := k + 1; i < n && best == 0; i++ {
		if r.parts(i) {
			best = i
		}
	}
	switch {
	case best == 0:
		return r.from, 0
	case best > pageSize:
		return r.middle(best), 0
	}
	return r.middle(best), 1
}

// forecast returns where a cell of the wanted rows should end; false if all of the
// region is as good a cell as any.
func (s *survey) forecast(r *region) (Ticks, bool) {
	n, k := len(r.marks), max(1, int(math.Round(wanted*s.share)))
	var at float64
	switch {
	case s.lo > s.hi:
		return 0, false // nothing is known yet
	case s.surprise < even && r.up:
		at = float64(r.from) + s.width
	case s.surprise < even:
		at = float64(r.to) - s.width
	case k < n:
		at = float64(r.middle(r.widest(k)))
	case r.over:
		return 0, false
	default:
		return s.half(r)
	}
	return wholeSecond(at), !s.idle(r, at)
}

// half returns the middle of a region; false if it is not worth two requests.
func (s *survey) half(r *region) (Ticks, bool) {
	c := s.presumed(r.span)
	width := float64(c.to) - float64(c.from)
	return wholeSecond(float64(c.from) + width/2), width >= keptFor/32
}

// anywhere returns a cut inside a region that must be cut: between the rows that
// were seen, else in the middle.
func (s *survey) anywhere(r *region) Ticks {
	if n := len(r.marks); n > 0 {
		if at := r.clamp(wholeSecond(float64(r.marks[n/2].at))); r.inside(at) {
			return at
		}
	}
	c := s.presumed(r.span)
	return r.clamp(wholeSecond((float64(c.from) + float64(c.to)) / 2))
}

// idle reports whether a cut would leave next to nothing.
func (s *survey) idle(r *region, at float64) bool {
	c := s.presumed(r.span)
	left := at - float64(c.from)
	if r.up {
		left = float64(c.to) - at
	}
	return left < (float64(c.to)-float64(c.from))/16
}

func wholeSecond(at float64) Ticks { return Ticks(math.Floor(at/float64(oneSecond))) * oneSecond }

func (r *region) inside(at Ticks) bool { return r.from < at && at < r.to }

// clamp keeps a cut inside a region that is wider than a second.
func (r *region) clamp(at Ticks) Ticks {
	if r.from != minTicks && at <= r.from {
		at = r.from - r.from%oneSecond + oneSecond
	}
	if r.to != maxTicks && at >= r.to {
		at = r.to - 1 - (r.to-1)%oneSecond
	}
	return at
}

// within returns what is left of a region in one of its parts.
func (r *region) within(c span) region {
	part := region{span: c, all: r.all, up: r.up}
	for _, m := range r.marks {
		if c.holds(m.at) {
			part.marks = append(part.marks, m)
		}
	}
	return part
}

// mark returns when the i-th mark from the end where cells are cut off was created.
func (r *region) mark(i int) Ticks {
	if r.up {
		return r.marks[i].at
	}
	return r.marks[len(r.marks)-1-i].at
}

// gap returns how far the i-th mark is from the one before.
func (r *region) gap(i int) float64 { return math.Abs(float64(r.mark(i)) - float64(r.mark(i-1))) }

// widest returns the mark near the k-th that is furthest from the one before.
func (r *region) widest(k int) int {
	best := k
	for i := max(1, k*3/4); i <= min(len(r.marks)-1, k*9/8); i++ {
		if r.gap(i) > 4*r.gap(best) {
			best = i
		}
	}
	return best
}

// middle returns a whole second between the i-th mark and the one before, the
// second of the later one if there is none.
func (r *region) middle(i int) Ticks {
	a, b := min(r.mark(i), r.mark(i-1)), max(r.mark(i), r.mark(i-1))
	if at := wholeSecond(float64(a)/2 + float64(b)/2); at > a {
		return at
	}
	return wholeSecond(float64(b))
}

// parts reports whether a cut can part the i-th mark from the one before.
func (r *region) parts(i int) bool {
	at := r.middle(i)
	return r.inside(at) && (at <= r.mark(i)) != (at <= r.mark(i-1))
}

// distance is infinite to an open end.
func distance(from, to Ticks) float64 {
	if from == minTicks || to == maxTicks {
		return math.Inf(1)
	}
	return float64(to - from)
}
