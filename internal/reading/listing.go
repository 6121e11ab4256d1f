// Package reading reads regions of a tenant's incidents completely, from lists that move while
// they are read: it says what of a listing is proof, and reads the rest again in smaller parts.
// docs/mirror.md has the argument.
package reading

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/defender"
)

const (
	// PageSize is the most that Graph answers at once.
	PageSize = 50
	// MaxPages is how many pages of a listing are read: sibling endpoints refuse a $skip
	// above 500, and collectors report that deep paging ends without an error.
	MaxPages = 10
	// maxEmpty bounds how many empty pages in a row are followed.
	maxEmpty = 10
	// statusRetry is how long a refused filter on status is not tried again.
	statusRetry = 10 * time.Minute
)

// ErrIncomplete says that Graph did not show all of a list, ErrIgnored that it does not do what
// a filter says.
var (
	ErrIncomplete = errors.New("incomplete")
	ErrIgnored    = fmt.Errorf("Graph ignores the filter: %w", ErrIncomplete) //nolint:staticcheck // a name
)

// A Query says what a listing asks for, and how.
type Query struct {
	Region
	Operation graphclient.Operation
	Open      bool // closed incidents are of no interest
	Paced     bool // it waits for [Reader.Pace] before each request
	// Probes is the time before which what the listing shows should be known already.
	Probes defender.Ticks
}

// A Listing is what was read of a query: pages with rows in their order.
type Listing struct {
	Pages [][]defender.Incident
	// Ended says that no nextLink followed the last page, gaps that an empty page had one.
	Ended, gaps bool
	// unfiltered says that Graph was not asked to leave out closed incidents.
	unfiltered bool
	Unknown    int           // rows that were not known although the query's Probes says that they should be
	Sent       time.Time     // when the first request was sent, on Graph's clock as it was believed then
	Fell       time.Duration // how far that clock had fallen back by then
}

// A Reader reads regions of one tenant's incidents completely. Its fields are set once; its
// methods may be called at once.
type Reader struct {
	Client *graphclient.Client
	Logger *slog.Logger
	// Put takes in a page as it arrives and returns its rows as they are kept.
	Put func(page *graphclient.Page, q *Query) Taken
	// Pace waits until the next request of the background may go out; false when ctx ends.
	Pace func(ctx context.Context) bool
	// Known returns when the rows that are known of a query's were created.
	Known func(q *Query) []defender.Ticks
	// Now returns what Graph's clock shows, as far as is known.
	Now func() defender.Ticks

	mu            sync.Mutex
	fullPage      int       // the fullest page that had one behind it
	statusRefused time.Time // when Graph last refused the filter on status
}

// Taken is what became of a page: its rows, when it was asked for by Graph's clock, how far that
// has fallen back so far, and how many rows were not known although the query's Probes says
// that they should be.
type Taken struct {
	Rows    []defender.Incident
	Sent    time.Time
	Fell    time.Duration
	Unknown int
}

// Read lists a query, at most so many pages with rows, and puts each page into the copy as
// it arrives. Where Graph refuses the filter on status it lists what is closed as well.
func (r *Reader) Read(ctx context.Context, q Query, pages int) (Listing, error) {
	if !q.Open || !r.filtersStatus() {
		l, err := r.follow(ctx, q, q.Filter(false), pages)
		l.unfiltered = true
		return l, err
	}
	l, err := r.follow(ctx, q, q.Filter(true), pages)
	for range 2 {
		if graphclient.ReasonOf(err) != graphclient.ReasonBadRequest {
			return l, err
		}
		// Once may be chance. If nothing but the filter on status is refused, and twice, it is
		// not.
		plain, plainErr := r.follow(ctx, q, q.Filter(false), pages)
		if plainErr != nil {
			return l, err
		}
		if l, err = r.follow(ctx, q, q.Filter(true), pages); graphclient.ReasonOf(err) == graphclient.ReasonBadRequest {
			r.refuseStatusFilter(ctx, err)
			plain.unfiltered = true
			return plain, nil
		}
	}
	return l, err
}

// follow reads page after page until there is none, or so many had rows and there are more, or
// the first shows that Graph ignores the filter, or Graph refuses the next one.
func (r *Reader) follow(ctx context.Context, q Query, filter string, pages int) (Listing, error) {
	var l Listing
	empty := 0
	if q.Paced && !r.Pace(ctx) {
		return l, ctx.Err()
	}
	ask := graphclient.Query{Operation: q.Operation, Filter: filter, Patient: true, Background: q.Paced}
	for page, err := range r.Client.Incidents(ctx, ask) {
		if len(l.Pages) > 0 && graphclient.ReasonOf(err) == graphclient.ReasonBadRequest {
			return l, nil // Graph pages no deeper
		}
		if err != nil {
			return Listing{}, err
		}
		r.take(&l, page, &q)
		if len(page.Incidents) == 0 {
			l.gaps = l.gaps || page.More
			if empty++; empty > maxEmpty {
				return Listing{}, fmt.Errorf("more than %d empty pages in a row: %w", maxEmpty, ErrIncomplete)
			}
		} else {
			empty = 0
		}
		if first, _ := l.strays(&q); page.More && (first || len(l.Pages) >= pages) {
			return l, nil
		}
		if page.More && q.Paced && !r.Pace(ctx) {
			return Listing{}, ctx.Err()
		}
	}
	l.Ended = true
	return l, nil
}

// take hands a page over.
func (r *Reader) take(l *Listing, page *graphclient.Page, q *Query) {
	t := r.Put(page, q)
	if l.Sent.IsZero() {
		l.Sent, l.Fell = t.Sent, t.Fell
	}
	l.Unknown += t.Unknown
	if len(t.Rows) > 0 {
		l.Pages = append(l.Pages, t.Rows)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(t.Rows); page.More && n > r.fullPage {
		r.fullPage = n
	}
}

// full is the fullest page that Graph sends, as far as is known.
func (r *Reader) full() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fullPage == 0 {
		return PageSize
	}
	return r.fullPage
}

// Each returns the incidents of the listing by id.
func (l *Listing) Each() map[string]defender.Incident {
	all := map[string]defender.Incident{}
	for _, page := range l.Pages {
		for i := range page {
			all[page[i].ID] = page[i]
		}
	}
	return all
}

// strays reports whether a row is not what was asked for: a nextLink lost the filter, or
// Graph ignores it, which the first page shows by itself. A Graph that ignores the filter
// on status lists closed rows from the first page on, and those cannot leave the listing.
func (l *Listing) strays(q *Query) (first, any bool) {
	closed := l.unfiltered
	for n, page := range l.Pages {
		for i := range page {
			out := !q.Holds(&page[i])
			closed = closed || n == 0 && !page[i].Status.Open()
			out = out || q.Open && !closed && !page[i].Status.Open()
			first, any = first || out && n == 0, any || out
		}
	}
	return first, any
}

// exact reports whether the listing is certainly whole: one page, which has room for more
// rows and nothing behind it.
func (l *Listing) exact(full int) bool {
	switch {
	case !l.Ended || l.gaps:
		return false
	case len(l.Pages) == 0:
		return true
	}
	return len(l.Pages) == 1 && len(l.Pages[0]) < full
}

// countsUp reports whether every row of the list is there if none of those read has left it
// since: no id came twice, each row is what was asked for, each page but the last is as full
// as the first, and the last has rows and fewer of them. docs/mirror.md has the proof.
func (l *Listing) countsUp(q *Query) bool {
	n := len(l.Pages)
	if !l.Ended || n < 2 {
		return l.Ended && n == 1
	}
	size, rows := len(l.Pages[0]), 0
	for i, page := range l.Pages {
		if i < n-1 && len(page) != size || i == n-1 && len(page) >= size {
			return false
		}
		rows += len(page)
	}
	_, strays := l.strays(q)
	return !strays && len(l.Each()) == rows
}

// Whole lists a query that nothing leaves while it is read, in so many pages at most, and
// reports whether that is proven complete. A listing with an empty page in its midst has to
// read alike twice.
func (r *Reader) Whole(ctx context.Context, q Query, pages int) (l Listing, complete bool, err error) {
	l, err = r.Read(ctx, q, pages)
	if err != nil {
		return l, false, err
	}
	if first, _ := l.strays(&q); first {
		return l, false, fmt.Errorf("%s: %w", q.Region, ErrIgnored)
	}
	if !l.gaps {
		return l, l.exact(r.full()) || len(l.Pages) > 1 && l.countsUp(&q), nil
	}
	again, err := r.Read(ctx, q, pages)
	if err != nil {
		return l, false, err
	}
	alike := l.Ended && again.Ended && sameIncidents(l.Each(), again.Each())
	again.Sent, again.Fell = l.Sent, l.Fell
	return again, alike && (len(again.Pages) == 0 || again.countsUp(&q)), nil
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

func (r *Reader) filtersStatus() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.statusRefused.IsZero() || time.Since(r.statusRefused) > statusRetry
}

// refuseStatusFilter remembers that Graph does not filter by status.
func (r *Reader) refuseStatusFilter(ctx context.Context, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.statusRefused.IsZero() {
		r.Logger.WarnContext(ctx, "Graph refuses the filter on status, filtering locally: listings cost more requests", "err", err)
	}
	r.statusRefused = time.Now()
}
