package mirror

import "math"

// A region has yet to be covered.
type region struct {
	span
	marks []Ticks // rows of it that were seen but may not be all, ascending
	up    bool    // cells are cut off the old end
	over  bool    // it is known to overflow as a whole
	*guess
}

// A guess is what has been learnt about a region, shared by all that is left of it.
type guess struct {
	share  float64 // of the rows that are marks
	width  float64 // in ticks, of a cell of the wanted rows; 0: unknown
	proven int     // cells in a row that had the width and were well filled
	flying int     // cells that will tell more
}

// A pending cell is being read.
type pending struct {
	*guess
	marks int
	up    bool
}

// ready reports whether a cell can be cut off without waiting for another.
func (r *region) ready() bool { return r.flying < 1+r.proven/2 || len(r.marks) > 0 || r.width == 0 }

// cut returns the whole second at which the next cell of a region ends.
func (s *survey) cut(r *region) Ticks {
	switch {
	case r.atomic():
		return r.from // all of it
	case s.lo > s.hi && r.over:
		return s.anywhere(r)
	case s.lo > s.hi: // nothing is known: all of it
		return r.from
	}
	var at float64
	n := len(r.marks)
	switch k := max(1, int(math.Round(wanted*r.share))); {
	case s.surprise < 0.5:
		at = r.off(s.width)
	case n > 0 && k < n:
		at = r.gap(k)
	case n > 0:
		at = r.beyond()
	case r.width > 0:
		at = r.off(r.width)
	default:
		at = s.middle(r)
	}
	if math.IsNaN(at) || s.idle(r, at) {
		if r.over {
			return s.anywhere(r)
		}
		return r.from // the rest is next to nothing: all of it
	}
	cut := r.within(wholeSecond(at))
	if r.over && !r.inside(cut) {
		cut = s.anywhere(r)
	}
	return cut
}

func wholeSecond(at float64) Ticks { return Ticks(math.Floor(at/float64(oneSecond))) * oneSecond }

func (r *region) inside(cut Ticks) bool { return r.from < cut && cut < r.to }

// anywhere returns a cut inside a region that must be cut: between the rows that
// were seen, else in the middle.
func (s *survey) anywhere(r *region) Ticks {
	if n := len(r.marks); n > 0 {
		if cut := r.within(wholeSecond(float64(r.marks[n/2]))); r.inside(cut) {
			return cut
		}
	}
	from, to := max(r.from, s.now-Ticks(keptFor)), min(r.to, s.now)
	return r.within(wholeSecond((float64(from) + float64(to)) / 2))
}

// idle reports whether a cut would leave next to nothing.
func (s *survey) idle(r *region, at float64) bool {
	from, to := float64(max(r.from, s.now-Ticks(keptFor))), float64(min(r.to, s.now))
	left := at - from
	if r.up {
		left = to - at
	}
	return left < (to-from)/16
}

// within keeps a cut inside a region that is wider than a second.
func (r *region) within(at Ticks) Ticks {
	if r.from != minTicks && at <= r.from {
		at = r.from - r.from%oneSecond + oneSecond
	}
	if r.to != maxTicks && at >= r.to {
		at = r.to - 1 - (r.to-1)%oneSecond
	}
	return at
}

// mark returns the i-th mark from the end where cells are cut off.
func (r *region) mark(i int) float64 {
	if r.up {
		return float64(r.marks[i])
	}
	return float64(r.marks[len(r.marks)-1-i])
}

// gap returns the middle of the widest gap near the k-th mark.
func (r *region) gap(k int) float64 {
	between := func(i int) float64 { return math.Abs(r.mark(i) - r.mark(i-1)) }
	best := k
	for i := max(1, k*3/4); i <= min(len(r.marks)-1, k*9/8); i++ {
		if between(i) > 4*between(best) {
			best = i
		}
	}
	return (r.mark(best) + r.mark(best-1)) / 2
}

// beyond returns a cut behind the last mark, as far as the width lets expect
// what is missing to a page.
func (r *region) beyond() float64 {
	n := len(r.marks)
	more := max(0, 1-float64(n)/r.share/wanted) * r.width
	more = max(more, float64(2*oneSecond))
	if r.up {
		return r.mark(n-1) + more
	}
	return r.mark(n-1) - more
}

// off returns a cut at a distance from the end where cells are cut off.
func (r *region) off(d float64) float64 {
	if r.up {
		return float64(r.from) + d
	}
	return float64(r.to) - d
}

// middle returns the middle of a region, an open end taken to be where Graph's
// retention puts it; NaN if the region is not worth two requests.
func (s *survey) middle(r *region) float64 {
	from, to := float64(r.from), float64(r.to)
	if r.from == minTicks {
		from = float64(s.now) - keptFor
	}
	if r.to == maxTicks {
		to = float64(s.now)
	}
	if to-from < keptFor/32 || s.rows < 4*wanted {
		return math.NaN()
	}
	return (from + to) / 2
}
