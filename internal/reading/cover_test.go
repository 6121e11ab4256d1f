package reading

import (
	"testing"

	"msgraph_security_exporter/internal/defender"
)

// TestCoverParts cuts parts and puts rows back that an overflow showed: no part comes to hold the
// times of another.
func TestCoverParts(t *testing.T) {
	var times []defender.Ticks
	for i := range 100 {
		times = append(times, defender.Ticks(i)*10*defender.Second)
	}
	c := NewCover(Query{Region: Everything}, times, 1, false, 2000*defender.Second)
	newer := c.next()
	older := c.next()
	seen := Listing{Pages: [][]defender.Incident{{}}}
	for i := range 20 {
		seen.Pages[0] = append(seen.Pages[0], defender.Incident{ID: string(rune('a' + i)), Created: older.From + defender.Ticks(i)*defender.Second/2 + 1})
	}
	c.push(older, &seen)
	for _, p := range append(c.parts, newer) {
		for _, at := range p.times {
			if !p.Holds(at) {
				t.Errorf("part %v holds the time %d", p.Span, at)
			}
		}
	}
}
