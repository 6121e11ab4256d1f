package e2e

// gapPlots are of a Prometheus that evaluates seldom, as one does that was away for so long: what was last known holds
// for a day and no longer. They are played at one interval alone, and nothing is told of their first moment.
func gapPlots(s setting) []*plot {
	if s.interval < 5*minute {
		return nil
	}
	return []*plot{remembers(s), forgets(s), unscoredGap(s), unseenGap(s)}
}

// next goes to the next evaluation.
func (p *plot) next() *plot { return p.exactly(p.now/p.evaluation*p.evaluation + p.evaluation) }

const lateObjective = `msgraph_security_objective_breached_incidents{objective="resolve-low-severity"}`

// remembers: after twenty hours it is known who waited and what was late, and what came meanwhile is told.
func remembers(s setting) *plot {
	p := seldom("Prometheus is away for twenty hours", s, 20*hour)
	missed := p.of("ObjectiveMissed", `objective="resolve-low-severity"`)
	p.hero().wait(1, 20*hour-10*minute)
	p.hero().set(lateObjective, 1)
	p.next().fires(p.of(one), p.of("Backlog")).all().die()
	p.next().fires(p.of(one), p.of("Backlog"))
	p.next().fires(p.of(one), p.of("Backlog"), down).all().live()
	p.hero().wait(2, 20*hour-10*minute)
	p.hero().set(lateObjective, 2)
	grown := []string{p.of(one), p.of("Backlog"), missed, p.of(more, `reached="2"`)}
	p.next().fires(append(grown, down)...)
	p.next().fires(grown...).hero().wait(1, 20*hour-10*minute)
	p.next().fires(p.of(one), p.of("Backlog"), missed).hero().wait(1, 90*hour)
	replaced := []string{p.of(one), p.of("Backlog"), missed, p.of(more, `oldest="324000"`)}
	p.next().fires(replaced...)
	return p.next().fires(replaced...)
}

// forgets: after thirty hours all begins anew.
func forgets(s setting) *plot {
	p := seldom("Prometheus is away for thirty hours", s, 30*hour)
	p.hero().wait(1, 30*hour-10*minute)
	p.hero().set(lateObjective, 1)
	p.next().fires(p.of(one), p.of("Backlog")).hero().set(lateObjective, 2)
	p.next().fires(p.of("Backlog")).hero().wait(2, 30*hour-10*minute)
	p.next().fires(p.of("Backlog")).all().die()
	p.next().fires(p.of("Backlog"))
	return p.next().fires()
}

// unscoredGap: that a tenant has no scores is known after twenty hours, and since when.
func unscoredGap(s setting) *plot {
	p := seldom("Prometheus is away for twenty hours from a tenant without scores", s, 20*hour)
	p.next().fires().hero().unscored()
	p.hero().waiting(1, 35*hour, "high", "none")
	p.next().fires()
	p.next().fires(p.of(one)).hero().waiting(0, 0, "high", "none")
	p.hero().set(`msgraph_security_open_incidents{severity="low",priority="none"}`, 0)
	p.next().fires(p.of("NoScores"))
	p.next().fires(p.of("NoScores")).hero().waiting(1, 90*hour, "high", "none")
	return p.next().fires(p.of(one), p.of("NoScores"))
}

// unseenGap: incidents without scores that were not seen in between begin anew.
func unseenGap(s setting) *plot {
	p := seldom("a tenant without scores is not seen in between", s, 20*hour)
	p.next().fires().hero().unscored()
	p.hero().waiting(1, 35*hour, "high", "none")
	p.next().fires().hero().lose("unreachable")
	p.next().fires().hero().see()
	p.next().fires()
	return p.next().fires(p.of(one))
}
