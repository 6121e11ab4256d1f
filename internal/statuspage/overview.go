package statuspage

import (
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// forgotten is after how long what was said last is no longer shown: somebody has to ask first.
const forgotten = time.Minute

// overview returns the view of all tenants, those in trouble first. It shows what each tenant's last
// answer said, which an open page keeps young.
func (p *page) overview(r *http.Request, names []string, now time.Time) *view {
	v := &view{Options: p.options, Title: "Open security incidents", Many: true, Metrics: "/metrics", Scrape: scrapeMany(r),
		Facts: []fact{{"Version", p.options.Version}}}
	counts := map[string]int{}
	for _, name := range names {
		t, release, ok := p.fleet.Acquire(name)
		if ok {
			one := rowOf(name, t.History.last(), now)
			counts[one.Class]++
			v.Tenants = append(v.Tenants, one)
		}
		release()
	}
	slices.SortFunc(v.Tenants, func(a, b row) int {
		return cmp.Or(cmp.Compare(urgency(a.Class), urgency(b.Class)), cmp.Compare(b.high, a.high),
			cmp.Compare(b.open, a.open), cmp.Compare(a.Name, b.Name))
	})
	v.State = summary(counts, len(v.Tenants))
	v.Lead = v.State.Word
	return v
}

// urgency orders states by how soon somebody should look.
func urgency(class string) int {
	return slices.Index([]string{"act", "look", "unknown", "good"}, class)
}

func rowOf(name string, m moment, now time.Time) row {
	if m.numbers == nil || now.Sub(m.at) > forgotten {
		return row{Name: name, Class: "unknown", Word: "Being asked", Cells: cells("–", "–", "–", "–")}
	}
	s := m.state(now)
	one := row{Name: name, Class: s.Class, Word: s.Word, Cells: cells("–", "–", "–", "–")}
	for _, r := range s.Reasons {
		one.Word += " · " + r.Name
	}
	if m.known {
		one.open, one.high = m.open[rank{}], m.open[urgent]
		one.Cells = cells(strconv.Itoa(one.open), strconv.Itoa(one.high), strconv.Itoa(m.unassigned[rank{}]), m.oldestOf(rank{}, now))
	}
	return one
}

// cells returns cells of the table of all tenants. A template takes as long over the row of a tenant as
// it has values, and there are hundreds of rows.
func cells(texts ...string) template.HTML {
	var all strings.Builder
	for _, text := range texts {
		all.WriteString(`<td class="n">` + template.HTMLEscapeString(text) + "</td>")
	}
	return template.HTML(all.String())
}

// summary says how all tenants stand.
func summary(counts map[string]int, all int) state {
	s := state{Class: "good", Word: fmt.Sprintf("All %d tenants current", all)}
	var parts []string
	for _, c := range []struct{ class, words string }{{"act", "without numbers"}, {"look", "with old numbers"}, {"unknown", "not read yet"}} {
		if n := counts[c.class]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, c.words))
			if s.Class == "good" {
				s.Class = c.class
			}
		}
	}
	if len(parts) > 0 {
		s.Word, s.Detail = fmt.Sprintf("%d of %d tenants current", counts["good"], all), "Others: "+strings.Join(parts, ", ")+"."
	}
	return s
}
