package mirror

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// testNow is the time of the surveys in tests.
const testNow = Ticks(1_790_000_000) * oneSecond

// A timeline answers the cells of a survey like a Graph with some page size that
// widens each cell by a second, shows a page of it in some order, and knows no more.
type timeline struct {
	rng   *rand.Rand
	whole span    // to be listed
	rows  []Ticks // ascending
	page  int
	pick  func(rng *rand.Rand, rows []Ticks, page int) []Ticks // which rows of too many are shown
}

func (l *timeline) in(c span) []Ticks {
	from, _ := slices.BinarySearch(l.rows, c.from)
	to, _ := slices.BinarySearch(l.rows, c.to)
	if c.to == maxTicks {
		to = len(l.rows)
	}
	return l.rows[from:max(from, to)]
}

func (l *timeline) ask(c span) (rows []Ticks, overflow bool) {
	wide := c
	if c.from != minTicks {
		wide.from -= oneSecond
	}
	if c.to != maxTicks {
		wide.to += oneSecond
	}
	all := l.in(wide)
	if overflow = len(all) > l.page; overflow {
		all = l.pick(l.rng, all, l.page)
	}
	return slices.DeleteFunc(slices.Clone(all), func(t Ticks) bool { return !c.holds(t) }), overflow
}

// pickers are the orders in which a server may list.
var pickers = map[string]func(rng *rand.Rand, rows []Ticks, page int) []Ticks{
	"newest": func(_ *rand.Rand, rows []Ticks, page int) []Ticks { return rows[len(rows)-page:] },
	"oldest": func(_ *rand.Rand, rows []Ticks, page int) []Ticks { return rows[:page] },
	"random": func(rng *rand.Rand, rows []Ticks, page int) []Ticks {
		some := make([]Ticks, page)
		for i, at := range rng.Perm(len(rows))[:page] {
			some[i] = rows[at]
		}
		return some
	},
}

// survey runs a survey of the time line with four cells in flight and returns the
// number of requests, and how many rounds they took. It fails the test unless the
// cells tile all time, and no cell is asked for twice.
func (l *timeline) survey(t *testing.T, failures float64) (requests, rounds int) {
	t.Helper()
	s := newSurvey(l.whole, nil, testNow)
	asked, read := map[span]bool{}, []span{}
	flying := []span{}
	for {
		for len(flying) < parallel {
			c, ok := s.next()
			if !ok {
				break
			}
			if asked[c] {
				t.Fatalf("cell %s is asked for again", c)
			}
			asked[c] = true
			flying = append(flying, c)
		}
		if len(flying) == 0 {
			break
		}
		rounds++
		for _, c := range flying {
			if requests++; requests > 1000+20*len(l.rows) {
				t.Fatalf("%d requests for %d rows", requests, len(l.rows))
			}
			rows, overflow := l.ask(c)
			switch {
			case l.rng.Float64() < failures:
				delete(asked, c)
				s.fail(c)
			case overflow && !c.atomic():
				s.overflow(c, rows)
			default:
				read = append(read, c)
				s.done(c, rows)
			}
		}
		flying = flying[:0]
	}
	checkTiles(t, l.whole, read)
	if !s.finished() || s.progress() != 1 {
		t.Errorf("finished %t, progress %g", s.finished(), s.progress())
	}
	return requests, rounds
}

// checkTiles fails the test unless the cells cover the whole without overlap.
func checkTiles(t *testing.T, whole span, cells []span) {
	t.Helper()
	slices.SortFunc(cells, func(a, b span) int { return cmpTicks(a.from, b.from) })
	at := whole.from
	for _, c := range cells {
		if c.from != at || c.to <= c.from {
			t.Fatalf("the cells do not tile at %s", c)
		}
		at = c.to
	}
	if at != whole.to {
		t.Fatalf("the cells end at %s instead of %s", span{minTicks, at}, whole)
	}
}

// TestSurveyTiles shows for any rows, ties, page size, order of answers and failures
// that a survey ends, covers all time once, and asks for no cell twice.
func TestSurveyTiles(t *testing.T) {
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 7))
		l := &timeline{rng: rng, whole: allTime, page: 1 + rng.IntN(50), pick: pickers[one(rng, "newest", "oldest", "random")]}
		spread := one[int64](rng, 1, 5, 60, 3600, 86400, 180*86400)
		for range rng.IntN(600) {
			at := testNow - Ticks(rng.Int64N(spread*ticksPerSecond))
			for range one(rng, 1, 1, 1, 1+rng.IntN(80)) {
				l.rows = append(l.rows, at)
			}
		}
		slices.Sort(l.rows)
		if rng.IntN(2) == 0 { // as the sweep does, a window with rows just outside
			at := testNow - Ticks(rng.Int64N(spread+2))*oneSecond
			l.whole = span{at - Ticks(1+rng.Int64N(600))*oneSecond, at}
		}
		t.Logf("seed %d", seed)
		l.survey(t, one(rng, 0, 0, 0.2))
		if t.Failed() {
			t.Fatalf("seed %d: %d rows over %d s, page of %d", seed, len(l.rows), spread, l.page)
		}
	}
}
