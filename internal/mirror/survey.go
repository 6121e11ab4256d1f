package mirror

import (
	"cmp"
	"math"
	"slices"
)

const (
	// wanted is how many rows a cell is cut to hold where that is a guess, and full
	// where they are known: a page, less what chance or the next minute adds.
	wanted, full = 40, 46
	// glimpse is how many pages of an overflowing answer are read to see where its
	// rows lie, and firstGlimpse the same of the first one.
	glimpse, firstGlimpse = 4, 8
	// even is how wrong forecasts of a cell's width may be, as a logarithm, for a
	// listing to count as evenly spread.
	even = 0.6
	// keptFor is how long Graph keeps incidents: where the rows of an open end
	// are presumed to be, not where they are believed to end.
	keptFor   = 180 * 24 * 3600 * float64(ticksPerSecond)
	oneSecond = Ticks(ticksPerSecond)
)

// A survey plans the cells of one listing so that few of them overflow.
//
// It keeps what is not yet covered as regions and cuts the next cell off one end of
// the newest. Where the last cells were about as wide as forecast, the next is as
// wide as a page wants. Elsewhere an answer that overflows is paged through a little:
// the rows that it shows are marks, and the region is cut between them. Pages of a
// list that moves may skip rows; a mark is only a hint, and what was not marked makes
// a later cell overflow. In an answer sorted by date the marks are all there is at
// one end of the region, in a shuffled one they are few among many: which share of
// the rows is marked is learnt as cells come back.
type survey struct {
	regions  []region // oldest first
	flying   map[span]pending
	lo, hi   Ticks // of all rows seen
	now      Ticks
	whole    float64 // how much of the time for which Graph keeps incidents is to be covered
	share    float64 // of the rows, where cells are cut by marks, that are marked
	width    float64 // of a cell of the wanted rows, lately
	surprise float64 // how wrong that has been lately, as a logarithm
}

// A cell is a part of created time that is to be listed at once.
type cell struct {
	span
	// pages says how many pages of an answer that overflows are worth reading;
	// 0: no cut would help, so that all pages have to be read.
	pages int
	// seen holds all incidents of the cell as an earlier answer showed them, if it did.
	seen map[string]bool
}

// A mark is an incident that an answer showed which overflowed.
type mark struct {
	at Ticks
	id string
}

// A pending cell is being read.
type pending struct {
	marks int
	all   bool // these were all rows
	up    bool
}

// newSurvey plans the cells of a span at a time, on Graph's clock. An answer that
// overflowed may have shown marks, perhaps of all rows.
func newSurvey(whole span, marks []mark, all bool, now Ticks) *survey {
	s := &survey{now: now, flying: map[span]pending{}, lo: maxTicks, hi: minTicks, share: 1, surprise: 2}
	s.add(region{span: whole, marks: marks, all: all, over: len(marks) > 0})
	s.whole = s.kept(whole)
	return s
}

// add notes a region to be covered.
func (s *survey) add(r region) {
	r.marks = slices.SortedFunc(slices.Values(r.marks), func(a, b mark) int { return cmp.Compare(a.at, b.at) })
	if n := len(r.marks); n > 0 {
		oldest, newest := r.marks[0].at, r.marks[n-1].at
		s.lo, s.hi = min(s.lo, oldest), max(s.hi, newest)
		// The end at which the marks lie is the one that is known.
		if below, above := distance(r.from, oldest), distance(newest, r.to); below != above {
			r.up = below < above
		}
	}
	i, _ := slices.BinarySearchFunc(s.regions, r.from, func(r region, t Ticks) int { return cmp.Compare(r.from, t) })
	s.regions = slices.Insert(s.regions, i, r)
}

// next hands out a cell; false if everything is covered or being read.
func (s *survey) next() (cell, bool) {
	if len(s.regions) == 0 {
		return cell{}, false
	}
	r := s.regions[len(s.regions)-1]
	s.regions = s.regions[:len(s.regions)-1]
	part, rest := s.plan(&r)
	if rest != (span{}) {
		s.regions = append(s.regions, r.within(rest))
	}
	marks := r.within(part.span).marks
	s.flying[part.span] = pending{len(marks), r.all, r.up}
	if r.all && part.pages == 0 {
		part.seen = idsOf(marks)
	}
	return part, true
}

func idsOf(marks []mark) map[string]bool {
	ids := map[string]bool{}
	for _, m := range marks {
		ids[m.id] = true
	}
	return ids
}

// done notes that a cell was read completely.
func (s *survey) done(c span, rows []mark) {
	f := s.land(c)
	for _, row := range rows {
		s.lo, s.hi = min(s.lo, row.at), max(s.hi, row.at)
	}
	s.learn(s.extent(c), len(rows))
	if f.marks > 0 && !f.all {
		s.share += (float64(f.marks)/float64(max(1, len(rows))) - s.share) / 4
		s.share = max(leastShare, min(s.share, 1))
	}
}

// leastShare bounds how many rows a mark can stand for.
const leastShare = 0.02

// overflow notes that a cell held more than a page, of which rows were shown,
// perhaps all.
func (s *survey) overflow(c span, rows []mark, all bool) {
	f := s.land(c)
	if f.marks > 0 && !f.all {
		s.share = max(leastShare, 0.8*s.share)
	}
	if s.width > 0 && s.extent(c) < 1.5*s.width {
		s.learn(s.extent(c), pageSize+5)
	}
	s.add(region{span: c, marks: rows, all: all, up: f.up, over: true})
}

// fail notes that a cell could not be read; it will be handed out again.
func (s *survey) fail(c span) {
	s.add(region{span: c, up: s.land(c).up})
}

func (s *survey) land(c span) pending {
	f := s.flying[c]
	delete(s.flying, c)
	return f
}

// learn compares a cell with what the last ones let expect of its width.
func (s *survey) learn(width float64, rows int) {
	if width < float64(oneSecond) {
		return
	}
	w := width * wanted / float64(max(1, rows))
	if s.width == 0 {
		s.width = w
	}
	off := math.Log(w / s.width)
	s.surprise += (math.Abs(off) - s.surprise) / 6
	s.width *= math.Exp(off / 3)
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
	return max(0, min(1-left/max(1, s.whole), 1))
}

// kept is how much of a span lies in the time for which Graph keeps incidents.
func (s *survey) kept(c span) float64 {
	c = s.presumed(c)
	return max(0, float64(c.to)-float64(c.from))
}

// presumed is the part of a span where Graph may have incidents.
func (s *survey) presumed(c span) span {
	return span{max(c.from, s.now-Ticks(keptFor)), min(c.to, s.now)}
}
