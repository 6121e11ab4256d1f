package graphsim

import (
	"cmp"
	"slices"
)

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

// ranked is an entry with what it is sorted by.
type ranked struct {
	entry
	rank uint64 // when the order is one of chance
}

func (o Order) compare(a, b ranked) int {
	switch o {
	case CreatedDescending, UpdatedDescending:
		return byTime(b.entry, a.entry)
	case CreatedAscending, UpdatedAscending:
		return byTime(a.entry, b.entry)
	case ByID:
		return byID(a.in, b.in)
	}
	return cmp.Compare(a.rank, b.rank)
}

// sorted returns all entries that match, put in order.
func (s *Sim) sorted(entries []entry, f filter, order Order) []*Incident {
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
			r.rank = splitmix64(e.number ^ seed)
		}
		found = append(found, r)
	}
	slices.SortFunc(found, func(a, b ranked) int { return order.compare(a, b) })
	rows := make([]*Incident, len(found))
	for i, r := range found {
		rows[i] = r.in
	}
	return rows
}

// splitmix64 is a permutation of the numbers that looks random.
func splitmix64(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
