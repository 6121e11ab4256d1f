package reading

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/defender"
)

const (
	// Parallel is how many cells are read at once.
	Parallel = 4
	// CellRows and chunkRows are how many rows a cell and a chunk are cut to hold: a page, and
	// six of the pages that a listing may have, less what chance adds.
	CellRows, chunkRows = 46, 300
	// maxShrinks is how often a run cuts a part because Graph answers it with a server
	// error: that may be the query's own fault for ever, but it may as well be Graph's.
	maxShrinks = 2
	// keptFor is how long Graph keeps incidents.
	keptFor = defender.Ticks(180*24*3600) * defender.Second
)

// A part is a stretch of created time that has yet to be read.
type part struct {
	Span
	times []defender.Ticks // when rows that are known or were seen in it were created, sorted
	ratio float64          // how many rows there are for each of them, as far as is known
	over  bool             // it is known not to fit a page
	dense bool             // times has what an overflow showed, more than elsewhere
	seen  defender.Ticks   // where the rows end that an overflow showed, if they are sorted; 0: they are not
	chunk bool             // it may be listed in several pages
}

// A Cover reads a region completely, part by part, in an order and in pieces of its own. It
// remembers what has been read, so that running it again goes on from there.
type Cover struct {
	Query
	parts   []part // oldest first
	Cells   []Span // that have been read, in no order
	Rows    int    // read
	shrinks int
	learnt  int
	now     defender.Ticks
}

// NewCover plans the reading of a query. times say when some of its rows were created, and
// ratio how many rows there are for each. If chunks, several pages may be read at a time:
// nothing leaves the query's region.
func NewCover(q Query, times []defender.Ticks, ratio float64, chunks bool, now defender.Ticks) *Cover {
	slices.Sort(times)
	return &Cover{Query: q, now: now, parts: []part{{Span: q.Created, times: times, ratio: ratio, chunk: chunks}}}
}

// A partReading is the outcome of reading one part.
type partReading struct {
	part
	Listing
	complete bool
	err      error
}

// Run reads what is left, several cells at once unless the pacer has to let each of them
// pass. It ends with the first error.
func (c *Cover) Run(ctx context.Context, r *Reader) error {
	results := make(chan partReading)
	width, busy := Parallel, 0
	c.shrinks = 0
	if c.Paced {
		width = 1
	}
	var failure error
	for {
		for failure == nil && busy < width && len(c.parts) > 0 {
			p := c.next()
			if p.over && !p.second() { // and nothing cuts it
				c.parts = append(c.parts, p)
				failure = fmt.Errorf("listing %s created in %v of %d rows: %w", c.Region, p.Span, len(p.times), ErrIncomplete)
				break
			}
			busy++
			go func() { results <- r.readPart(ctx, p, c.Query) }()
			if p.chunk {
				break // chunks one after the other
			}
		}
		if busy == 0 {
			return failure
		}
		got := <-results
		busy--
		failure = errors.Join(failure, c.took(&got))
	}
}

// took notes the outcome of reading a part.
func (c *Cover) took(r *partReading) error {
	switch {
	case r.err != nil && graphclient.ReasonOf(r.err) == graphclient.ReasonServerError && !r.second() && c.shrinks < maxShrinks:
		c.shrinks++
		c.push(r.part, nil)
	case r.err != nil:
		c.parts = append(c.parts, r.part)
		return r.err
	case r.complete:
		c.Cells = append(c.Cells, r.Span)
		n := len(r.Each())
		c.Rows += n
		c.learn(&r.part, n)
	default:
		c.push(r.part, &r.Listing)
	}
	return nil
}

// learn adjusts the parts that are left to how many rows one turned out to hold.
func (c *Cover) learn(p *part, rows int) {
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
func (c *Cover) push(p part, seen *Listing) {
	expected := float64(len(p.times)) * p.ratio
	if seen != nil {
		c.learn(&p, int(2*expected))
		known := map[defender.Ticks]bool{}
		for _, t := range p.times {
			known[t] = true
		}
		for _, in := range seen.Each() {
			if p.Holds(in.Created) && !known[in.Created] {
				p.times = append(p.times, in.Created)
			}
		}
		slices.Sort(p.times)
		p.seen = seen.end()
		if n := float64(len(p.times)); !seen.Ended && n > 0 {
			p.ratio = max(1.2, min(4, expected/n))
		} else {
			p.ratio = 1
		}
		// A chunk that moves too much while it is read, or whose end is not credible, is read
		// in cells.
		p.chunk = p.chunk && !seen.Ended
	}
	p.over, p.dense = true, true
	c.parts = append(c.parts, p)
}

// next takes a part of the size that is wanted off the newest end.
func (c *Cover) next() part {
	p := c.parts[len(c.parts)-1]
	c.parts = c.parts[:len(c.parts)-1]
	want := CellRows
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
	if p.over && !p.chunk && p.seen != 0 && p.seen > p.From && p.Holds(p.seen) {
		at, ok = p.seen, true // what was shown is one page, whatever is behind it
	}
	p.seen = 0
	if !ok || at <= p.From && p.From != MinTicks || !p.Holds(at) {
		return p
	}
	i, _ := slices.BinarySearch(p.times, at)
	older, newer := p, p
	older.To, older.times, older.over = at, slices.Clip(p.times[:i]), false
	newer.From, newer.times, newer.over = at, p.times[i:], false
	c.parts = append(c.parts, older)
	return newer
}

// cut returns a whole second about so many rows from the newest end of a part.
func (c *Cover) cut(p *part, n int) (defender.Ticks, bool) {
	if len(p.times) > 1 {
		if at, ok := cutNear(p.times, len(p.times)-min(n, len(p.times)-1)); ok && p.Holds(at) && at > p.From {
			return at, true
		}
	}
	if len(p.times) > 0 { // all in one second, which becomes a part of its own
		at := Floor(p.times[0])
		if p.Holds(at+defender.Second) && at+defender.Second > p.From {
			return at + defender.Second, true
		}
		return at, p.Holds(at) && at > p.From
	}
	from, to := max(p.From, c.now-keptFor), min(p.To, c.now)
	return Floor(from + (to-from)/2), to-from > defender.Second
}

// readPart reads one part.
func (r *Reader) readPart(ctx context.Context, p part, q Query) partReading {
	q.Created = p.Span
	got := partReading{part: p}
	switch {
	case p.second():
		got.complete = true
		got.Listing, got.err = r.readSecond(ctx, q)
	case p.chunk:
		got.Listing, got.complete, got.err = r.Whole(ctx, q, MaxPages)
	default:
		got.Listing, got.complete, got.err = r.Whole(ctx, q, 1)
	}
	if got.err != nil {
		got.err = fmt.Errorf("listing %s: %w", q.Region, got.err)
	}
	return got
}
