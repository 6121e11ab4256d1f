package reading

import (
	"math"
	"strings"
	"time"

	"msgraph_security_exporter/internal/defender"
)

// The ends of a span that are open.
const (
	MinTicks defender.Ticks = math.MinInt64
	MaxTicks defender.Ticks = math.MaxInt64
)

// A Span is a half-open stretch of time.
type Span struct{ From, To defender.Ticks }

// AllTime is the span of every incident there can be.
var AllTime = Span{MinTicks, MaxTicks}

// Holds reports whether an instant lies in the span.
func (s Span) Holds(t defender.Ticks) bool { return s.From <= t && t < s.To }

// nearly reports whether an instant lies in the span or within a second of it: what
// Graph's filters make of fractions of a second is not known.
func (s Span) nearly(t defender.Ticks) bool {
	return (s.From == MinTicks || t >= s.From-defender.Second) && (s.To == MaxTicks || t < s.To+defender.Second)
}

func (s Span) open() bool { return s.From == MinTicks || s.To == MaxTicks }

// second reports whether the span is too short to be cut: filters carry whole seconds.
func (s Span) second() bool { return !s.open() && s.To-s.From <= defender.Second }

// clauses selects the span of a property. Of two spans that meet one selects a row and the
// other does not, whatever Graph makes of fractions.
func (s Span) clauses(property string) []string {
	var c []string
	if s.From != MinTicks {
		c = append(c, property+" ge "+Stamp(s.From.Time()))
	}
	if s.To != MaxTicks {
		c = append(c, property+" lt "+Stamp(s.To.Time()))
	}
	return c
}

// A Region is the part of a tenant's incidents that one listing asks for: what was created
// in one span and updated in another, and perhaps what has a certain attribute.
type Region struct {
	Created, Updated Span
	Attribute        string // a clause, or empty
}

// Everything is the region of every incident.
var Everything = Region{Created: AllTime, Updated: AllTime}

// Holds reports whether a row may be the answer to the region's filter. Of the attribute
// nothing is said.
func (r *Region) Holds(in *defender.Incident) bool {
	return r.Created.nearly(in.Created) && r.Updated.nearly(in.Updated)
}

// String names the region in errors and logs.
func (r Region) String() string {
	if f := r.Filter(false); f != "" {
		return "incidents with " + f
	}
	return "all incidents"
}

// Filter returns the region as an expression of OData, for open incidents only if open. It
// excludes two statuses instead of listing the others, so that one of the future is not lost.
func (r Region) Filter(open bool) string {
	c := append(r.Updated.clauses("lastUpdateDateTime"), r.Created.clauses("createdDateTime")...)
	if r.Attribute != "" {
		c = append(c, r.Attribute)
	}
	if open {
		c = append(c, "status ne 'resolved'", "status ne 'redirected'")
	}
	return strings.Join(c, " and ")
}

// Stamp writes a time in whole seconds, as Graph's filters take it: unquoted.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// Floor rounds down to a whole second.
func Floor(t defender.Ticks) defender.Ticks {
	r := t % defender.Second
	if r < 0 {
		r += defender.Second
	}
	return t - r
}

// cutNear returns a whole second that separates times[i-1] from times[i], which are sorted, or
// a pair close by that lies further apart; false where no second separates any of them.
func cutNear(times []defender.Ticks, i int) (defender.Ticks, bool) {
	best, found := defender.Ticks(0), defender.Ticks(-1)
	for d := range len(times) {
		for _, j := range []int{i - d, i + d} {
			if j < 1 || j >= len(times) {
				continue
			}
			at := Floor(times[j-1] + (times[j]-times[j-1])/2)
			if at <= times[j-1] {
				at = Floor(times[j])
			}
			if gap := times[j] - times[j-1]; at > times[j-1] && gap > found {
				best, found = at, gap
			}
		}
		if found >= 0 && d >= 2 {
			break
		}
	}
	return best, found >= 0
}

// CutAll cuts a span so that each part holds about so many of the times, which are sorted.
func CutAll(s Span, times []defender.Ticks, per int) []Span {
	parts := (len(times) + per - 1) / per
	var spans []Span
	from := s.From
	for i := 1; i < parts; i++ {
		at, ok := cutNear(times, i*len(times)/parts)
		if ok && at > from && s.Holds(at) {
			spans = append(spans, Span{from, at})
			from = at
		}
	}
	return append(spans, Span{from, s.To})
}
