package mirror

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/defender"
)

const (
	// parallel is how many cells are read at once.
	parallel = 4
	// cellRows and chunkRows are how many rows a cell and a chunk are cut to hold: a page, and
	// six of the pages that a listing may have, less what chance adds.
	cellRows, chunkRows = 46, 300
	// maxShrinks is how often in a row a part is cut because Graph answers it with a server
	// error: that may be the query's own fault for ever, but it may as well be Graph's.
	maxShrinks = 2
	// keptFor is how long Graph keeps incidents.
	keptFor = defender.Ticks(180*24*3600) * oneSecond
)

// A part is a stretch of created time that has yet to be read.
type part struct {
	span
	times []defender.Ticks // when rows that are known or were seen in it were created, sorted
	ratio float64          // how many rows there are for each of them, as far as is known
	over  bool             // it is known not to fit a page
	dense bool             // times has what an overflow showed, more than elsewhere
	chunk bool             // it may be listed in several pages
}

// A cover reads a region completely, part by part, in an order and in pieces of its own. It
// remembers what has been read, so that running it again goes on from there.
type cover struct {
	q       query
	parts   []part // oldest first
	cells   []span // that have been read, in no order
	rows    int    // read
	shrinks int
	learnt  int
	now     defender.Ticks
}

// newCover plans the reading of a query. times say when some of its rows were created, and
// ratio how many rows there are for each. If chunks, several pages may be read at a time:
// nothing leaves the query's region.
func newCover(q query, times []defender.Ticks, ratio float64, chunks bool, now defender.Ticks) *cover {
	slices.Sort(times)
	return &cover{q: q, now: now, parts: []part{{span: q.created, times: times, ratio: ratio, chunk: chunks}}}
}

// A partReading is the outcome of reading one part.
type partReading struct {
	part
	listing
	complete bool
	err      error
}

// run reads what is left, several cells at once unless the pacer has to let each of them
// pass. It ends with the first error.
func (c *cover) run(ctx context.Context, m *Mirror) error {
	results := make(chan partReading)
	width, busy := parallel, 0
	if c.q.paced {
		width = 1
	}
	var failure error
	for {
		for failure == nil && busy < width && len(c.parts) > 0 {
			p := c.next()
			if p.over && !p.second() { // and nothing cuts it
				c.parts = append(c.parts, p)
				failure = fmt.Errorf("listing %s created in %v of %d rows: %w", c.q.region, p.span, len(p.times), errIncomplete)
				break
			}
			busy++
			go func() { results <- m.readPart(ctx, p, c.q) }()
			if p.chunk {
				break // chunks one after the other
			}
		}
		if busy == 0 {
			return failure
		}
		r := <-results
		busy--
		failure = errors.Join(failure, c.took(&r))
	}
}

// took notes the outcome of reading a part.
func (c *cover) took(r *partReading) error {
	switch {
	case r.err != nil && graphclient.ReasonOf(r.err) == graphclient.ReasonServerError && !r.second() && c.shrinks < maxShrinks:
		c.shrinks++
		c.push(r.part, nil)
	case r.err != nil:
		c.parts = append(c.parts, r.part)
		return r.err
	case r.complete:
		c.shrinks = 0
		c.cells = append(c.cells, r.span)
		n := len(r.each())
		c.rows += n
		c.learn(&r.part, n)
	default:
		c.push(r.part, &r.listing)
	}
	return nil
}

// learn adjusts the parts that are left to how many rows one turned out to hold.
func (c *cover) learn(p *part, rows int) {
	if len(p.times) < 4 || p.dense {
		return
	}
	c.learnt++
	for i := range c.parts {
		if o := &c.parts[i]; !o.dense {
			o.ratio += (float64(rows)/float64(len(p.times)) - o.ratio) / min(float64(c.learnt), 5)
			o.ratio = max(1, o.ratio)
		}
	}
}

// push puts a part back that has to be cut, with the rows that were seen in it.
func (c *cover) push(p part, seen *listing) {
	expected := float64(len(p.times)) * p.ratio
	if seen != nil {
		c.learn(&p, int(2*expected))
		known := map[defender.Ticks]bool{}
		for _, t := range p.times {
			known[t] = true
		}
		for _, in := range seen.each() {
			if p.holds(in.Created) && !known[in.Created] {
				p.times = append(p.times, in.Created)
			}
		}
		slices.Sort(p.times)
		if n := float64(len(p.times)); !seen.ended && n > 0 {
			p.ratio = max(1.2, min(4, expected/n))
		} else {
			p.ratio = 1
		}
		// A chunk that moves too much while it is read, or whose end is not credible, is read
		// in cells.
		p.chunk = p.chunk && !seen.ended
	}
	p.over, p.dense = true, true
	c.parts = append(c.parts, p)
}

// next takes a part of the size that is wanted off the newest end.
func (c *cover) next() part {
	p := c.parts[len(c.parts)-1]
	c.parts = c.parts[:len(c.parts)-1]
	want := cellRows
	if p.chunk {
		want = chunkRows
	}
	n := max(1, int(float64(want)/p.ratio))
	if p.over {
		n = min(n, max(1, len(p.times)/2))
	}
	if !p.over && len(p.times) <= n || p.second() {
		return p
	}
	at, ok := c.cut(&p, n)
	if !ok || at <= p.from && p.from != minTicks || !p.holds(at) {
		return p
	}
	i, _ := slices.BinarySearch(p.times, at)
	older, newer := p, p
	older.to, older.times, older.over = at, p.times[:i], false
	newer.from, newer.times, newer.over = at, p.times[i:], false
	c.parts = append(c.parts, older)
	return newer
}

// cut returns a whole second about so many rows from the newest end of a part.
func (c *cover) cut(p *part, n int) (defender.Ticks, bool) {
	if len(p.times) > 1 {
		if at, ok := cutNear(p.times, len(p.times)-min(n, len(p.times)-1)); ok && p.holds(at) && at > p.from {
			return at, true
		}
	}
	if len(p.times) > 0 { // all in one second, which becomes a part of its own
		at := floor(p.times[0])
		if p.holds(at+oneSecond) && at+oneSecond > p.from {
			return at + oneSecond, true
		}
		return at, p.holds(at) && at > p.from
	}
	from, to := max(p.from, c.now-keptFor), min(p.to, c.now)
	return floor(from + (to-from)/2), to-from > oneSecond
}

// progress returns about how much of the region has been read, from 0 to 1.
func (c *cover) progress() float64 {
	left := defender.Ticks(0)
	for _, p := range c.parts {
		left += max(0, min(p.to, c.now)-max(p.from, c.now-keptFor))
	}
	return max(0, 1-float64(left)/float64(keptFor))
}

// readPart reads one part.
func (m *Mirror) readPart(ctx context.Context, p part, q query) partReading {
	q.created = p.span
	r := partReading{part: p}
	switch {
	case p.second():
		r.complete = true
		r.listing, r.err = m.readSecond(ctx, q)
	case p.chunk:
		r.listing, r.complete, r.err = m.whole(ctx, q, maxPages)
	default:
		r.listing, r.complete, r.err = m.whole(ctx, q, 1)
	}
	if r.err != nil {
		r.err = fmt.Errorf("listing %s: %w", q.region, r.err)
	}
	return r
}

// created returns when rows were created, sorted, each once.
func created(rows map[string]defender.Incident) []defender.Ticks {
	times := make([]defender.Ticks, 0, len(rows))
	for _, in := range rows {
		times = append(times, in.Created)
	}
	slices.Sort(times)
	return times
}
