package e2e

// The plots of pages about incidents. Moments are multiples of the longest interval, so that they
// mean the same at each.

const (
	one  = "HighPriorityUnassigned"
	more = "HighPriorityMoreUnassigned"
	// What is said of a process that is dead: a page, and a warning that Alertmanager keeps back.
	dead, down = "Blind", "TargetDown"
)

// pagePlots are when somebody is paged for incidents, and when not.
func pagePlots(s setting) []*plot {
	return []*plot{
		comes(s), outage(s), restarts(s), prometheusRestarts(s), replaced(s), comesDuring(s),
		firstBacklog(s), recent(s), firstBacklogNoScores(s), noScores(s), scoreComesLater(s), podMoves(s), forgotten(s),
	}
}

// comes: one comes, two more come, one after the other, and all are taken.
func comes(s setting) *plot {
	p := begin("incidents come and are taken", s)
	p.until(10 * minute).fires()
	p.hero().wait(1, 10*minute)
	p.fires(p.of(one))
	p.until(20*minute).hero().wait(2, 10*minute)
	p.fires(p.of(one), p.of(more, `reached="2"`))
	p.until(30*minute).hero().wait(5, 10*minute)
	p.tells([]float64{5}, p.of(one)).tells([]float64{1, 3}, p.of(more, `reached="2"`), p.of(more, `reached="5"`))
	p.fires(p.of(one), p.of(more, `reached="2"`), p.of(more, `reached="5"`))
	p.until(40*minute).hero().wait(4, 10*minute)
	p.fires(p.of(one), p.of(more, `reached="2"`))
	p.until(55*minute).hero().wait(5, 10*minute) // given back
	p.fires(p.of(one), p.of(more, `reached="2"`), p.of(more, `reached="5"`))
	p.until(60*minute).hero().wait(1, 10*minute)
	p.fires(p.of(one))
	p.until(70*minute).hero().wait(3, 10*minute)
	p.fires(p.of(one), p.of(more, `reached="3"`))
	p.until(80*minute).hero().wait(0, 0)
	p.fires()
	p.until(95*minute).hero().wait(3, 85*minute) // at once
	return p.fires(p.of(one))
}

// outage: 72 hours without an exporter resolve no page.
func outage(s setting) *plot {
	p := begin("an incident waits through an outage of 72 h", s)
	p.until(10*minute).hero().wait(1, 5*minute)
	p.until(20 * minute).all().die()
	p.until(25 * minute).fires(p.of(one))
	p.until(40*minute).fires(p.of(one), dead, down)
	end := s.days(72 * hour)
	p.until(end/2).fires(p.of(one), dead, down)
	p.until(end).fires(p.of(one), dead, down).all().live()
	p.until(end+20*minute).fires(p.of(one)).hero().wait(0, 0)
	return p.until(end + 25*minute).fires()
}

// restarts: a page lasts while the exporter restarts and synchronises, and what has come meanwhile
// pages when it is back.
func restarts(s setting) *plot {
	p := begin("incidents come while the exporter restarts", s)
	p.until(10*minute).hero().wait(1, 5*minute)
	p.until(20 * minute).all().die()
	p.until(25 * minute).all().live()
	p.all().lose("synchronising")
	p.fires(p.of(one))
	p.until(55*minute).fires(p.of(one)).hero().wait(3, 5*minute)
	p.all().see()
	p.fires(p.of(one), p.of(more, `reached="3"`))
	p.until(60 * minute).all().lose("synchronising") // and once more, and some are taken
	p.until(70*minute).hero().wait(2, 5*minute)
	p.all().see()
	return p.fires(p.of(one))
}

// prometheusRestarts: nothing is scraped and nothing evaluated for hours, because Prometheus is down.
func prometheusRestarts(s setting) *plot {
	p := begin("Prometheus is down for hours", s)
	p.until(10*minute).hero().wait(2, 5*minute)
	p.until(20 * minute).fires(p.of(one)).all().vanish()
	end := s.days(23 * hour)
	p.until(end).all().live()
	p.all().lose("unreachable")
	p.fires(p.of(one), dead)
	p.until(end+5*minute).hero().wait(3, 5*minute)
	p.all().see()
	return p.fires(p.of(one), p.of(more, `reached="3"`), dead)
}

// replaced: one is taken and another comes between two scrapes.
func replaced(s setting) *plot {
	p := begin("one is taken and another comes in the same moment", s)
	p.until(10*minute).hero().wait(1, 5*minute)
	p.until(15*minute).hero().wait(1, 12*minute)
	p.fires(p.of(one), p.of(more, `oldest="720"`))
	p.until(20*minute).hero().wait(1, 16*minute)
	p.fires(p.of(one), p.of(more, `oldest="960"`))
	p.until(25*minute).hero().wait(2, 16*minute)
	p.fires(p.of(one), p.of(more, `oldest="960"`), p.of(more, `reached="2"`))
	p.until(30*minute).hero().wait(1, 20*minute) // the older one is taken, and nobody comes
	p.fires(p.of(one))
	p.until(35*minute).hero().wait(0, 0)
	return p.fires()
}

// comesDuring: one comes while Graph cannot be reached, and is told when it can.
func comesDuring(s setting) *plot {
	p := begin("an incident comes while Graph is away", s)
	p.until(10*minute).hero().wait(1, 5*minute)
	p.until(20 * minute).hero().lose("unreachable")
	p.until(40*minute).fires(p.of(one), p.of("Blind")).hero().wait(2, 5*minute)
	p.hero().see()
	p.fires(p.of(one), p.of("Blind"), p.of(more, `reached="2"`))
	return p.until(60*minute).fires(p.of(one), p.of(more, `reached="2"`))
}

// firstBacklog: a tenant is installed with incidents that are old. They are one warning, and what
// comes after them pages.
func firstBacklog(s setting) *plot {
	p := begin("a first installation with an old backlog", s)
	late := `msgraph_security_objective_breached_incidents{objective="resolve-low-severity"}`
	p.hero().wait(40, -61*minute)
	p.hero().set(late, 300)
	p.hero().set(`msgraph_security_objective_breached_incidents{objective="acknowledge-high-priority"}`, 40)
	p.until(5 * minute).fires(p.of("Backlog"))
	p.until(60*minute).fires(p.of("Backlog")).hero().wait(30, -61*minute)
	p.hero().set(late, 200)
	p.fires(p.of("Backlog"))
	p.until(70*minute).hero().set(late, 201)
	p.fires(p.of("Backlog"), p.of("ObjectiveMissed", `objective="resolve-low-severity"`))
	p.until(80*minute).hero().wait(31, -61*minute)
	p.fires(p.of("Backlog"), p.of("ObjectiveMissed", `objective="resolve-low-severity"`), p.of(one))
	p.until(90*minute).hero().wait(32, -61*minute)
	return p.fires(p.of("Backlog"), p.of("ObjectiveMissed", `objective="resolve-low-severity"`), p.of(one), p.of(more, `reached="32"`))
}

// recent is as firstBacklog, but what waits is not old.
func recent(s setting) *plot {
	p := begin("a first installation with an incident that has just come", s)
	p.hero().wait(1, -50*minute)
	return p.until(5 * minute).fires(p.of(one))
}

// unscored has a tenant be one without scores.
func (ts targets) unscored() {
	ts.set(`msgraph_security_open_incidents{severity="low",priority="low"}`, 0)
	ts.set(`msgraph_security_open_incidents{severity="low",priority="none"}`, 1)
}

// noScores: high severity stands in for high priority, each further one a page, through an outage.
func noScores(s setting) *plot {
	p := begin("a tenant without scores", s)
	p.hero().unscored()
	p.until(10*minute).hero().waiting(1, 10*minute, "high", "none")
	p.fires(p.of(one))
	p.until(20*minute).hero().waiting(2, 10*minute, "high", "none")
	p.fires(p.of(one), p.of(more, `reached="2"`))
	p.until(30 * minute).all().die()
	end := s.days(28 * hour)
	p.until(end).fires(p.of(one), p.of(more, `reached="2"`), dead, down, p.of("NoScores")).hero().waiting(3, 10*minute, "high", "none")
	p.all().live()
	p.until(end+20*minute).fires(p.of(one), p.of(more, `reached="2"`), p.of(more, `reached="3"`), p.of("NoScores"))
	p.hero().waiting(0, 0, "high", "none")
	p.fires(p.of("NoScores"))
	p.until(end+35*minute).hero().waiting(1, end, "high", "none") // at once: it is known to have none
	return p.fires(p.of(one), p.of("NoScores"))
}

// firstBacklogNoScores is as firstBacklog, in a tenant without scores.
func firstBacklogNoScores(s setting) *plot {
	p := begin("a first installation with an old backlog and no scores", s)
	p.hero().unscored()
	p.hero().waiting(40, -2*hour, "high", "none")
	p.fires()
	p.until(30*minute).fires(p.of("Backlog")).hero().waiting(41, -2*hour, "high", "none")
	return p.fires(p.of("Backlog"), p.of(one))
}

// scoreComesLater: a tenant has scores, though nothing has been open for days; its next incident is
// of high severity and scored a little later. It is one that never is, for an hour, that tells of
// scores that are no more.
func scoreComesLater(s setting) *plot {
	p := begin("a score that comes later", s)
	end := s.days(50 * hour)
	p.until(10*minute).hero().set(`msgraph_security_open_incidents{severity="low",priority="low"}`, 0)
	p.until(end).hero().waiting(1, end, "high", "none")
	p.until(end+30*minute).fires().hero().waiting(0, 0, "high", "none")
	p.hero().waiting(1, end, "high", "low")
	p.until(end+hour+40*minute).fires().hero().waiting(0, 0, "high", "low")
	p.until(end+2*hour).hero().waiting(1, end+2*hour, "high", "none")
	p.until(end + 2*hour + 55*minute).fires()
	return p.until(end + 3*hour).fires(p.of(one))
}

// podMoves: a pod moves to another node, and back a replica that leaves.
func podMoves(s setting) *plot {
	p := begin("a pod moves, and a replica leaves", s)
	p.until(10*minute).hero().wait(1, 5*minute)
	p.until(20 * minute).all().move()
	p.fires(p.of(one))
	p.until(30 * minute).all().vanish()
	p.until(35 * minute).all().live()
	p.all().move()
	p.fires(p.of(one))
	if s.replicas > 1 {
		p.until(40 * minute).all()[:1].die()
		p.until(60*minute).fires(p.of(one), down)
		p.all()[:1].vanish()
		p.until(80 * minute).fires(p.of(one))
	}
	return p
}

// forgotten: a tenant is taken out, and forgotten a day later, which is a warning; the last one of all
// takes the sight with it.
func forgotten(s setting) *plot {
	p := begin("a tenant's target is taken away", s).alone()
	if s.interval < 5*minute {
		return p // a day of evaluations is enough at one interval
	}
	p.until(10*minute).hero().wait(1, 5*minute)
	p.until(20 * minute).hero().vanish()
	if len(s.tenants) > 1 {
		p.until(25 * minute).fires(p.of(one))
		p.exactly(20*minute-s.interval+day-s.interval).fires(p.of(one), p.of("TargetGone"))
		return p.fires()
	}
	p.exactly(20*minute-s.interval+day-s.interval).fires(p.of(one), dead, p.of("TargetGone"))
	p.fires(dead) // which is told for a while longer
	return p.until(day + 35*minute).fires("Absent")
}
