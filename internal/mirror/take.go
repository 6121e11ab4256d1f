package mirror

import (
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/reading"
	"msgraph_security_exporter/internal/serviceclock"
)

// observe follows Graph's clock and returns when a request was sent by it. Where the clock
// falls back, what was believed read by it falls as well; the lock is held.
func (m *Mirror) observe(a graphclient.Answer) time.Time {
	sent, fell := m.clock.Observe(a)
	m.fall(fell)
	return sent
}

func (m *Mirror) fall(by time.Duration) {
	if by > serviceclock.MaxSway && !m.watermark.IsZero() {
		m.fell += by
		m.watermark = m.watermark.Add(-by)
		m.lookbackFrom = m.lookbackFrom.Add(-by)
	}
}

// now returns what Graph's clock shows, as far as is known.
func (m *Mirror) now() defender.Ticks {
	m.mu.Lock()
	defer m.mu.Unlock()
	return defender.TicksOf(m.clock.Predict(time.Now()))
}

// take puts a page into the copy as it arrives.
func (m *Mirror) take(page *graphclient.Page, q *reading.Query) reading.Taken {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := reading.Taken{Sent: m.observe(page.Answer), Rows: make([]defender.Incident, len(page.Incidents))}
	t.Fell = m.fell
	for i := range page.Incidents {
		t.Rows[i] = m.decoder.Incident(&page.Incidents[i])
		if m.put(t.Rows[i], m.moment(page.Answer), q) {
			t.Unknown++
		}
	}
	return t
}

// put takes in one row of an answer, and reports whether it was not known although the query's
// probes say that it should be; the lock is held.
func (m *Mirror) put(in defender.Incident, at moment, q *reading.Query) (unknown bool) {
	old, known := m.copy.rows[in.ID]
	m.shown(in.ID, at)
	now := time.Now()
	m.clock.Stamped(in.Updated.Time(), now)
	changed := m.copy.put(in, at)
	if !changed || !m.synced && q.Probes == 0 {
		return false
	}
	unknown = in.Updated < q.Probes && (!known || !q.Open)
	was, is := known && old.open(), in.Status.Open()
	passed := in.Updated < defender.TicksOf(m.watermark.Add(-overlap))
	if m.synced && q.Operation != graphclient.OperationDelta && passed {
		m.correct(was, is)
		if known && in.Updated > old.Updated || !known && is {
			m.fall(m.clock.Late(m.clock.Predict(now).Sub(in.Updated.Time()), lookbackReach))
		}
	}
	return unknown
}

// correct counts what a sweep found that the passes had not brought; the lock is held.
func (m *Mirror) correct(was, is bool) {
	switch {
	case was && is:
		m.health.corrections[Changed]++
	case is:
		m.health.corrections[Added]++
	case was:
		m.health.corrections[Removed]++
	}
}
