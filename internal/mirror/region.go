package mirror

import (
	"math"
	"msgraph_security_exporter/internal/defender"
	"strings"
	"time"
)

const (
	minTicks  defender.Ticks = math.MinInt64
	maxTicks  defender.Ticks = math.MaxInt64
	oneSecond                = defender.Second
)

// A span is a half-open stretch of time. The ends minTicks and maxTicks are open.
type span struct{ from, to defender.Ticks }

var allTime = span{minTicks, maxTicks}

func (s span) holds(t defender.Ticks) bool { return s.from <= t && t < s.to }

// nearly reports whether an instant lies in the span or within a second of it: what
// Graph's filters make of fractions of a second is not known.
func (s span) nearly(t defender.Ticks) bool {
	return (s.from == minTicks || t >= s.from-oneSecond) && (s.to == maxTicks || t < s.to+oneSecond)
}

func (s span) open() bool { return s.from == minTicks || s.to == maxTicks }

// second reports whether the span is too short to be cut: filters carry whole seconds.
func (s span) second() bool { return !s.open() && s.to-s.from <= oneSecond }

// clauses selects the span of a property. Of two spans that meet one selects a row and the
// other does not, whatever Graph makes of fractions.
func (s span) clauses(property string) []string {
	var c []string
	if s.from != minTicks {
		c = append(c, property+" ge "+stamp(s.from.Time()))
	}
	if s.to != maxTicks {
		c = append(c, property+" lt "+stamp(s.to.Time()))
	}
	return c
}

// A region is the part of a tenant's incidents that one listing asks for: what was created
// in one span and updated in another, and perhaps what has a certain attribute.
type region struct {
	created, updated span
	attribute        string // a clause, or empty
}

var everything = region{created: allTime, updated: allTime}

// holds reports whether a row may be the answer to the region's filter. Of the attribute
// nothing is said.
func (r *region) holds(in *defender.Incident) bool {
	return r.created.nearly(in.Created) && r.updated.nearly(in.Updated)
}

// String names the region in errors and logs.
func (r region) String() string {
	if f := r.filter(false); f != "" {
		return "incidents with " + f
	}
	return "all incidents"
}

// filter returns the region as an expression of OData, for open incidents only if open. It
// excludes two statuses instead of listing the others, so that one of the future is not lost.
func (r region) filter(open bool) string {
	c := append(r.updated.clauses("lastUpdateDateTime"), r.created.clauses("createdDateTime")...)
	if r.attribute != "" {
		c = append(c, r.attribute)
	}
	if open {
		c = append(c, "status ne 'resolved'", "status ne 'redirected'")
	}
	return strings.Join(c, " and ")
}

// stamp writes a time in whole seconds, as Graph's filters take it: unquoted.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// floor and ceil round to whole seconds.
func floor(t defender.Ticks) defender.Ticks {
	r := t % oneSecond
	if r < 0 {
		r += oneSecond
	}
	return t - r
}

func ceil(t defender.Ticks) defender.Ticks { return floor(t + oneSecond - 1) }

// cutNear returns a whole second that separates times[i-1] from times[i], which are sorted, or
// a pair close by that lies further apart; false where no second separates any of them.
func cutNear(times []defender.Ticks, i int) (defender.Ticks, bool) {
	best, found := defender.Ticks(0), defender.Ticks(-1)
	for d := range len(times) {
		for _, j := range []int{i - d, i + d} {
			if j < 1 || j >= len(times) {
				continue
			}
			at := floor(times[j-1] + (times[j]-times[j-1])/2)
			if at <= times[j-1] {
				at = floor(times[j])
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

// cutAll cuts a span so that each part holds about so many of the times, which are sorted.
func cutAll(s span, times []defender.Ticks, per int) []span {
	parts := (len(times) + per - 1) / per
	var spans []span
	from := s.from
	for i := 1; i < parts; i++ {
		at, ok := cutNear(times, i*len(times)/parts)
		if ok && at > from && s.holds(at) {
			spans = append(spans, span{from, at})
			from = at
		}
	}
	return append(spans, span{from, s.to})
}
