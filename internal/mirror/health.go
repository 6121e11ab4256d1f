package mirror

import (
	"context"
	"errors"
	"slices"
	"time"

	"msgraph_security_exporter/graphclient"
)

// A task is one of the things that the mirror does and that can be failing.
type task uint8

const (
	taskSync task = iota
	taskRefresh
	taskWide
	taskYoung
	taskSweep
	tasks
)

var taskNames = [tasks]string{"first synchronisation", "refresh", "wide delta", "sweep of young incidents", "sweep"}

// health is what the mirror knows of itself.
type health struct {
	problems          [tasks]Problem // of each task, empty when its last turn succeeded
	succeeded, failed uint64
	last              time.Duration
	ended             bool // some refresh has ended, well or not
	corrections       [corrections]uint64
}

func (h *health) failing(t task) bool { return h.problems[t] != "" }

// over notes that a task has recovered. When refreshes have, so has what failed for
// the same reason beside them, until it fails again.
func (h *health) over(t task, p Problem) {
	if t != taskRefresh {
		return
	}
	for i := range h.problems {
		if h.problems[i] == p {
			h.problems[i] = ""
		}
	}
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
	case errors.Is(err, errIncomplete):
		return "incomplete"
	case errors.Is(err, errStalled):
		return "timeout"
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
		m.health.over(t, was)
		m.cfg.Logger.InfoContext(ctx, "Recovered", "task", taskNames[t])
	default:
		m.cfg.Logger.WarnContext(ctx, "Reading from Graph fails", "task", taskNames[t], "reason", string(is), "err", err)
	}
	m.announce()
}

// state is what a report is made of.
type state struct {
	report Report
	asOf   time.Time // local time at which the snapshot's pass began
	sweep  timetable
	maxAge time.Duration
}

// announce publishes the state for [Mirror.Report]; the lock is held.
func (m *Mirror) announce() {
	h := &m.health
	s := &state{asOf: m.asOf, sweep: m.swept, maxAge: m.cfg.MaxAge}
	r := &s.report
	*r = Report{
		Snapshot:      m.snapshot,
		Up:            m.synced && h.ended && h.problems[taskRefresh] == "",
		Progress:      m.progress,
		Succeeded:     h.succeeded,
		Failed:        h.failed,
		LastRefresh:   h.last,
		Corrections:   h.corrections,
		Incidents:     len(m.book.rows),
		ClockSkew:     m.clock.skew,
		SkewKnown:     m.clock.dated,
		UnknownValues: m.decoder.unknown,
	}
	for _, p := range h.problems {
		if p != "" && !slices.Contains(r.Problems, p) {
			r.Problems = append(r.Problems, p)
		}
	}
	if m.snapshot != nil {
		r.Taken = m.snapshot.Taken
	}
	m.state.Store(s)
}

// Report returns what is known now. It takes no lock and asks nobody.
func (m *Mirror) Report() Report {
	s := m.state.Load()
	r := s.report
	r.RequestsPerMinute = m.client.RequestsPerMinute()
	r.SweepPeriod = s.sweep.longest(time.Now())
	if r.Snapshot != nil && time.Since(s.asOf) > s.maxAge {
		r.Snapshot, r.Up = nil, false
		if len(r.Problems) == 0 {
			r.Problems = []Problem{"timeout"}
		}
	}
	return r
}
