package mirror

import (
	"context"
	"errors"
	"fmt"

	"msgraph_security_exporter/graphclient"
)

// parallel is how many cells of one survey are read at once.
const parallel = 4

// maxShrinks is how often in a row a survey splits a cell because Graph answers
// it with a server error: that may be the query's own fault for ever, but it may
// as well be Graph's.
const maxShrinks = 2

// A cellReading is the outcome of reading one cell of a survey.
type cellReading struct {
	cell
	reading
	err error
}

// explore reads the cells of a survey, several at once, and takes in what they
// hold. It ends with the first error; the survey remembers what has been read, so
// that exploring it again goes on from there.
func (m *Mirror) explore(ctx context.Context, s *survey, q query) error {
	results := make(chan cellReading)
	var failure error
	for busy, shrinks := 0, 0; ; {
		for failure == nil && busy < parallel {
			c, ok := s.next()
			if !ok {
				break
			}
			busy++
			go func() { results <- m.readCell(ctx, c, q) }()
		}
		if busy == 0 {
			break
		}
		r := <-results
		busy--
		switch {
		case r.err != nil && shrinkable(&r) && shrinks < maxShrinks:
			shrinks++
			s.overflow(r.span, nil, false)
		case r.err != nil:
			s.fail(r.span)
			failure = errors.Join(failure, r.err)
		case r.overflow:
			s.overflow(r.span, r.rows(r.span), r.ended)
		default:
			shrinks = 0
			s.done(r.span, r.rows(r.span))
			m.advance(ctx, s.progress())
		}
	}
	return failure
}

// shrinkable reports whether a smaller cell may succeed where this one failed.
func shrinkable(r *cellReading) bool {
	return graphclient.ReasonOf(r.err) == graphclient.ReasonServerError && !r.atomic()
}

// atomic reports whether the span is too short to be split.
func (s span) atomic() bool {
	return s.from != minTicks && s.to != maxTicks && s.to-s.from <= Ticks(ticksPerSecond)
}

func (m *Mirror) readCell(ctx context.Context, c cell, q query) cellReading {
	r, err := m.list(ctx, c, q)
	if err != nil {
		return cellReading{cell: c, err: fmt.Errorf("listing incidents created in %s: %w", c.span, err)}
	}
	m.absorb(&r, q.source())
	return cellReading{cell: c, reading: r}
}

// list reads a cell so that no row is missing, unless it overflows.
func (m *Mirror) list(ctx context.Context, c cell, q query) (reading, error) {
	switch {
	case c.pages > 0:
		return m.whole(ctx, q, c.pages, c.filter()...)
	case c.atomic():
		r, err := m.paged(ctx, q, c.seen, attributes, c.filter()...)
		r.overflow = false
		return r, err
	}
	r, err := m.paged(ctx, q, c.seen, nil, c.filter()...)
	r.overflow = errors.Is(err, errIncomplete) && len(r.pages) > 0
	if r.overflow {
		r.ended, err = false, nil // to be split after all
	}
	return r, err
}
