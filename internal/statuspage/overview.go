package statuspage

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
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
			one := rowOf(name, t.History.now(), now)
			counts[one.State.Class]++
			v.Tenants = append(v.Tenants, one)
		}
		release()
	}
	slices.SortFunc(v.Tenants, func(a, b row) int {
		return cmp.Or(cmp.Compare(urgency(a.State.Class), urgency(b.State.Class)), cmp.Compare(b.High, a.High),
			cmp.Compare(b.Open, a.Open), cmp.Compare(a.Name, b.Name))
	})
	v.State = summary(counts, len(v.Tenants))
	return v
}

// urgency orders states by how soon somebody should look.
func urgency(class string) int {
	return slices.Index([]string{"act", "look", "unknown", "good"}, class)
}

func rowOf(name string, m moment, now time.Time) row {
	if m.numbers == nil || now.Sub(m.at) > forgotten {
		return row{Name: name, State: state{Class: "unknown", Word: "Being asked"}}
	}
	one := row{Name: name, State: m.state(now), Known: m.known}
	if m.known {
		one.Open, one.High, one.Nobody = m.sum("", ""), m.sum("", "high"), add(m.unassigned, "", "")
		one.Oldest = m.oldestOf("", "", now)
	}
	return one
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
