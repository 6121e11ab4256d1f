package mirror

import (
	"math"
	"slices"
)

const (
	// wanted is how many rows a cell is cut to hold: a page, less what chance adds.
	wanted = 40
	// keptFor is how long Graph keeps incidents: where the rows of an open end
	// are presumed to be, not where they are believed to end.
	keptFor   = 180 * 24 * 3600 * float64(ticksPerSecond)
	oneSecond = Ticks(ticksPerSecond)
)

// A survey plans the cells of one listing so that few of them overflow.
//
// It keeps what is not yet covered as regions and cuts the next cell off one end
// of the newest. Where an answer that overflowed has shown rows (marks), the cell
// is cut to hold so many of them as stand for a page; how many rows one mark stands
// for is learnt as cells come back, because the order of an answer is unknown: in a
// list sorted by date the marks are all there is at that end, in a shuffled one they
// are few among many. Where there are no marks, the cell is as wide as the last ones
// would have to be for a page. Where these came back almost empty, the region is
// simply halved.
type survey struct {
	regions  []region // oldest first
	flying   map[span]pending
	lo, hi   Ticks // of all rows seen
	rows     int   // read completely
	share    float64
	now      Ticks
	whole    float64 // how much of the time for which Graph keeps incidents is to be covered
	width    float64 // of a cell of the wanted rows, lately
	surprise float64 // how wrong that has been lately, as a logarithm
}

// newSurvey plans the cells of a span at a time, on Graph's clock. hint holds when some
// incidents in it were created.
func newSurvey(whole span, hint []Ticks, now Ticks) *survey {
	s := &survey{now: now, flying: map[span]pending{}, lo: maxTicks, hi: minTicks, share: 1, surprise: 2}
	s.add(whole, hint, false, len(hint) > 0)
	s.whole = s.kept(whole)
	return s
}

// add notes a region to be covered, of which an answer has shown the marks.
func (s *survey) add(c span, marks []Ticks, up, over bool) {
	marks = slices.Sorted(slices.Values(marks))
	if n := len(marks); n > 0 {
		s.lo, s.hi = min(s.lo, marks[0]), max(s.hi, marks[n-1])
		// The end at which the marks lie is the one that is known.
		below, above := distance(c.from, marks[0]), distance(marks[n-1], c.to)
		if below != above {
			up = below < above
		}
	}
	g := &guess{share: s.share}
	if n := len(marks); n > 1 {
		g.width = float64(marks[n-1]-marks[0]) / float64(n) * wanted * s.share
	}
	r := region{c, marks, up, over, g}
	i, _ := slices.BinarySearchFunc(s.regions, c.from, func(r region, t Ticks) int { return cmpTicks(r.from, t) })
	s.regions = slices.Insert(s.regions, i, r)
}

func cmpTicks(a, b Ticks) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// distance is infinite to an open end.
func distance(from, to Ticks) float64 {
	if from == minTicks || to == maxTicks {
		return math.Inf(1)
	}
	return float64(to - from)
}

// next hands out a cell; false if everything is covered or being read.
func (s *survey) next() (span, bool) {
	i := len(s.regions) - 1
	for i >= 0 && !s.regions[i].ready() {
		i--
	}
	if i < 0 {
		return span{}, false
	}
	r := s.regions[i]
	s.regions = slices.Delete(s.regions, i, i+1)
	at := s.cut(&r)
	cell, rest := span{at, r.to}, span{r.from, at}
	if r.up {
		cell, rest = span{r.from, at}, span{at, r.to}
	}
	if at <= r.from || at >= r.to {
		cell, rest = r.span, span{}
	}
	f := pending{guess: r.guess, up: r.up, marks: countIn(r.marks, cell)}
	if rest != (span{}) {
		r.marks = slices.DeleteFunc(slices.Clone(r.marks), func(t Ticks) bool { return !rest.holds(t) })
		r.span, r.over = rest, false
		s.regions = slices.Insert(s.regions, i, r)
	}
	s.flying[cell] = f
	r.flying++
	return cell, true
}

// extent is how wide a cell is, an open end being where the rows seen end.
func (s *survey) extent(c span) float64 {
	if c.from == minTicks {
		c.from = s.lo
	}
	if c.to == maxTicks {
		c.to = s.hi
	}
	return float64(c.to) - float64(c.from)
}

func countIn(marks []Ticks, c span) int {
	n := 0
	for _, t := range marks {
		if c.holds(t) {
			n++
		}
	}
	return n
}

// done notes that a cell was read completely.
func (s *survey) done(c span, rows []Ticks) {
	f := s.flying[c]
	delete(s.flying, c)
	f.flying--
	for _, t := range rows {
		s.lo, s.hi = min(s.lo, t), max(s.hi, t)
	}
	n := float64(len(rows))
	s.learn(s.extent(c), n)
	s.rows += len(rows)
	switch {
	case f.marks > 0:
		f.share = clamp((f.share+float64(f.marks)/max(1, n))/2, 0.005, 1)
		s.share += (f.share - s.share) / 4
	}
	switch {
	case n < 8:
		f.width, f.proven = 0, 0
	default:
		w := s.extent(c) * wanted / n
		if f.width > 0 {
			w = math.Sqrt(w * f.width)
		}
		f.width = w
		if f.marks == 0 && n >= 20 {
			f.proven++
		}
	}
}

// learn compares a cell with what the last ones let expect of its width.
func (s *survey) learn(width, rows float64) {
	if width < float64(oneSecond) {
		return
	}
	w := width * wanted / max(1, rows)
	if s.width == 0 {
		s.width = w
	}
	off := math.Log(w / s.width)
	s.surprise += (math.Abs(off) - s.surprise) / 6
	s.width *= math.Exp(off / 3)
}

func clamp(v, lo, hi float64) float64 { return min(max(v, lo), hi) }

// overflow notes that a cell held more than a page, of which sample was shown.
func (s *survey) overflow(c span, sample []Ticks) {
	f := s.flying[c]
	delete(s.flying, c)
	f.flying--
	if f.marks > 0 {
		f.share = max(0.005, f.share/2)
	}
	f.width /= 2
	if s.width > 0 && s.extent(c) < 1.5*s.width {
		s.learn(s.extent(c), 55)
	}
	s.add(c, sample, f.up, true)
}

// fail notes that a cell could not be read; it will be handed out again.
func (s *survey) fail(c span) {
	f := s.flying[c]
	delete(s.flying, c)
	f.flying--
	s.regions = append(s.regions, region{c, nil, f.up, false, f.guess})
}

func (s *survey) finished() bool { return len(s.regions) == 0 && len(s.flying) == 0 }

// progress returns about how much of the span is covered, from 0 to 1: by the rows
// of the time during which Graph keeps incidents.
func (s *survey) progress() float64 {
	left := 0.0
	for _, r := range s.regions {
		left += s.kept(r.span)
	}
	for c := range s.flying {
		left += s.kept(c)
	}
	return clamp(1-left/max(1, s.whole), 0, 1)
}

// kept is how much of a span lies in the time for which Graph keeps incidents.
func (s *survey) kept(c span) float64 {
	from, to := max(c.from, s.now-Ticks(keptFor)), min(c.to, s.now)
	return max(0, float64(to)-float64(from))
}
