package mirror

import (
	"context"
	"errors"
	"slices"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/reading"
)

// A task is one of the things that the mirror does and that can be failing.
type task uint8

const (
	taskSync task = iota
	taskRefresh
	taskLookback
	taskSweep
	tasks
)

var taskNames = [tasks]string{"first synchronisation", "refresh", "lookback", "sweep"}

// health is what the mirror knows of itself.
type health struct {
	problems          [tasks]Problem // of each task, empty when its last turn succeeded
	succeeded, failed uint64
	last              time.Duration
	ended             bool // some refresh has ended, well or not
	corrections       [corrections]uint64
}

// count notes the end of a refresh that took d.
func (h *health) count(err error, d time.Duration) {
	h.last, h.ended = d, true
	if err == nil {
		h.succeeded++
	} else {
		h.failed++
	}
}

// problemOf names the reason of an error for the label of a metric.
func problemOf(err error) Problem {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, reading.ErrIncomplete):
		return "incomplete"
	}
	if w, ok := errors.AsType[windowError](err); ok {
		return w.failed
	}
	p := Problem(graphclient.ReasonOf(err))
	if !slices.Contains(Problems(), p) {
		return "malformed"
	}
	return p
}

// note records how a turn of a task ended, logs a change and announces it. The
// end of ctx is no failure.
func (m *Mirror) note(ctx context.Context, t task, err error) {
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	was, is := m.health.problems[t], problemOf(err)
	m.health.problems[t] = is
	switch is {
	case was:
	case "":
		m.cfg.Logger.InfoContext(ctx, "Recovered", "task", taskNames[t])
		if t == taskRefresh { // and what failed beside it may have as well
			m.windows.rush(m.elapsedLocked(), func(w *window) bool { return w.failed != "" })
		}
	default:
		m.cfg.Logger.WarnContext(ctx, "Reading from Graph fails", "task", taskNames[t], "reason", string(is), "err", err)
	}
	m.announce()
}

// state is what a report is made of.
type state struct {
	report Report
	asOf   time.Time // local time at which the snapshot's pass began
	maxAge time.Duration
	// lookback is when the last one began on the local clock; zero before.
	lookback time.Time
}

// announce publishes the state for [Mirror.Report]; the lock is held.
func (m *Mirror) announce() {
	h := &m.health
	s := &state{asOf: m.asOf, maxAge: m.cfg.MaxAge, lookback: m.lookbackBegan}
	r := &s.report
	*r = Report{
		Snapshot:      m.snapshot,
		Up:            m.synced && h.ended && h.problems[taskRefresh] == "" && !m.suspicion.active(),
		Progress:      m.progress,
		Succeeded:     h.succeeded,
		Failed:        h.failed,
		LastRefresh:   h.last,
		Corrections:   h.corrections,
		Incidents:     len(m.copy.rows),
		ClockSkew:     m.clock.Skew,
		SkewKnown:     m.clock.Dated,
		UnknownValues: m.decoder.Unknown(),
	}
	for _, p := range h.problems {
		r.trouble(p)
	}
	if m.suspicion.active() {
		r.trouble("incomplete")
	}
	if m.refresh != nil && !m.refresh.over() && m.refresh.abandoned {
		r.trouble(Behind)
	}
	if !m.synced {
		r.trouble(Synchronising)
	} else if now, young := m.elapsedLocked(), m.youngSince(); len(m.windows.windows) > 0 {
		r.SweepPeriod, r.YoungPeriod = m.windows.longest(now, young, false), m.windows.longest(now, young, true)
		if m.windows.late(now, young, m.cfg.SweepInterval) || m.lookbackBegan.Before(m.hurried) {
			r.trouble(Behind)
		}
	}
	if m.snapshot != nil {
		r.Taken = m.snapshot.Taken
	}
	m.state.Store(s)
}

// trouble adds a reason, once.
func (r *Report) trouble(p Problem) {
	if p != "" && !slices.Contains(r.Problems, p) {
		r.Problems = append(r.Problems, p)
	}
}

// Report returns what is known now. It takes no lock and asks nobody.
func (m *Mirror) Report() Report {
	s, now := m.state.Load(), time.Now()
	r := s.report
	r.Problems = slices.Clone(r.Problems)
	r.RequestsPerMinute = m.client.RequestsPerMinute()
	if m.client.Throttled() {
		r.trouble("throttled")
	}
	if !s.lookback.IsZero() {
		if r.LookbackAge = passed(s.lookback, now); r.LookbackAge > lateLookback {
			r.trouble(Behind)
		}
	}
	if r.Snapshot != nil && passed(s.asOf, now) > s.maxAge {
		r.Snapshot, r.Up = nil, false
		if len(r.Problems) == 0 {
			r.trouble("timeout")
		}
	}
	return r
}
