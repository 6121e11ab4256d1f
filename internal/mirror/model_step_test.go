package mirror

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/serviceclock"
)

// step lets one random thing happen.
func (m *model) step() error {
	if m.rng.IntN(4) == 0 {
		time.Sleep(m.upTo(2 * time.Second))
	}
	switch p := m.rng.IntN(10000); {
	case p < 1200:
		m.create(0)
	case p < 5000:
		m.change()
	case p < 8100:
		m.resolve()
	case p < 8300:
		m.merge()
	case p < 9100:
		m.remove()
	case p < 9124:
		for range m.rng.IntN(80) {
			m.change()
		}
	case p < 9126:
		m.burst()
	case p < 9128:
		m.ahead.Store(int64(one(m.rng, time.Hour, 20*time.Minute)))
		m.misled = true
		m.aheadUntil.Store(time.Now().Add(m.upTo(serviceclock.Patience - time.Minute)).UnixNano())
	case p < 9140:
		m.fault()
	case p < 9150 || m.faulty && p < 9190:
		m.heal()
	case p < 9196:
		time.Sleep(m.upTo(one(m.rng, 10*time.Minute, 50*time.Minute, 72*time.Hour)))
		m.forgetOld(time.Now())
	case p < 9200:
		m.stop()
		m.start()
	default:
		time.Sleep(m.upTo(m.patience))
		return m.pull()
	}
	return nil
}

// burst closes, merges or creates a large part of the tenant at once.
func (m *model) burst() {
	do := one(m.rng, m.merge, m.resolve, func() {
		m.create(0)
		time.Sleep(20 * time.Millisecond) // more in a second than Graph pages are not read
	})
	for range 20 + m.rng.IntN(150) {
		do()
	}
	m.tol.burst = time.Now().Add(time.Minute)
}

// pull asks as a Prometheus would and judges the answer.
func (m *model) pull() error {
	if time.Since(m.pulled) > 4*time.Minute {
		m.tol.settled, m.healed = time.Now(), time.Now() // background reading had paused
	}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	_ = m.mirror.Refresh(ctx)
	m.pulled = time.Now()
	m.pulls++
	r := m.mirror.Report()
	if !r.Up {
		return nil
	}
	if r.Taken.Add(-m.offset).After(time.Now().Add(time.Minute)) {
		// A Date that was ahead for so long is believed. Once it is not, the next lookback mends it.
		m.deceived = time.Now()
	}
	if time.Since(m.deceived) < 2*time.Minute {
		return nil
	}
	m.ups++
	tol := m.tol
	if m.misled { // a clock that was set back comes forward by stamps of nodes that are ahead
		tol.skew = 2*tol.skew + time.Second
	}
	if m.faulty { // the sweeps are slowed down
		tol.settled = time.Now()
	}
	if age := time.Since(r.Taken); !m.misled && len(r.Problems) == 0 && age > 15*time.Second+2*m.tol.skew {
		return fmt.Errorf("numbers of %s with up 1 and no reason", age)
	}
	// Where closed incidents are listed as well there are more windows, and the period is longer.
	tol.old = max(tol.old, r.SweepPeriod+30*time.Second)
	tol.young = max(tol.young, r.YoungPeriod+10*time.Second)
	if tol.look = (time.Time{}); r.LookbackAge > 0 {
		tol.look = time.Now().Add(-r.LookbackAge)
	}
	patience := 10 * time.Minute
	if slices.Contains(r.Problems, Behind) {
		patience = 30 * time.Minute
	}
	if rested := time.Since(m.healed); !m.faulty && rested > 20*time.Minute && r.LookbackAge > patience {
		return fmt.Errorf("the last lookback began %s ago", r.LookbackAge)
	}
	m.tol.passes = append(m.tol.passes, served{r.Snapshot.Taken.Add(-m.offset), time.Now(), tol.look})
	return m.check(r.Snapshot, time.Now(), &tol)
}

// fault makes a share of the requests fail from now on.
func (m *model) fault() {
	m.faulty = true
	m.sim.Fault(graphsim.Fault{
		Match:       one(m.rng, graphsim.AnyOperation, graphsim.ListOperation, graphsim.GetOperation),
		Kind:        one(m.rng, graphsim.FaultStatus, graphsim.FaultStatus, graphsim.FaultHang, graphsim.FaultDisconnect, graphsim.FaultHTML, graphsim.FaultGarbage, graphsim.FaultTruncated, graphsim.FaultPartial, graphsim.FaultEmptyOK),
		Status:      one(m.rng, 429, 500, 503, 400, 401, 403),
		Probability: one(m.rng, 0.05, 0.2, 0.6, 1),
		Where:       one(m.rng, nil, nil, asksFor("status"), asksFor("createdDateTime"), asksFor("lastUpdateDateTime")),
	})
}

// asksFor selects the requests that filter by a property.
func asksFor(property string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, property) }
}

func (m *model) heal() {
	m.aheadUntil.Store(0)
	m.sim.ClearFaults()
	m.faulty = false
	// A refresh or a sweep may still be in the middle of its retries, and pauses.
	m.tol.settled, m.healed = time.Now().Add(3*time.Minute), time.Now()
}

// quiesce lets the world rest and compares the mirror with the truth.
func (m *model) quiesce() error {
	m.heal()
	m.create(0) // a list with nothing at all in it may be that of a lapsed licence
	var err error
	for range 60 { // the lags, the sweep and whatever suspicion there is
		time.Sleep(30 * time.Second)
		if err = m.pull(); err != nil {
			return err
		}
	}
	r := m.mirror.Report()
	if !r.Up {
		return fmt.Errorf("not up after half an hour of rest: %v", r.Problems)
	}
	want := map[string]defender.Incident{}
	for _, in := range m.sim.Truth() {
		if in.Open() {
			want[in.ID] = fromSim(in)
		}
	}
	for _, in := range r.Snapshot.Open {
		if in != want[in.ID] {
			return fmt.Errorf("after half an hour of rest:\n got %+v\nwant %+v\nhistory: %s", in, want[in.ID], m.tell(in.ID))
		}
		delete(want, in.ID)
	}
	for id := range want {
		return fmt.Errorf("after half an hour of rest incident %s is missing, history: %s", id, m.tell(id))
	}
	m.logf("%d pulls, %d up, %d requests", m.pulls, m.ups, len(m.sim.Requests()))
	return nil
}
