package mirror

import (
	"context"
	"errors"
	"fmt"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/defender"
)

const (
	// pageSize is the most that Graph answers at once.
	pageSize = 50
	// maxPages is how many pages of a listing are read: sibling endpoints refuse a $skip
	// above 500, and collectors report that deep paging ends without an error.
	maxPages = 10
	// maxEmpty bounds how many empty pages in a row are followed.
	maxEmpty = 10
	// statusRetry is how long a refused filter on status is not tried again.
	statusRetry = 10 * time.Minute
)

var errIgnored = fmt.Errorf("Graph ignores the filter: %w", errIncomplete) //nolint:staticcheck // a name

// A query says what a listing asks for, and how.
type query struct {
	region
	operation graphclient.Operation
	open      bool // closed incidents are of no interest
	paced     bool // by the pacer: nobody waits for it
	// probes is the time before which what the listing shows should be known already.
	probes defender.Ticks
}

// A listing is what was read of a query: pages with rows in their order.
type listing struct {
	pages [][]defender.Incident
	// ended says that no nextLink followed the last page, gaps that an empty page had one.
	ended, gaps bool
	// unfiltered says that Graph was not asked to leave out closed incidents.
	unfiltered bool
	unknown    int       // rows that were not known although the query's probes says that they should be
	sent       time.Time // when the first request was sent, on Graph's clock as it was believed then
	fell       time.Duration
}

// read lists a query, at most so many pages with rows, and puts each page into the copy as
// it arrives. Where Graph refuses the filter on status it lists what is closed as well.
func (m *Mirror) read(ctx context.Context, q query, pages int) (listing, error) {
	if !q.open || !m.filtersStatus() {
		l, err := m.follow(ctx, q, q.filter(false), pages)
		l.unfiltered = true
		return l, err
	}
	l, err := m.follow(ctx, q, q.filter(true), pages)
	for range 2 {
		if graphclient.ReasonOf(err) != graphclient.ReasonBadRequest {
			return l, err
		}
		// Once may be chance. If nothing but the filter on status is refused, and twice, it is
		// not.
		plain, plainErr := m.follow(ctx, q, q.filter(false), pages)
		if plainErr != nil {
			return l, err
		}
		if l, err = m.follow(ctx, q, q.filter(true), pages); graphclient.ReasonOf(err) == graphclient.ReasonBadRequest {
			m.refuseStatusFilter(ctx, err)
			plain.unfiltered = true
			return plain, nil
		}
	}
	return l, err
}

// follow reads page after page until there is none, or so many had rows and there are more.
func (m *Mirror) follow(ctx context.Context, q query, filter string, pages int) (listing, error) {
	var l listing
	empty := 0
	if q.paced && !m.pace(ctx) {
		return l, ctx.Err()
	}
	ask := graphclient.Query{Operation: q.operation, Filter: filter, Patient: true, Background: q.paced}
	for page, err := range m.client.Incidents(ctx, ask) {
		if err != nil {
			return listing{}, err
		}
		m.take(&l, page, &q)
		if len(page.Incidents) == 0 {
			l.gaps = l.gaps || page.More
			if empty++; empty > maxEmpty {
				return listing{}, fmt.Errorf("more than %d empty pages in a row: %w", maxEmpty, errIncomplete)
			}
		} else {
			empty = 0
		}
		if page.More && len(l.pages) >= pages {
			return l, nil
		}
		if page.More && q.paced && !m.pace(ctx) {
			return listing{}, ctx.Err()
		}
	}
	l.ended = true
	return l, nil
}

// take puts a page into the copy.
func (m *Mirror) take(l *listing, page *graphclient.Page, q *query) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sent := m.observe(page.Answer)
	if l.sent.IsZero() {
		l.sent, l.fell = sent, m.fell
	}
	if n := len(page.Incidents); page.More && n > m.fullPage {
		m.fullPage = n
	}
	if len(page.Incidents) == 0 {
		return
	}
	at := moment{page.Sent.Sub(m.epoch), page.Arrived.Sub(m.epoch)}
	rows := make([]defender.Incident, len(page.Incidents))
	for i := range page.Incidents {
		rows[i] = m.decoder.Incident(&page.Incidents[i])
		m.put(l, rows[i], at, q)
	}
	l.pages = append(l.pages, rows)
}

// full is the fullest page that Graph sends, as far as is known.
func (m *Mirror) full() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fullPage == 0 {
		return pageSize
	}
	return m.fullPage
}

// each returns the incidents of the listing by id.
func (l *listing) each() map[string]defender.Incident {
	all := map[string]defender.Incident{}
	for _, page := range l.pages {
		for i := range page {
			all[page[i].ID] = page[i]
		}
	}
	return all
}

// strays reports whether a row is not what was asked for: a nextLink lost the filter, or
// Graph ignores it, which the first page shows by itself. A Graph that ignores the filter
// on status lists closed rows from the first page on, and those cannot leave the listing.
func (l *listing) strays(q *query) (first, any bool) {
	closed := l.unfiltered
	for n, page := range l.pages {
		for i := range page {
			out := !q.holds(&page[i])
			closed = closed || n == 0 && !page[i].Status.Open()
			out = out || q.open && !closed && !page[i].Status.Open()
			first, any = first || out && n == 0, any || out
		}
	}
	return first, any
}

// exact reports whether the listing is certainly whole: one page, which has room for more
// rows and nothing behind it.
func (l *listing) exact(full int) bool {
	switch {
	case !l.ended || l.gaps:
		return false
	case len(l.pages) == 0:
		return true
	}
	return len(l.pages) == 1 && len(l.pages[0]) < full
}

// countsUp reports whether every row of the list is there if none of those read has left it
// since: no id came twice, each row is what was asked for, each page but the last is as full
// as the first, and the last has rows and fewer of them. docs/mirror.md has the proof.
func (l *listing) countsUp(q *query) bool {
	n := len(l.pages)
	if !l.ended || n < 2 {
		return l.ended && n == 1
	}
	size, rows := len(l.pages[0]), 0
	for i, page := range l.pages {
		if i < n-1 && len(page) != size || i == n-1 && len(page) >= size {
			return false
		}
		rows += len(page)
	}
	_, strays := l.strays(q)
	return !strays && len(l.each()) == rows
}

// whole lists a query that nothing leaves while it is read, in so many pages at most, and
// reports whether that is proven complete. A listing with an empty page in its midst has to
// read alike twice.
func (m *Mirror) whole(ctx context.Context, q query, pages int) (l listing, complete bool, err error) {
	l, err = m.read(ctx, q, pages)
	if err != nil {
		return l, false, err
	}
	if first, _ := l.strays(&q); first {
		return l, false, fmt.Errorf("%s: %w", q.region, errIgnored)
	}
	if !l.gaps {
		return l, l.exact(m.full()) || len(l.pages) > 1 && l.countsUp(&q), nil
	}
	again, err := m.read(ctx, q, pages)
	if err != nil {
		return l, false, err
	}
	alike := l.ended && again.ended && sameIncidents(l.each(), again.each())
	again.sent, again.fell = l.sent, l.fell
	return again, alike && (len(again.pages) == 0 || again.countsUp(&q)), nil
}

// sameIncidents reports whether two readings show the same incidents in the same state.
func sameIncidents(a, b map[string]defender.Incident) bool {
	if len(a) != len(b) {
		return false
	}
	for id := range a {
		if other, ok := b[id]; !ok || other != a[id] {
			return false
		}
	}
	return true
}

func (m *Mirror) filtersStatus() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.statusRefused.IsZero() || time.Since(m.statusRefused) > statusRetry
}

// refuseStatusFilter remembers that Graph does not filter by status.
func (m *Mirror) refuseStatusFilter(ctx context.Context, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.statusRefused.IsZero() {
		m.cfg.Logger.WarnContext(ctx, "Graph refuses the filter on status, filtering locally: listings cost more requests", "err", err)
	}
	m.statusRefused = time.Now()
}

// ignored reports whether Graph does not do what a filter says.
func ignored(err error) bool { return errors.Is(err, errIgnored) }
