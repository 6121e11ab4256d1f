package e2e

import (
	"slices"
	"time"
)

// againPlots are of what fires again before Alertmanager need have told that it is over: it is another alert, by the
// label again.
func againPlots(s setting) []*plot {
	return []*plot{anew(s), anewBeside(s)}
}

// anew: the only one that waits, and the second of two, is taken and given back.
func anew(s setting) *plot {
	p := begin("an incident is given back at once", s)
	waits := func(n int) { p.hero().wait(n, 10*minute) }
	within := func(gap time.Duration, n int, alerts ...string) { // since the last evaluation at which more waited
		p.exactly(p.now - 2*s.interval + gap)
		waits(n)
		p.fires(alerts...)
	}
	p.until(10 * minute)
	waits(1)
	p.fires(p.of(one))
	waits(0)
	p.fires()
	within(10*minute, 1, p.of(one, `again="1"`))
	p.until(40 * minute)
	waits(0)
	p.fires()
	within(10*minute, 1, p.of(one, `again="2"`))
	waits(0)
	p.fires()
	within(15*minute, 1, p.of(one))
	waits(2)
	p.fires(p.of(one), p.of(more, `reached="2"`))
	waits(1)
	p.fires(p.of(one))
	within(10*minute, 2, p.of(one), p.of(more, `reached="2"`, `again="1"`))
	p.until(100*minute).tells([]float64{1}, p.of(more, `reached="2"`, `again="1"`)).fires(p.of(one), p.of(more, `reached="2"`, `again="1"`))
	waits(1)
	p.fires(p.of(one))
	within(10*minute, 2, p.of(one), p.of(more, `reached="2"`, `again="2"`))
	waits(1)
	p.fires(p.of(one))
	within(15*minute, 2, p.of(one), p.of(more, `reached="2"`))
	return p
}

// anewBeside: that changes nothing for others that wait meanwhile, in other tenants and other jobs.
func anewBeside(s setting) *plot {
	p := begin("incidents are given back while others wait elsewhere", s)
	others, last := p.others[:1], s.tenants[len(s.tenants)-1]
	elsewhere := func(alert string, labels ...string) []string {
		all := []string{p.of(alert, append(slices.Clone(labels), `job="lab"`)...)}
		if len(s.tenants) > 1 {
			all = append(all, (&plot{setting: setting{tenants: []string{last}}}).of(alert, labels...))
		}
		return all
	}
	if len(s.tenants) > 1 {
		others = append(slices.Clone(others), p.all(last)...)
	}
	both := slices.Concat(elsewhere(one), elsewhere(more, `reached="2"`))
	for i, n := range []int{1, 2, 3, 2} {
		p.until(time.Duration(10+5*i)*minute).hero().wait(n, 5*minute)
		others.wait(min(n, 2), 5*minute)
	}
	p.fires(append(both, p.of(one), p.of(more, `reached="2"`))...)
	p.until(30*minute).hero().wait(3, 5*minute)
	p.fires(append(both, p.of(one), p.of(more, `reached="2"`), p.of(more, `reached="3"`, `again="1"`))...)
	p.until(35*minute).hero().wait(0, 0)
	p.until(40*minute).hero().wait(1, 5*minute)
	p.fires(append(both, p.of(one, `again="1"`))...)
	others.wait(1, 5*minute)
	p.until(p.now + s.interval)
	others.wait(2, 5*minute)
	both = slices.Concat(elsewhere(one), elsewhere(more, `reached="2"`, `again="1"`))
	p.fires(append(both, p.of(one, `again="1"`))...)
	p.until(60*minute).hero().wait(2, 5*minute)
	return p.fires(append(both, p.of(one, `again="1"`), p.of(more, `reached="2"`))...)
}
