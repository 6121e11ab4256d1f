package e2e

// scorePlots are of tenants of which it is not plain whether they have scores.
func scorePlots(s setting) []*plot { return []*plot{mixedScores(s), brieflyUnscored(s)} }

// mixedScores: one incident has a score and one of high severity has none. Only once the first is closed may the tenant
// have lost its scores, and it takes an hour to believe that.
func mixedScores(s setting) *plot {
	p := begin("one incident has a score and another has none", s)
	p.until(10*minute).hero().waiting(1, 10*minute, "high", "none")
	p.until(60*minute).fires().hero().set(`msgraph_security_open_incidents{severity="low",priority="low"}`, 0)
	closed := p.now
	p.exactly(closed + hour - s.interval).fires()
	return p.fires(p.of(one))
}

// brieflyUnscored: in a tenant of which nothing is known, one that was never scored is closed at once, and another comes.
func brieflyUnscored(s setting) *plot {
	p := begin("incidents without a score in a new tenant", s)
	p.hero().set(`msgraph_security_open_incidents{severity="low",priority="low"}`, 0)
	p.until(10*minute).hero().waiting(1, 10*minute, "high", "none")
	p.until(10*minute+min(s.interval, 3*minute)).hero().waiting(0, 0, "high", "none")
	p.until(25*minute).fires().hero().waiting(1, 25*minute, "high", "none")
	came := p.now
	p.exactly(came + 5*minute - s.interval).fires()
	return p.fires(p.of(one))
}
