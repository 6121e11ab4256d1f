package mirror

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"msgraph_security_exporter/graphclient"
)

// pageSize is the most that Graph answers at once.
const pageSize = 50

// statusRetry is how long a refused status filter is not tried again.
const statusRetry = time.Hour

// A query says what a listing asks for; cells of created time come on top.
type query struct {
	operation graphclient.Operation
	clause    string // further filter, may be empty
	open      bool   // closed incidents are of no interest
	answered  func() // called after each answer
}

func (q *query) source() source {
	if q.operation == graphclient.OperationDelta {
		return updated
	}
	return swept
}

// features are the parts of the contract that are not certain.
type features struct {
	statusRefused time.Time // when Graph last refused the filter on status
}

// A reading is what one listing answered.
type reading struct {
	pages    []*graphclient.Page
	overflow bool // a page of rows had more behind it: a row may have slipped between the pages
	ended    bool // the last page was read
}

// rows returns the incidents of the reading that were created in s, each once.
func (r *reading) rows(s span) []mark {
	var rows []mark
	seen := map[string]bool{}
	for _, page := range r.pages {
		for i := range page.Incidents {
			in := &page.Incidents[i]
			if t := TicksOf(in.Created); s.holds(t) && !seen[in.ID] {
				seen[in.ID] = true
				rows = append(rows, mark{t, in.ID})
			}
		}
	}
	return rows
}

// ids returns the set of incidents in the reading.
func (r *reading) ids() map[string]bool {
	ids := map[string]bool{}
	for _, page := range r.pages {
		for i := range page.Incidents {
			ids[page.Incidents[i].ID] = true
		}
	}
	return ids
}

// read lists what the clauses select. It follows a nextLink from an empty page, which
// may well have one. A page of rows with more behind it is an overflow, of which it
// reads so many pages.
func (m *Mirror) read(ctx context.Context, q query, pages int, clauses ...string) (reading, error) {
	filter := and(append([]string{q.clause}, clauses...)...)
	if !q.open || !m.statusFilter() {
		return m.follow(ctx, q, filter, pages)
	}
	r, err := m.follow(ctx, q, and(filter, stillOpen), pages)
	if graphclient.ReasonOf(err) != graphclient.ReasonBadRequest {
		return r, err
	}
	plain, plainErr := m.follow(ctx, q, filter, pages)
	if plainErr != nil {
		return r, err
	}
	m.refuseStatusFilter(ctx, err)
	return plain, nil
}

// follow reads page after page until there is none, or so many had rows and there
// are more.
func (m *Mirror) follow(ctx context.Context, q query, filter string, pages int) (reading, error) {
	var r reading
	full, empty := 0, 0
	for page, err := range m.client.Incidents(ctx, graphclient.Query{Operation: q.operation, Filter: filter}) {
		if err != nil {
			return reading{}, err
		}
		if q.answered != nil {
			q.answered()
		}
		r.pages = append(r.pages, page)
		if len(page.Incidents) > 0 {
			full, empty = full+1, 0
		} else if empty++; empty > maxEmpty {
			return reading{}, fmt.Errorf("more than %d empty pages in a row: %w", maxEmpty, errIncomplete)
		}
		r.overflow = r.overflow || full > 0 && page.More
		if page.More && full >= pages {
			return r, nil
		}
	}
	r.ended = true
	return r, nil
}

// maxEmpty bounds how many empty pages in a row are followed.
const maxEmpty = 10

// maxReadings bounds how often a listing of several pages is repeated.
const maxReadings = 5

// whole lists what the clauses select so that no row is missing, unless it
// overflows. One page is certain. Several, of which one had rows, were read from a
// list that moves, so they are read again until two readings in a row agree.
func (m *Mirror) whole(ctx context.Context, q query, pages int, clauses ...string) (reading, error) {
	r, err := m.read(ctx, q, pages, clauses...)
	if err != nil || r.overflow || len(r.pages) == 1 {
		return r, err
	}
	return m.agree(ctx, r, func() (reading, error) { return m.read(ctx, q, pages, clauses...) })
}

// agree repeats a reading until it brings the same incidents twice, or fits a page.
func (m *Mirror) agree(ctx context.Context, r reading, again func() (reading, error)) (reading, error) {
	for range maxReadings - 1 {
		next, err := again()
		if err != nil || !next.ended || len(next.pages) == 1 || maps.Equal(r.ids(), next.ids()) {
			return next, err
		}
		r = next
	}
	return r, fmt.Errorf("%d readings of several pages differ from each other: %w", maxReadings, errIncomplete)
}

// paged lists what no cut of time parts by paging, until two readings agree, of which
// an earlier one may have been seen. Where none do, or where there are too many pages,
// the incidents of one second are told apart by attributes.
func (m *Mirror) paged(ctx context.Context, q query, seen map[string]bool, by []attribute, clauses ...string) (reading, error) {
	again := func() (reading, error) { return m.read(ctx, q, maxPaged, clauses...) }
	r, err := again()
	if err == nil && r.ended && len(r.pages) > 1 && !maps.Equal(r.ids(), seen) {
		r, err = m.agree(ctx, r, again)
	}
	if err == nil && !r.ended {
		err = fmt.Errorf("more than %d pages that no time tells apart: %w", maxPaged, errIncomplete)
	}
	if !errors.Is(err, errIncomplete) || len(by) == 0 {
		return r, err
	}
	var all reading
	for _, f := range by[0].filters() {
		part, partErr := m.paged(ctx, q, nil, by[1:], append(clauses[:len(clauses):len(clauses)], f)...)
		if graphclient.ReasonOf(partErr) == graphclient.ReasonBadRequest {
			return reading{}, err
		}
		if partErr != nil {
			return reading{}, partErr
		}
		all.pages = append(all.pages, part.pages...)
	}
	return all, nil
}

// maxPaged is how many pages are read at most: deep ones silently come back empty.
const maxPaged = 20

func (m *Mirror) statusFilter() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.features.statusRefused
	return t.IsZero() || time.Since(t) > statusRetry
}

// refuseStatusFilter remembers that Graph does not filter by status.
func (m *Mirror) refuseStatusFilter(ctx context.Context, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.features.statusRefused.IsZero() {
		m.cfg.Logger.WarnContext(ctx, "Graph refuses the filter on status, filtering locally: listings cost more requests", "err", err)
	}
	m.features.statusRefused = time.Now()
}
