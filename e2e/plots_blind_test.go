package e2e

// blindPlots are when somebody is paged because nobody sees, and when not.
func blindPlots(s setting) []*plot {
	all := []*plot{
		processDies(s), oneBlind(s), flickers(s), synchronises(s), crashes(s), takesOver(s), neverThere(s),
	}
	if len(s.tenants) > 1 {
		all = append(all, allBlind(s), staggered(s), laterBlind(s), oneLeft(s), twoJobs(s))
	} else {
		all = append(all, handsOver(s))
	}
	if s.replicas > 1 {
		all = append(all, replicaDies(s), replicaBlind(s))
	}
	return all
}

// processDies: whatever the processes served, it is one page, and it ends when they are back.
func processDies(s setting) *plot {
	p := begin("the processes die", s)
	p.until(10 * minute).all().die()
	p.until(15 * minute).fires()
	p.until(20*minute).fires(dead, down)
	p.until(2*hour).tells([]float64{float64(len(s.tenants))}, dead).tells([]float64{float64(s.replicas)}, down)
	p.fires(dead, down).all().live()
	p.keeps(p.now, 6*minute, dead, down)
	return p.until(2*hour + 20*minute).fires()
}

// oneBlind: Graph is away for one tenant. It is named, once, also while the process is gone as well.
func oneBlind(s setting) *plot {
	p := begin("one tenant is blind", s)
	p.until(10 * minute).hero().lose("unreachable")
	p.until(15 * minute).fires()
	p.until(20 * minute).fires(p.of("Blind")).hero().die()
	p.until(25 * minute).fires(p.of("Blind"))
	p.until(40*minute).fires(p.of("Blind"), down).hero().vanish()
	p.until(50*minute).fires(p.of("Blind"), down)
	p.until(60*minute).fires(p.of("Blind"), p.of("TargetGone")).hero().live()
	p.hero().see()
	p.until(65 * minute).fires(p.of("Blind"))
	return p.until(75 * minute).fires()
}

// flickers: one failed scrape, or one failed refresh, is no page.
func flickers(s setting) *plot {
	p := begin("one scrape fails, and one refresh", s)
	for i := range 4 {
		p.until(p.now + 5*minute).all().die()
		p.until(p.now + s.interval).all().live()
		if i%2 == 0 {
			p.hero().lose("unreachable")
			p.until(p.now + s.interval).hero().see()
		}
		p.fires()
	}
	return p.until(p.now + 10*minute).fires()
}

// synchronises: a large tenant takes most of an hour, whatever throttles it.
func synchronises(s setting) *plot {
	p := begin("a large tenant synchronises", s)
	p.hero().lose("synchronising")
	p.until(20*minute).hero().set(`msgraph_security_problem{reason="throttled"}`, 1)
	p.until(30*minute).hero().set(`msgraph_security_problem{reason="throttled"}`, 0)
	p.until(55 * minute).fires().hero().see()
	p.until(65 * minute).hero().lose("synchronising")
	p.until(2 * hour).fires()
	p.until(2*hour + 20*minute).fires(p.of("Blind")).hero().see()
	p.until(2*hour + 40*minute).fires().hero().lose("synchronising")
	p.hero().set(`msgraph_security_problem{reason="credential"}`, 1)
	p.until(3*hour).fires(p.of("Blind"), p.of("SignInRefused", `reason="credential"`)).hero().see()
	return p.until(3*hour + 30*minute).fires()
}

// crashes: a process that restarts every few minutes never gets as far as seeing.
func crashes(s setting) *plot {
	p := begin("a process crashes again and again", s)
	p.until(10 * minute).all().lose("synchronising")
	for p.now < 65*minute {
		if p.now == 60*minute {
			p.fires()
		}
		p.all().die()
		p.until(p.now + s.interval).all().live()
		p.until(p.now + s.interval)
	}
	return p.until(90 * minute).fires(dead)
}

// takesOver: an upgrade. The new pod is there before the old one goes, or after it.
func takesOver(s setting) *plot {
	p := begin("an upgrade", s)
	p.until(10 * minute).all().vanish()
	p.until(15 * minute).all().move()
	p.all().live()
	p.all().lose("synchronising")
	p.fires()
	p.until(25 * minute).all().see()
	return p.until(60 * minute).fires()
}

// neverThere: nobody has ever answered.
func neverThere(s setting) *plot {
	p := begin("no exporter has ever answered", s).alone()
	p.all().die()
	p.waits(0, 10*minute, "Absent").all().live()
	return p.until(20 * minute).fires()
}

// allBlind: Microsoft cannot be reached, by nobody. The last one that sees again ends it.
func allBlind(s setting) *plot {
	p := begin("all tenants are blind", s)
	p.until(10 * minute).all().lose("unreachable")
	p.until(20 * minute).fires(dead).all(p.tenants[1:]...).see()
	p.until(40 * minute).fires(dead).all().see()
	return p.until(55 * minute).fires()
}

// staggered: they go blind one after the other, within a scrape interval, and see again so.
func staggered(s setting) *plot {
	p := begin("the scrapes of a dead process are spread", s)
	p.until(10 * minute)
	for _, tenant := range p.tenants {
		p.all(tenant).die()
		p.until(p.now + min(s.interval, minute))
	}
	p.until(30*minute).fires(dead, down)
	for _, tenant := range p.tenants {
		p.all(tenant).live()
		p.until(p.now + min(s.interval, minute))
	}
	return p.until(90 * minute).fires()
}

// laterBlind: one after the other with time between is a page each, and a process that dies with the
// rest is one more.
func laterBlind(s setting) *plot {
	p := begin("tenants go blind, each for a reason of its own", s)
	p.until(10 * minute).all(p.tenants[0]).lose("unreachable")
	p.until(30 * minute).fires(p.of("Blind")).all(p.tenants[1]).lose("unreachable")
	both := []string{p.of("Blind"), `Blind{tenant="fabrikam"}`}
	p.until(50 * minute).fires(both...).all().die()
	p.until(70 * minute).fires(append(both, dead, down)...).all().live()
	p.until(95 * minute).fires(both...).all(p.tenants[0]).see()
	return p.until(110 * minute).fires(`Blind{tenant="fabrikam"}`)
}

// twoJobs: what is blind in one job counts for no other.
func twoJobs(s setting) *plot {
	p := begin("a process of one job dies while a tenant of another is blind", s)
	lab := p.others[:1]
	for _, tenant := range p.tenants[1:] {
		lab = append(lab, &target{job: "lab", tenant: tenant, process: 100, there: true, answers: true, page: healthy()})
	}
	p.others = append(p.others, lab[1:]...)
	p.until(10 * minute).hero().lose("unreachable")
	p.until(15 * minute)
	lab.die()
	p.until(40*minute).fires(p.of("Blind"), `Blind{job="lab"}`, `TargetDown{job="lab"}`)
	lab.live()
	p.until(60 * minute).hero().see()
	p.all(p.tenants[1]).lose("unreachable")
	p.until(80 * minute).fires(`Blind{tenant="fabrikam"}`).all(p.tenants[1]).see()
	lab[:1].lose("unreachable")
	p.until(100 * minute).fires(p.of(`Blind`, `job="lab"`)).hero().lose("unreachable")
	return p.until(120*minute).fires(p.of(`Blind`, `job="lab"`), p.of("Blind"))
}

// oneLeft: one of them is not answered alone, as when the process does not know it.
func oneLeft(s setting) *plot {
	p := begin("one tenant is refused by the process", s)
	p.until(10 * minute).hero().die()
	return p.until(30*minute).fires(p.of("Blind"), down)
}

// handsOver: the only tenant is blind, then its process is gone, then it is blind again. It is one page.
func handsOver(s setting) *plot {
	p := begin("blindness, death and blindness", s)
	p.until(10 * minute).all().lose("unreachable")
	p.until(20 * minute).fires(dead).all().die()
	p.until(30 * minute).fires(dead)
	p.until(60*minute).fires(dead, down).all().live()
	p.until(65*minute).fires(dead, down)
	return p.until(90 * minute).fires(dead)
}

// replicaDies: one of two is enough.
func replicaDies(s setting) *plot {
	p := begin("one of two replicas dies", s)
	some := p.first()
	p.until(10 * minute)
	some.die()
	p.until(15 * minute).fires()
	p.until(30*minute).tells([]float64{1}, down).fires(down)
	some.vanish()
	return p.keeps(p.now, keeping, down)
}

// replicaBlind: one of two that is blind, or knows less, takes nothing away.
func replicaBlind(s setting) *plot {
	p := begin("one of two replicas is blind", s)
	some := p.first()
	p.until(10*minute).hero().wait(2, 5*minute)
	p.until(20 * minute)
	some.lose("unreachable")
	p.until(40 * minute).fires(p.of(one))
	some.see()
	p.until(50 * minute)
	some.die()
	p.fires(p.of(one))
	p.until(55 * minute)
	some.live()
	return p.until(60 * minute).fires(p.of(one))
}

// first returns the targets of the first process.
func (p *plot) first() targets {
	var some targets
	for _, t := range p.targets {
		if t.process == 0 {
			some = append(some, t)
		}
	}
	return some
}
