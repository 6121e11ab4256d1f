package e2e

import "time"

// seldomPlots are of alerts that look back over days. They are played at one interval alone, and evaluated as seldom
// as tells their bounds apart: each seven minutes, where a quarter of an hour is neither eleven minutes nor
// twenty-two; they meet the scrapes each 35 minutes. Or each hour, where only days matter.
func seldomPlots(s setting) []*plot {
	if s.interval < 5*minute {
		return nil
	}
	return []*plot{grows(s), surges(s), usual(s), week(s), stops(s), quietWeek(s)}
}

const opened = `msgraph_security_incidents_opened_total{severity="low"}`

func seldom(name string, s setting, evaluation time.Duration) *plot {
	p := begin(name, s)
	p.evaluation = evaluation
	return p
}

// grows: more are open than a day ago, by enough of the share, and then by enough of the number.
func grows(s setting) *plot {
	p := seldom("the backlog grows", s, 7*minute)
	open := func(at time.Duration, n float64) {
		p.exactly(at).hero().set(`msgraph_security_open_incidents{severity="low",priority="low"}`, n)
	}
	own := p.of("BacklogGrowing")
	open(0, 1000)
	open(245*minute, 90)
	open(1470*minute, 1200) // a fifth more
	p.exactly(1540 * minute).fires()
	open(1575*minute, 1201)
	p.exactly(1635 * minute).fires().fires(own)
	open(1645*minute, 90)
	p.exactly(1660 * minute).fires(own)
	p.exactly(1670 * minute).fires()
	open(1715*minute, 110) // twenty more
	p.exactly(1785 * minute).fires()
	open(1820*minute, 111)
	return p.exactly(1880 * minute).fires().fires(own)
}

// comes has so many incidents come until the next scrape.
func (p *plot) comes(n float64) *plot {
	p.hero().set(opened, max(p.hero()[0].page[opened], 1e6)+n)
	return p
}

// come has so many come until each scrape before a moment.
func (p *plot) come(moment time.Duration, each float64) *plot {
	for p.now < moment {
		p.comes(each).until(p.now + p.interval)
	}
	return p
}

// surges: twenty come within an hour, which twelve scrapes are, where nothing is usual.
func surges(s setting) *plot {
	p := seldom("twenty come within an hour", s, 7*minute)
	p.come(725*minute, 0).come(785*minute, 19.8/12).comes(19.8 / 12).fires()
	return p.come(850*minute, 20.4/12).comes(20.4 / 12).fires(p.of("Surge"))
}

// usual: five times as many as usual come.
func usual(s setting) *plot {
	p := seldom("a surge over what is usual", s, 7*minute)
	own := p.of("Surge")
	p.come(1265*minute, 0.5).come(1310*minute, 2.75).comes(2.75).fires() // 28 within the last hour
	p.come(1320*minute, 2.75).comes(2.75).fires(own)                     // 33; from then on it is itself usual
	return p.come(1340*minute, 0.5).comes(0.5).fires(own).comes(0.5).fires()
}

// week: what was usual is that of seven days: here 21 an hour for a day and a half, and more before.
func week(s setting) *plot {
	p := seldom("a surge over what a week has brought", s, hour)
	p.come(33*hour, 5).come(38*hour, 0).come(77*hour, 21.0/12).come(204*hour+5*minute, 0)
	p.come(205*hour, 22.0/12).comes(22.0 / 12).fires(p.of("Quiet")) // which has just ended
	return p.come(206*hour, 32.0/12).comes(32.0 / 12).fires(p.of("Surge"))
}

// stops: for three days nothing has come, after enough.
func stops(s setting) *plot {
	p := seldom("silence", s, 7*minute)
	own := p.of("Quiet")
	p.come(30*minute, 0).comes(9.5).come(90*minute, 0)
	p.comes(0.1).come(74*hour+20*minute, 0).fires()
	p.until(4470 * minute).fires(own)
	p.come(4610*minute, 0).comes(1)
	p.come(4635*minute, 0).fires(own)
	return p.come(4645*minute, 0).fires()
}

// quietWeek: what came in the seven days before the three is enough, or is not.
func quietWeek(s setting) *plot {
	p := seldom("silence after a quiet week", s, hour)
	p.come(12*hour+30*minute, 0).comes(8.7).come(95*hour, 0).fires()
	p.come(100*hour+30*minute, 0).comes(0.8)
	p.come(252*hour, 0).fires(p.of("Quiet"))
	return p.come(254*hour, 0).fires()
}
