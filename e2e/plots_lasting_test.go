package e2e

import "time"

// Bounds. An alert is checked at the last evaluation before it is to change, and at the first after.

// after returns the first evaluation at which so much time has passed, counted from a moment at which there was one.
func (p *plot) after(d time.Duration) time.Duration {
	each := p.evaluated()
	return (d + each - 1) / each * each
}

// waits: what began at a moment fires once it has lasted so long, beside what else fires.
func (p *plot) waits(since, d time.Duration, alert string, others ...string) *plot {
	p.exactly(since + p.after(d) - p.evaluated()).fires(others...)
	return p.exactly(since + p.after(d)).fires(append(others, alert)...)
}

// keeps: what ended at a moment goes on firing for so long, beside what else fires.
func (p *plot) keeps(since, d time.Duration, alert string, others ...string) *plot {
	p.exactly(since + p.after(d) - p.evaluated()).fires(append(others, alert)...)
	return p.exactly(since + p.after(d)).fires(others...)
}

// exactly goes on to a moment that is still to come.
func (p *plot) exactly(moment time.Duration) *plot {
	if p.until(moment); p.now != moment {
		panic(p.name + ": it is " + p.now.String() + " already, and not " + moment.String())
	}
	return p
}

const keeping = 15 * minute // how long a warning outlasts its reason

// lastingPlots are of alerts that tell of a state of the exporter once it has lasted.
func lastingPlots(s setting) []*plot {
	return []*plot{
		lasting(s, "Throttled", 15*minute, `msgraph_security_problem{reason="throttled"}`, 0, 1),
		lasting(s, "Behind", 15*minute, `msgraph_security_problem{reason="behind"}`, 0, 1),
		lasting(s, "SignInRefused", 10*minute, `msgraph_security_problem{reason="credential"}`, 0, 1, `reason="credential"`),
		lasting(s, "SignInRefused", 10*minute, `msgraph_security_problem{reason="unauthorized"}`, 0, 1, `reason="unauthorized"`),
		lasting(s, "SignInRefused", 10*minute, `msgraph_security_problem{reason="forbidden"}`, 0, 1, `reason="forbidden"`),
		lasting(s, "CredentialFallback", 10*minute, "msgraph_security_credential_fallback", 0, 1),
		lasting(s, "ConfigurationStale", 10*minute, "msgraph_security_config_last_reload_successful", 1, 0),
		lasting(s, "CredentialExpiring", 0, `msgraph_security_credential_expiry_timestamp_seconds{kind="secret"}`, (90 * day).Seconds(), (2 * day).Seconds(), `kind="secret"`),
	}
}

// lasting: a series goes from good to bad, which is told after a time; a scrape that fails in that moment does not
// matter. It ends a while after its reason, also when the reason is not known any more because the process is gone.
func lasting(s setting, alert string, wait time.Duration, series string, good, bad float64, labels ...string) *plot {
	p := begin(alert+" for "+series, s)
	own := p.of(alert, labels...)
	p.hero().set(series, good)
	p.until(10*minute).hero().set(series, bad)
	begun := p.now
	if wait > 0 {
		p.exactly(begun + p.after(wait) - s.interval).fires()
		p.hero().die()
	}
	p.fires(own)
	p.hero().live()
	p.until(begun+25*minute).hero().set(series, good)
	p.keeps(p.now, keeping, own)
	p.until(p.now+5*minute).hero().set(series, bad)
	died := p.now + 20*minute
	p.until(died).hero().die()
	if s.interval <= minute { // the last sample is as old as recent allows, and the alert is kept for as long as ever
		p.exactly(died+19*minute).fires(own, p.of("Blind"), down)
		p.exactly(died+21*minute).fires(p.of("Blind"), down)
	}
	return p.until(died+25*minute).fires(p.of("Blind"), down)
}

// expires: a credential ends in a fortnight, to the second.
func expires(s setting) *plot {
	p := begin("a credential ends", s)
	end := `msgraph_security_credential_expiry_timestamp_seconds{kind="certificate"}`
	p.hero().set(end, (14*day + 30*minute).Seconds())
	p.exactly(30 * minute).fires()
	return p.fires(p.of("CredentialExpiring", `kind="certificate"`))
}

// late: to be behind is told when all replicas are.
func late(s setting) *plot {
	p := begin("one replica answers from an older snapshot", s)
	reason := `msgraph_security_problem{reason="behind"}`
	p.all().set(reason, 0)
	p.until(10 * minute).all()[:1].set(reason, 1)
	if s.replicas == 1 {
		return p.fires()
	}
	return p.until(40 * minute).fires()
}

// merged: replicas that see different incidents are none.
func merged(s setting) *plot {
	p := begin("tenants are scraped as if they were one", s)
	oldest := `msgraph_security_oldest_open_incident_created_timestamp_seconds{severity="low",priority="low"}`
	p.all().set(oldest, 5)
	p.until(10 * minute).all()[:1].set(oldest, 6)
	if s.replicas == 1 {
		return p.until(60 * minute).fires()
	}
	p.waits(10*minute, 30*minute, p.of("TenantsMerged"))
	p.until(50*minute).hero().set(oldest, 6)
	p.keeps(50*minute, keeping, p.of("TenantsMerged"))
	p.until(75 * minute).all()[:1].set("msgraph_security_up", 0)
	p.all()[:1].set(oldest, 7) // a blind replica may well differ
	return p.until(2 * hour).fires()
}

// fails: a share of the refreshes fails, between which it sees. A fifth is not told, a little more is.
func fails(s setting) *plot {
	p := begin("refreshes fail now and then", s)
	goods, bads := 1e6, 1e6
	refresh := func(good, bad float64) *plot {
		goods, bads = goods+good, bads+bad
		p.hero().set(`msgraph_security_refreshes_total{result="success"}`, goods)
		p.hero().set(`msgraph_security_refreshes_total{result="error"}`, bads)
		return p
	}
	refreshes := func(until time.Duration, good, bad float64) *plot {
		for p.now < until {
			refresh(good, bad).until(p.now + s.interval)
		}
		return p
	}
	own := p.of("RefreshesFailing")
	steps := 30*minute/s.interval - 1 // that half an hour holds
	refreshes(60*minute, 80, 20)
	refresh(80, 20).fires()
	refreshes(2*hour, 79, 21)
	refresh(79, 21).fires(own)
	refreshes(3*hour, 100, 0)
	refresh(100, 0).fires()
	begun := p.now + steps*2/9*s.interval // when more than two of nine steps are bad, of which nine tenths fail
	refreshes(begun+10*minute-s.interval, 10, 90)
	refresh(10, 90).fires()
	refresh(10, 90).fires(own)
	refreshes(p.now+hour, 10, 90)
	ended := p.now + steps*7/9*s.interval // when no more than two are
	refreshes(ended+keeping-s.interval, 100, 0)
	refresh(100, 0).fires(own)
	return refresh(100, 0).fires()
}
