package reading

import (
	"fmt"
	"testing"

	"msgraph_security_exporter/internal/defender"
)

// pages returns a listing that ended, with pages of so many rows, each with an id of its own.
func pages(sizes ...int) Listing {
	l := Listing{Ended: true}
	id := 0
	for _, n := range sizes {
		var page []defender.Incident
		for range n {
			id++
			page = append(page, defender.Incident{ID: fmt.Sprint(id), Created: 10 * defender.Second, Updated: 10 * defender.Second})
		}
		l.Pages = append(l.Pages, page)
	}
	return l
}

// TestCountsUp: what of a listing is proof that nothing of the list is missing.
func TestCountsUp(t *testing.T) {
	q := Query{Region: Region{Created: Span{0, 20 * defender.Second}, Updated: AllTime}}
	with := func(l Listing, change func(*Listing)) Listing {
		change(&l)
		return l
	}
	for name, c := range map[string]struct {
		l                Listing
		countsUp, proven bool // and by itself
	}{
		"nothing":                 {pages(), false, true},
		"one page":                {pages(49), true, true},
		"one full page":           {pages(50), true, false},
		"two pages":               {pages(50, 3), true, false},
		"pages of half the size":  {pages(25, 25, 3), true, false},
		"a full last page":        {pages(50, 50), false, false},
		"a short page in between": {pages(50, 49, 3), false, false},
		"a last page that grew":   {pages(25, 30), false, false},
		"more behind it":          {with(pages(50, 3), func(l *Listing) { l.Ended = false }), false, false},
		"more behind one page":    {with(pages(40), func(l *Listing) { l.Ended = false }), false, false},
		"a gap":                   {with(pages(40), func(l *Listing) { l.gaps = true }), true, false},
		"an id that came twice":   {with(pages(50, 3), func(l *Listing) { l.Pages[1][0].ID = "7" }), false, false},
		"a row from elsewhere":    {with(pages(50, 3), func(l *Listing) { l.Pages[1][2].Created = 21 * defender.Second }), false, false},
		"a row a second off":      {with(pages(50, 3), func(l *Listing) { l.Pages[1][2].Created = 21*defender.Second - 1 }), true, false},
	} {
		if got := c.l.countsUp(&q); got != c.countsUp {
			t.Errorf("%s: counts up: %t", name, got)
		}
		if got := c.l.exact(PageSize); got != c.proven {
			t.Errorf("%s: exact: %t", name, got)
		}
	}
}
