package graphsim

import (
	"cmp"
	"net/http"
	"slices"
)

// list answers GET …/security/incidents with one page of the list as it is at this moment.
func (s *Sim) list(c *call, f *fault) *answer {
	if c.queryErr != nil {
		return s.refuseQuery(c, "The request URI is not valid.")
	}
	o, err := parseOptions(c.query, &s.cfg)
	if err != nil {
		return s.refuseQuery(c, err.Error())
	}
	if o.expand && len(s.created.settled()) > maxTop {
		// On large tenants, expanding alerts fails for ever.
		return s.refuse(c, http.StatusInternalServerError, "UnknownError", "")
	}
	p := s.page(c, o)
	f.marPage(s, &p, c)
	a := answerJSON(p.status, s.body(c, o, &p), len(p.rows))
	a.header = p.header
	if c.knowsNewMembers() {
		a.header.Set("Preference-Applied", "include-unknown-enum-members")
	}
	return a
}

// refuseQuery is how Graph refuses an option: with an empty code.
func (s *Sim) refuseQuery(c *call, why string) *answer {
	return s.refuse(c, http.StatusBadRequest, "", "The query specified in the URI is not valid. "+why)
}

// A page is one answer of a list before it is JSON.
type page struct {
	status   int
	header   http.Header
	rows     []*Incident
	count    int // -1: not asked for
	nextLink string
}

// page cuts one page out of the list, by position.
func (s *Sim) page(c *call, o *options) page {
	p := page{status: http.StatusOK, header: http.Header{"Content-Type": {jsonType}}, count: -1}
	rows, total := s.rows(o)
	if o.count {
		p.count = total
	}
	if s.cfg.DeepSkip > 0 && o.skip >= s.cfg.DeepSkip {
		return p
	}
	if s.chance(s.cfg.EmptyPages) {
		p.nextLink = o.nextLink(c, s.cfg.NextLink, o.skip, o.empties+1)
		return p
	}
	from := min(o.skip, len(rows))
	to := min(from+o.top, len(rows))
	repeat := to > from && o.top > 1 && s.chance(s.cfg.RepeatIDs)
	if repeat {
		to = min(to, from+o.top-1) // to make room
	}
	if p.rows = slices.Clone(rows[from:to]); repeat {
		again := max(0, from-1) + s.rng.IntN(to-max(0, from-1))
		p.rows = append(p.rows, rows[again])
	}
	full := len(p.rows) == o.top && o.top > 0
	if to < len(rows) && o.top > 0 || full && !s.cfg.ExactNextLink {
		p.nextLink = o.nextLink(c, s.cfg.NextLink, to, 0)
	}
	return p
}

// rows returns the matching incidents in the list's order, at least up to one after the page,
// and how many there are if they are to be counted.
func (s *Sim) rows(o *options) (rows []*Incident, total int) {
	order := s.cfg.Order
	if o.orderBy != nil {
		order = *o.orderBy
	}
	created, updated := s.created.within(o.filter.created), s.updated.within(o.filter.updated)
	switch order {
	case CreatedAscending, CreatedDescending:
		if len(created) <= len(updated)*4 {
			return o.matching(created, order == CreatedDescending)
		}
	case UpdatedAscending, UpdatedDescending:
		if len(updated) <= len(created)*4 {
			return o.matching(updated, order == UpdatedDescending)
		}
	}
	fewer := created
	if len(updated) < len(created) {
		fewer = updated
	}
	rows = s.sorted(fewer, o.filter, order)
	return rows, len(rows)
}

// matching returns the first of the entries that match, in their order or against it, and
// looks on only to count them.
func (o *options) matching(entries []entry, descending bool) (rows []*Incident, total int) {
	limit := o.skip + o.top + 1
	for e := range inOrder(entries, descending) {
		if !o.filter.match(e.in) {
			continue
		}
		if total++; total <= limit {
			rows = append(rows, e.in)
		} else if !o.count {
			break
		}
	}
	return rows, total
}

// sorted returns all entries that match, put in order.
func (s *Sim) sorted(entries []entry, f filter, order Order) []*Incident {
	type ranked struct {
		entry
		rank uint64
	}
	seed := s.cfg.Seed
	if order == Unstable {
		seed = s.rng.Uint64()
	}
	var found []ranked
	for _, e := range entries {
		if !f.match(e.in) {
			continue
		}
		r := ranked{entry: e}
		switch order {
		case CreatedAscending, CreatedDescending:
			r.at = createdAt(e.in)
		case UpdatedAscending, UpdatedDescending:
			r.at = updatedAt(e.in)
		case Shuffled, Unstable:
			r.rank = scatter(e.number ^ seed)
		}
		found = append(found, r)
	}
	slices.SortFunc(found, func(a, b ranked) int {
		switch order {
		case CreatedDescending, UpdatedDescending:
			return byTime(b.entry, a.entry)
		case CreatedAscending, UpdatedAscending:
			return byTime(a.entry, b.entry)
		case ByID:
			return byID(*a.in, *b.in)
		}
		return cmp.Compare(a.rank, b.rank)
	})
	rows := make([]*Incident, len(found))
	for i, r := range found {
		rows[i] = r.in
	}
	return rows
}

// scatter is a permutation of the numbers that looks like chance (splitmix64).
func scatter(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
