package graphsim

import (
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
	if o.expand && len(s.created.sortedEntries()) > pageSize {
		// On large tenants, expanding alerts fails for ever.
		return s.refuse(c, http.StatusInternalServerError, "UnknownError", "")
	}
	p := s.makePage(c, o)
	f.spoilPage(s, &p, c)
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

// makePage cuts one page out of the list, by position.
func (s *Sim) makePage(c *call, o *options) page {
	p := page{status: http.StatusOK, header: http.Header{"Content-Type": {jsonType}}, count: -1}
	rows, total := s.rows(o)
	if o.count {
		p.count = total
	}
	if s.cfg.DeepSkip > 0 && o.skip >= s.cfg.DeepSkip {
		return p
	}
	if o.empties < 3 && s.chance(s.cfg.EmptyPages) {
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
	if !o.total && (to < len(rows) && o.top > 0 || full && !s.cfg.ExactNextLink) {
		p.nextLink = o.nextLink(c, s.cfg.NextLink, to, 0)
	}
	return p
}
