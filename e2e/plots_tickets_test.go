package e2e

// ticketPlots are what is said by day, and when not.
func ticketPlots(s setting) []*plot {
	return []*plot{
		gone(s), backlog(s), objectives(s), aboutToMiss(s), late(s), expires(s), merged(s), fails(s), unknown(s), noted(s),
	}
}

// objectives: what is late is told, what was late at first is not, through a restart.
func objectives(s setting) *plot {
	p := begin("an objective is missed", s)
	breached := `msgraph_security_objective_breached_incidents{objective="resolve-high-severity"}`
	missed := p.of("ObjectiveMissed", `objective="resolve-high-severity"`)
	p.hero().set(breached, 0)
	p.until(10*minute).fires().hero().set(breached, 1)
	p.fires(missed)
	p.until(20 * minute).fires(missed).all().die()
	p.until(25 * minute).all().live()
	p.all().lose("synchronising")
	p.until(60 * minute).fires(missed).all().see()
	p.hero().set(breached, 0)
	return p.keeps(p.now, keeping, missed)
}

// backlog: a single incident was late at first, of high priority or by an objective. It is told until it is not.
func backlog(s setting) *plot {
	p := begin("one incident was late at first", s)
	p.hero().wait(1, -61*minute)
	p.until(10*minute).fires(p.of("Backlog")).hero().wait(0, 0)
	p.keeps(p.now, keeping, p.of("Backlog"))
	late := `msgraph_security_objective_breached_incidents{objective="resolve-low-severity"}`
	p.until(60*minute).hero().set(late, 1)
	p.fires(p.of("Backlog")).hero().set(late, 0)
	return p.keeps(p.now, keeping, p.of("Backlog"))
}

// gone: a target that is away for ten minutes is told, and no more when it is back.
func gone(s setting) *plot {
	p := begin("a target goes and comes back", s)
	p.until(10 * minute).hero().vanish()
	var soon, late []string
	if len(s.tenants) == 1 { // the others of its job are not there either
		late = []string{dead}
		if s.interval < 4*minute {
			soon = late
		}
	}
	p.exactly(20*minute - s.interval).fires(soon...)
	late = append(late, p.of("TargetGone"))
	p.fires(late...)
	p.until(40*minute).tells([]float64{(30*minute + s.interval).Seconds()}, p.of("TargetGone"))
	p.fires(late...).hero().live()
	return p.fires(late[:len(late)-1]...)
}

// aboutToMiss is noted within five minutes of it.
func aboutToMiss(s setting) *plot {
	p := begin("an objective is about to be missed", s)
	next := `msgraph_security_objective_next_breach_timestamp_seconds{objective="acknowledge-high-severity"}`
	own := p.of("ObjectiveAboutToMiss", `objective="acknowledge-high-severity"`)
	p.hero().set(next, (20 * minute).Seconds())
	p.exactly(15 * minute).fires().fires(own)
	p.until(30 * minute).hero().drop(next)
	return p.fires()
}

// unknown: a value that the exporter does not know, once. It is noted for an hour.
func unknown(s setting) *plot {
	p := begin("Graph sends what is not known", s)
	values := `msgraph_security_unknown_values_total{field="status"}`
	own := p.of("UnknownValues", `field="status"`)
	p.hero().set(values, 0)
	p.until(10*minute).hero().set(values, 1)
	p.fires(own)
	return p.exactly(70*minute - 2*s.interval).fires(own).fires()
}

// noted: that a tenant has no scores is noted, an hour after it is known, which takes five minutes.
func noted(s setting) *plot {
	p := begin("no scores", s)
	p.hero().lose("synchronising")
	p.until(10 * minute).hero().see()
	p.hero().unscored()
	p.waits(10*minute, 65*minute, p.of("NoScores"))
	p.until(80*minute).hero().set(`msgraph_security_open_incidents{severity="low",priority="low"}`, 1)
	return p.keeps(80*minute, keeping, p.of("NoScores"))
}
