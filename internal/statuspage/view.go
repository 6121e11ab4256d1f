package statuspage

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"time"
)

// A view is what a page shows.
type view struct {
	Options
	Title      string
	Lead       string // what the tab of a browser says first
	Name       string // of the tenant, if it has one
	Many       bool
	State      state
	Table      *table // nil while there are no numbers
	Objectives []objective
	Charts     []*chart
	Pressing   []pressing
	Facts      []fact
	Tenants    []row // of all tenants
	Metrics    string
	Scrape     string
}

// A row is one of all tenants.
type row struct {
	Name, Class, Word string
	Cells             template.HTML // of the numbers; no string of anybody else is in there
	open, high        int
}

// A fact is a line about the exporter.
type fact struct{ Name, Value string }

// An objective is one as it is shown.
type objective struct {
	Name, Target string
	Missed       int
	Next         string
}

// A pressing incident is one as it is shown.
type pressing struct {
	incident
	Age string
}

// one returns the view of one tenant.
func (p *page) one(r *http.Request, name string, m moment, now time.Time) *view {
	v := &view{Options: p.options, Title: "Open security incidents", Name: name, Metrics: "/metrics", Scrape: scrapeOne(r)}
	if name != "" {
		v.Title, v.Metrics, v.Scrape = name, "/probe?target="+name, scrapeMany(r)
	}
	if m.numbers == nil {
		v.State = state{Class: "act", Word: "No numbers", Detail: "The metrics cannot be gathered. The log says why."}
		v.Lead = v.State.Word
		return v
	}
	v.State = m.state(now)
	v.Lead = v.State.Word
	v.Facts = p.facts(m, now)
	for _, c := range []*chart{m.openChart(now), m.flowChart(now)} {
		if c != nil {
			v.Charts = append(v.Charts, c)
		}
	}
	if m.known {
		v.Table = newTable(m.numbers, now)
		v.Lead = fmt.Sprintf("%d open", v.Table.Open)
		if !m.up {
			v.Lead += ", old"
		}
		v.Objectives = objectives(m.numbers, now.Add(m.skew))
		v.Pressing = mostPressing(m.numbers, now.Add(m.skew))
	}
	return v
}

// facts returns what there is to know of the exporter itself.
func (p *page) facts(m moment, now time.Time) []fact {
	pace := fmt.Sprintf("limit %.0f a minute", m.limit)
	if rate, ok := m.requestsPerMinute(); ok {
		pace = fmt.Sprintf("%.1f a minute of at most %.0f", rate, m.limit)
	}
	facts := []fact{{"Requests to Graph", pace}}
	if m.sweep > 0 {
		facts = append(facts, fact{"Everything read again within", span(m.sweep)})
	}
	for _, kind := range slices.Sorted(maps.Keys(m.expiry)) {
		end := m.expiry[kind]
		left := "ended " + span(now.Sub(end)) + " ago"
		if end.After(now) {
			left = "ends in " + span(end.Sub(now))
		}
		facts = append(facts, fact{"Credential (" + kind + ")", left + ", " + end.UTC().Format("2006-01-02 15:04 UTC")})
	}
	if m.fallback {
		facts = append(facts, fact{"Credential in use", "the one accepted last, because the configured one is refused or cannot be read"})
	}
	return append(facts, fact{"Version", p.options.Version})
}

// objectives returns how the incidents do by each objective at a time of Graph's, the most missed first.
func objectives(n *numbers, now time.Time) []objective {
	var all []objective
	for _, name := range slices.Sorted(maps.Keys(n.objectives)) {
		s := n.objectives[name]
		o := objective{Name: name, Target: span(s.target), Missed: s.missed}
		if !s.next.IsZero() {
			o.Next = "in " + span(s.next.Sub(now))
		}
		all = append(all, o)
	}
	slices.SortStableFunc(all, func(a, b objective) int { return cmp.Compare(b.Missed, a.Missed) })
	return all
}

// mostPressing returns the incidents that the metrics name one by one, in the order in which they
// press, with their ages at a time of Graph's.
func mostPressing(n *numbers, now time.Time) []pressing {
	severities, bands := n.severities(), priorities()
	all := make([]pressing, len(n.pressing))
	for i, in := range n.pressing {
		all[i] = pressing{in, span(now.Sub(in.Created))}
	}
	slices.SortFunc(all, func(a, b pressing) int {
		return cmp.Or(
			cmp.Compare(slices.Index(bands, a.Priority), slices.Index(bands, b.Priority)),
			cmp.Compare(slices.Index(severities, a.Severity), slices.Index(severities, b.Severity)),
			a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return all
}
