package mirror

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// testNow is the time of the surveys in tests.
const testNow = Ticks(1_790_000_000) * oneSecond

// A timeline answers the cells of a survey like a Graph with some page size: it shows
// pages of a cell in some order, and knows no more.
type timeline struct {
	rng   *rand.Rand
	whole span   // to be listed
	rows  []mark // ascending
	page  int
	pick  func(rng *rand.Rand, rows []mark, page int) []mark // which rows of too many are shown
}

func (l *timeline) in(c span) []mark {
	from, _ := slices.BinarySearchFunc(l.rows, c.from, func(m mark, t Ticks) int { return cmp.Compare(m.at, t) })
	to, _ := slices.BinarySearchFunc(l.rows, c.to, func(m mark, t Ticks) int { return cmp.Compare(m.at, t) })
	if c.to == maxTicks {
		to = len(l.rows)
	}
	return l.rows[from:max(from, to)]
}

// ask lists a cell, and says how many requests that took.
func (l *timeline) ask(c cell) (rows []mark, overflow, ended bool, requests int) {
	all := l.in(c.span)
	pages := max(1, (len(all)+l.page-1)/l.page)
	switch {
	case pages == 1:
		return all, false, true, 1
	case c.pages == 0 && len(c.seen) == len(all):
		return all, false, true, pages
	case c.pages == 0:
		return all, false, true, 2 * pages
	case c.pages >= pages:
		return all, true, true, pages
	}
	return l.pick(l.rng, all, c.pages*l.page), true, false, c.pages
}

// pickers are the orders in which a server may list.
var pickers = map[string]func(rng *rand.Rand, rows []mark, page int) []mark{
	"newest": func(_ *rand.Rand, rows []mark, page int) []mark { return rows[len(rows)-page:] },
	"oldest": func(_ *rand.Rand, rows []mark, page int) []mark { return rows[:page] },
	"random": func(rng *rand.Rand, rows []mark, page int) []mark {
		some := make([]mark, page)
		for i, at := range rng.Perm(len(rows))[:page] {
			some[i] = rows[at]
		}
		return some
	},
}

// A cellFlight is a cell that is being read.
type cellFlight struct {
	cell
	rows            []mark
	overflow, ended bool
	lands           int // in round trips since the beginning
}

// survey runs a survey of the time line with four cells in flight and returns the
// number of requests, and how many round trips they took. It fails the test unless the
// cells tile the whole, and no cell is asked for twice.
func (l *timeline) survey(t *testing.T, s *survey, failures float64) (requests, trips int) {
	t.Helper()
	asked, read := map[string]bool{}, []span{}
	var flying []cellFlight
	for {
		for c, ok := s.next(); ok; c, ok = s.next() {
			if key := fmt.Sprint(c.span, c.pages); asked[key] {
				t.Fatalf("cell %s is asked for again", c)
			} else {
				asked[key] = true
			}
			rows, overflow, ended, cost := l.ask(c)
			requests += cost
			flying = append(flying, cellFlight{c, rows, overflow, ended, trips + cost})
			if len(flying) == parallel {
				break
			}
		}
		if len(flying) == 0 {
			break
		}
		if requests > 1000+20*len(l.rows) {
			t.Fatalf("%d requests for %d rows", requests, len(l.rows))
		}
		slices.SortStableFunc(flying, func(a, b cellFlight) int { return cmp.Compare(a.lands, b.lands) })
		f := flying[0]
		flying, trips = flying[1:], f.lands
		switch {
		case l.rng.Float64() < failures:
			clear(asked)
			s.fail(f.span)
		case f.overflow:
			s.overflow(f.span, f.rows, f.ended)
		default:
			read = append(read, f.span)
			s.done(f.span, f.rows)
		}
	}
	checkTiles(t, l.whole, read)
	if !s.finished() || s.progress() != 1 {
		t.Errorf("finished %t, progress %g", s.finished(), s.progress())
	}
	return requests, trips
}

// checkTiles fails the test unless the cells cover the whole without overlap.
func checkTiles(t *testing.T, whole span, cells []span) {
	t.Helper()
	slices.SortFunc(cells, func(a, b span) int { return cmp.Compare(a.from, b.from) })
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
				l.rows = append(l.rows, mark{at: at})
			}
		}
		l.sort()
		if rng.IntN(2) == 0 { // as the sweep does, a window with rows just outside
			at := testNow - Ticks(rng.Int64N(spread+2))*oneSecond
			l.whole = span{at - Ticks(1+rng.Int64N(600))*oneSecond, at}
		}
		t.Logf("seed %d", seed)
		l.survey(t, newSurvey(l.whole, nil, false, testNow), one(rng, 0, 0, 0.2))
		if t.Failed() {
			t.Fatalf("seed %d: %d rows over %d s, page of %d", seed, len(l.rows), spread, l.page)
		}
	}
}

// shapes are how incidents may be spread over the time for which Graph keeps them:
// each returns the age of the next one in seconds.
var shapes = map[string]func(rng *rand.Rand) func(i, n int) float64{
	"even":       evenly(180),
	"even, 90 d": evenly(90),
	"even, 7 d":  evenly(7),
	"chance": func(rng *rand.Rand) func(i, n int) float64 {
		return func(int, int) float64 { return rng.Float64() * 180 * 86400 }
	},
	"days and nights": func(rng *rand.Rand) func(i, n int) float64 {
		return func(int, int) float64 { return float64(rng.IntN(180))*86400 + rng.NormFloat64()*2*3600 + 43200 }
	},
	"the last hour": func(rng *rand.Rand) func(i, n int) float64 {
		return func(int, int) float64 { return rng.Float64() * 3600 }
	},
	"20 in a minute":   bursts(20, 60),
	"70 in a minute":   bursts(70, 60),
	"100 in 10 s":      bursts(100, 10),
	"200 in 10 min":    bursts(200, 600),
	"500 in a minute":  bursts(500, 60),
	"1000 in 10 hours": bursts(1000, 36000),
	"60 in a second":   bursts(60, 0),
	"300 in a second":  bursts(300, 0),
}

// evenly spreads incidents over so many days.
func evenly(days float64) func(rng *rand.Rand) func(i, n int) float64 {
	return func(*rand.Rand) func(i, n int) float64 {
		return func(i, n int) float64 { return (float64(i) + 0.5) / float64(n) * days * 86400 }
	}
}

// bursts spreads incidents in so many at a time, within so many seconds.
func bursts(size int, width float64) func(rng *rand.Rand) func(i, n int) float64 {
	return func(rng *rand.Rand) func(i, n int) float64 {
		var at float64
		return func(i, _ int) float64 {
			if i%size == 0 {
				at = rng.Float64() * 179 * 86400
			}
			return at + rng.Float64()*width
		}
	}
}

// timelineOf returns a time line of n incidents of a shape, listed in some order.
func timelineOf(shape, order string, n int) *timeline {
	rng := rand.New(rand.NewPCG(1, 1))
	l := &timeline{rng: rng, whole: allTime, page: pageSize, pick: pickers[order]}
	age := shapes[shape](rng)
	for i := range n {
		// Graph's times look like 1/300 s ticks.
		l.rows = append(l.rows, mark{at: testNow - Ticks(age(i, n)*300)*oneSecond/300})
	}
	l.sort()
	return l
}

func (l *timeline) sort() {
	slices.SortFunc(l.rows, func(a, b mark) int { return cmp.Compare(a.at, b.at) })
	for i := range l.rows {
		l.rows[i].id = strconv.Itoa(i)
	}
}

// TestSurveyCost shows what a first synchronisation of 10,000 open incidents costs in
// requests, and that its cells are read at once most of the time.
func TestSurveyCost(t *testing.T) {
	for shape := range shapes {
		for order := range pickers {
			l := timelineOf(shape, order, 10_000)
			requests, trips := l.survey(t, newSurvey(allTime, nil, false, testNow), 0)
			least := (len(l.rows) + pageSize - 1) / pageSize
			bound := 3.0 // 4 are promised
			switch {
			case strings.HasPrefix(shape, "even") || shape == "chance":
				bound = 1.7 // 2.5 are promised
			case strings.HasSuffix(shape, "in a second"):
				bound = 4.5 // nothing parts them, so that each is read twice or more
			}
			t.Logf("%-16s %-6s %.2f × the pages, %.2f of the time that they need at the least", shape, order,
				float64(requests)/float64(least), float64(parallel*trips)/float64(requests))
			if float64(requests) > bound*float64(least) {
				t.Errorf("%s, %s: %d requests for %d pages", shape, order, requests, least)
			}
			if float64(parallel*trips) > 1.3*float64(requests) {
				t.Errorf("%s, %s: %d round trips for %d requests", shape, order, trips, requests)
			}
		}
	}
}

// TestDeltaCost shows what a delta costs whose answer overflows.
func TestDeltaCost(t *testing.T) {
	for _, rows := range []int{51, 60, 120, 300, 500, 1000, 1500, 5000} {
		for shape := range shapes {
			for order := range pickers {
				l := timelineOf(shape, order, rows)
				marks, _, ended, hint := l.ask(cell{span: allTime, pages: deltaPages})
				requests, _ := l.survey(t, newSurvey(allTime, marks, ended, testNow), 0)
				if rows > 2000 && strings.HasSuffix(shape, "in a second") {
					continue
				}
				if most := 2 + 3*((rows+pageSize-1)/pageSize); hint+requests > most {
					t.Errorf("%d rows, %s, %s: %d requests, want at most %d", rows, shape, order, hint+requests, most)
				}
			}
		}
	}
}
