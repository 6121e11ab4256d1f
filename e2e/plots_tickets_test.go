package e2e

import "time"

// ticketPlots are what is said by day, and when not.
func ticketPlots(s setting) []*plot {
	return []*plot{
		objectives(s), aboutToMiss(s), grows(s), comesAndStops(s), refused(s), throttled(s), late(s), expires(s), merged(s), fails(s), unknown(s), stale(s), fallsBack(s), noted(s),
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
	p.until(65 * minute).fires(missed)
	return p.until(80 * minute).fires()
}

// aboutToMiss is noted within five minutes of it.
func aboutToMiss(s setting) *plot {
	p := begin("an objective is about to be missed", s)
	next := `msgraph_security_objective_next_breach_timestamp_seconds{objective="acknowledge-high-severity"}`
	p.hero().set(next, (20*minute + 1e9).Seconds())
	p.until(15 * minute).fires()
	p.until(20 * minute).fires(p.of("ObjectiveAboutToMiss", `objective="acknowledge-high-severity"`)).hero().drop(next)
	return p.until(25 * minute).fires()
}

// grows: more are open than a day ago, by enough of the number and enough of the share.
func grows(s setting) *plot {
	p := begin("the backlog grows", s)
	if s.interval < 5*minute {
		return p // a day of evaluations is enough at one interval
	}
	open := `msgraph_security_open_incidents{severity="low",priority="low"}`
	p.hero().set(open, 100)
	p.until(25*hour).hero().set(open, 120)
	p.until(27*hour).fires().hero().set(open, 121)
	p.until(27*hour + 55*minute).fires()
	p.until(28*hour+15*minute).fires(p.of("BacklogGrowing")).hero().set(open, 100)
	p.until(28*hour + 25*minute).fires(p.of("BacklogGrowing"))
	p.until(29*hour).fires().hero().set(open, 1000)
	p.until(60*hour).hero().set(open, 1200) // a fifth, and more than twenty
	p.until(63*hour).fires().hero().set(open, 1201)
	return p.until(64*hour + 15*minute).fires(p.of("BacklogGrowing"))
}

// refused: Microsoft does not accept the credential.
func refused(s setting) *plot {
	p := begin("Microsoft refuses", s)
	reason := `msgraph_security_problem{reason="forbidden"}`
	p.until(10*minute).hero().set(reason, 1)
	p.until(10 * minute).fires()
	p.until(20*minute).fires(p.of("SignInRefused", `reason="forbidden"`)).hero().set(reason, 0)
	p.until(30 * minute).fires(p.of("SignInRefused", `reason="forbidden"`))
	return p.until(50 * minute).fires()
}

// throttled is told when it lasts.
func throttled(s setting) *plot {
	p := begin("Microsoft throttles", s)
	reason := `msgraph_security_problem{reason="throttled"}`
	p.until(10*minute).hero().set(reason, 1)
	p.until(20 * minute).fires()
	p.until(30*minute).fires(p.of("Throttled")).hero().set(reason, 0)
	p.until(40 * minute).fires(p.of("Throttled"))
	return p.until(60 * minute).fires()
}

// late: to be behind is no blindness. It is told when it lasts, and all replicas are.
func late(s setting) *plot {
	p := begin("pulls are answered from an older snapshot", s)
	reason := `msgraph_security_problem{reason="behind"}`
	p.all().set(reason, 0)
	p.until(10 * minute).all()[:1].set(reason, 1)
	if s.replicas > 1 {
		p.until(40 * minute).fires()
	}
	p.hero().set(reason, 1)
	begun := p.now
	p.until(begun + 10*minute).fires()
	p.until(begun+20*minute).fires(p.of("Behind")).hero().set(reason, 0)
	p.until(begun + 30*minute).fires(p.of("Behind"))
	return p.until(begun + 50*minute).fires()
}

// expires: a credential ends in a fortnight, and is replaced.
func expires(s setting) *plot {
	p := begin("a credential ends", s)
	end := `msgraph_security_credential_expiry_timestamp_seconds{kind="secret"}`
	p.hero().set(end, (14*day + 30*minute).Seconds())
	expiring := p.of("CredentialExpiring", `kind="secret"`)
	p.until(30 * minute).fires()
	p.until(35*minute).fires(expiring).hero().set(end, (90 * day).Seconds())
	p.until(45 * minute).fires(expiring)
	return p.until(65 * minute).fires()
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
	p.until(35 * minute).fires()
	p.until(50*minute).fires(p.of("TenantsMerged")).hero().set(oldest, 6)
	p.until(60 * minute).fires(p.of("TenantsMerged"))
	p.until(75 * minute).fires().all()[:1].set("msgraph_security_up", 0)
	p.all()[:1].set(oldest, 7) // a blind replica may well differ
	return p.until(2 * hour).fires()
}

// fails: a share of the refreshes fails, between which it sees.
func fails(s setting) *plot {
	p := begin("refreshes fail now and then", s)
	good, bad := `msgraph_security_refreshes_total{result="success"}`, `msgraph_security_refreshes_total{result="error"}`
	goods, bads := 0.0, 0.0
	count := func(until time.Duration, every int) {
		for i := 1; p.now < until; i++ {
			if every > 0 && i%every == 0 {
				bads++
			} else {
				goods++
			}
			p.hero().set(good, goods)
			p.hero().set(bad, bads)
			p.until(p.now + s.interval)
		}
	}
	count(60*minute, 0)
	count(2*hour, 6)
	p.fires()
	count(3*hour, 4)
	p.fires(p.of("RefreshesFailing"))
	count(4*hour, 0)
	return p.fires()
}

// unknown: a value that the exporter does not know, once.
func unknown(s setting) *plot {
	p := begin("Graph sends what is not known", s)
	values := `msgraph_security_unknown_values_total{field="status"}`
	p.hero().set(values, 0)
	p.until(10*minute).hero().set(values, 1)
	p.until(15 * minute).fires(p.of("UnknownValues", `field="status"`))
	p.until(60 * minute).fires(p.of("UnknownValues", `field="status"`))
	return p.until(75 * minute).fires()
}

// stale: a configuration that was not taken.
func stale(s setting) *plot {
	p := begin("a configuration has mistakes", s)
	loaded := "msgraph_security_config_last_reload_successful"
	p.hero().set(loaded, 1)
	p.until(10*minute).hero().set(loaded, 0)
	p.until(10 * minute).fires()
	p.until(20*minute).fires(p.of("ConfigurationStale")).hero().set(loaded, 1)
	p.until(30 * minute).fires(p.of("ConfigurationStale"))
	return p.until(50 * minute).fires()
}

// fallsBack: the exporter goes on with an old credential.
func fallsBack(s setting) *plot {
	p := begin("a new credential is refused", s)
	fallback := "msgraph_security_credential_fallback"
	p.hero().set(fallback, 0)
	p.until(10*minute).hero().set(fallback, 1)
	p.until(15 * minute).fires()
	p.until(25*minute).fires(p.of("CredentialFallback")).hero().set(fallback, 0)
	p.until(35 * minute).fires(p.of("CredentialFallback"))
	return p.until(55 * minute).fires()
}

// noted: that a tenant has no scores is noted, an hour after it is known.
func noted(s setting) *plot {
	p := begin("no scores", s)
	p.hero().unscored()
	p.until(60 * minute).fires()
	p.until(70*minute).fires(p.of("NoScores")).hero().set(`msgraph_security_open_incidents{severity="low",priority="low"}`, 1)
	p.until(80 * minute).fires(p.of("NoScores"))
	return p.until(95 * minute).fires()
}

// comesAndStops: incidents stop, where the week before brought many; and far more come than ever.
func comesAndStops(s setting) *plot {
	p := begin("a surge, and silence after it", s)
	if s.interval < 5*minute {
		return p // days of evaluations are enough at one interval
	}
	opened := `msgraph_security_incidents_opened_total{severity="low"}`
	n := 0.0
	come := func(until time.Duration, each time.Duration, by float64) {
		for ; p.now < until; p.until(p.now + each) {
			n += by
			p.hero().set(opened, n)
		}
	}
	come(24*hour, hour, 3) // the usual
	p.fires()
	come(25*hour, 5*minute, 1.7) // twenty and a little in an hour: five times and a little
	p.fires(p.of("Surge"))
	p.until(26*hour + 30*minute).fires()
	p.until(96 * hour).fires()
	p.until(98*hour + 30*minute).fires(p.of("Quiet"))
	n++
	p.hero().set(opened, n)
	p.until(98*hour + 40*minute).fires(p.of("Quiet"))
	return p.until(99*hour + 30*minute).fires()
}
