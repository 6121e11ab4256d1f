package mirror

import (
	"context"
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
	overflow bool // there is more than a page: the rows are only a sample
}

// created returns when the incidents of the reading were created that lie in s.
func (r *reading) created(s span) []Ticks {
	var created []Ticks
	seen := map[string]bool{}
	for _, page := range r.pages {
		for i := range page.Incidents {
			in := &page.Incidents[i]
			if t := TicksOf(in.Created); s.holds(t) && !seen[in.ID] {
				seen[in.ID] = true
				created = append(created, t)
			}
		}
	}
	return created
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

// read lists what the clauses select. It follows a nextLink only from an empty
// page, which may well have one. A page of rows with more behind it is an overflow.
func (m *Mirror) read(ctx context.Context, q query, clauses ...string) (reading, error) {
	filter := and(append([]string{q.clause}, clauses...)...)
	if !q.open || !m.statusFilter() {
		return m.follow(ctx, q, filter, 1)
	}
	r, err := m.follow(ctx, q, and(filter, stillOpen), 1)
	if graphclient.ReasonOf(err) != graphclient.ReasonBadRequest {
		return r, err
	}
	plain, plainErr := m.follow(ctx, q, filter, 1)
	if plainErr != nil {
		return r, err
	}
	m.refuseStatusFilter(ctx, err)
	return plain, nil
}

// follow reads page after page until there is none or at least limit rows came
// and there are more.
func (m *Mirror) follow(ctx context.Context, q query, filter string, limit int) (reading, error) {
	var r reading
	rows, empty := 0, 0
	for page, err := range m.client.Incidents(ctx, graphclient.Query{Operation: q.operation, Filter: filter}) {
		if err != nil {
			return reading{}, err
		}
		if q.answered != nil {
			q.answered()
		}
		r.pages = append(r.pages, page)
		rows += len(page.Incidents)
		if empty++; len(page.Incidents) > 0 {
			empty = 0
		}
		if empty > maxEmpty {
			return reading{}, fmt.Errorf("more than %d empty pages in a row: %w", maxEmpty, errIncomplete)
		}
		if page.More && rows >= limit {
			r.overflow = true
			return r, nil
		}
	}
	return r, nil
}

// maxEmpty bounds how many empty pages in a row are followed.
const maxEmpty = 10

// maxReadings bounds how often a listing of several pages is repeated.
const maxReadings = 5

// whole lists what the clauses select so that no row is missing. One page is
// certain. Several were read from a list that moves, so they are read again until
// two readings in a row agree.
func (m *Mirror) whole(ctx context.Context, q query, clauses ...string) (reading, error) {
	r, err := m.read(ctx, q, clauses...)
	if err != nil || r.overflow || len(r.pages) == 1 {
		return r, err
	}
	return m.agree(ctx, r, func() (reading, error) { return m.read(ctx, q, clauses...) })
}

// agree repeats a reading until it brings the same incidents twice.
func (m *Mirror) agree(ctx context.Context, r reading, again func() (reading, error)) (reading, error) {
	for range maxReadings - 1 {
		next, err := again()
		if err != nil || next.overflow || maps.Equal(r.ids(), next.ids()) {
			return next, err
		}
		r = next
	}
	return reading{}, fmt.Errorf("%d readings of several pages differ from each other: %w", maxReadings, errIncomplete)
}

// second lists a cell that time cannot split further, by attributes instead.
func (m *Mirror) second(ctx context.Context, q query, by []attribute, clauses ...string) (reading, error) {
	r, err := m.whole(ctx, q, clauses...)
	if err != nil || !r.overflow {
		return r, err
	}
	if len(by) == 0 {
		return m.paged(ctx, q, clauses...)
	}
	all := reading{pages: r.pages}
	for _, f := range by[0].filters() {
		part, err := m.second(ctx, q, by[1:], append(clauses[:len(clauses):len(clauses)], f)...)
		if graphclient.ReasonOf(err) == graphclient.ReasonBadRequest {
			return m.paged(ctx, q, clauses...)
		}
		if err != nil {
			return reading{}, err
		}
		all.pages = append(all.pages, part.pages...)
	}
	return all, nil
}

// paged lists what nothing can split by paging, until two readings agree.
func (m *Mirror) paged(ctx context.Context, q query, clauses ...string) (reading, error) {
	filter := and(append([]string{q.clause}, clauses...)...)
	if q.open && m.statusFilter() {
		filter = and(filter, stillOpen)
	}
	again := func() (reading, error) { return m.follow(ctx, q, filter, maxPaged) }
	r, err := again()
	if err != nil {
		return r, err
	}
	if r, err = m.agree(ctx, r, again); err == nil && r.overflow {
		err = fmt.Errorf("more than %d incidents that nothing tells apart: %w", maxPaged, errIncomplete)
	}
	return r, err
}

// maxPaged is how many rows are paged through at most: deep pages silently come
// back empty.
const maxPaged = 1000

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
