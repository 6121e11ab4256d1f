package mirror

import (
	"context"
	"fmt"
	"time"

	"msgraph_security_exporter/graphclient"
)

// A licence that lapses, or a provider that is missing from the answers, looks
// like a tenant whose incidents were deleted: Graph answers 200 and no rows. So
// when too much vanishes at once it is not believed until a second full sweep has
// found nothing that speaks against it.
const (
	vanishFew   = 10 // this many may vanish in one sweep period unquestioned,
	vanishShare = 5  // or this part of the open incidents: a fifth
)

// vanished counts what disappeared without an update in the current sweep period.
type vanished struct {
	base      int  // open incidents when the period began
	count     int  // of which vanished
	disagreed int  // incidents that vanished or came back while the suspicion was being checked
	suspect   bool // too many: nothing is published until a full sweep changes nothing
	restart   bool // the sweep has to begin anew to check it
	returned  bool // some came back meanwhile, so that nothing is left to wait for
}

// vanish notes that an open incident is no longer there although nothing updated
// it; the lock is held.
func (m *Mirror) vanish() {
	m.health.corrections[Removed]++
	v := &m.vanished
	v.count++
	v.disagreed++
	if v.count > vanishFew && v.count*vanishShare > v.base {
		m.suspect()
	}
}

// unvanish notes that an open incident is there although nothing updated it. While
// others are thought to have vanished, that is worth another sweep at once; the lock
// is held.
func (m *Mirror) unvanish() {
	m.health.corrections[Added]++
	v := &m.vanished
	v.disagreed++
	if v.suspect {
		v.restart, v.returned = true, true
	}
}

// suspect withholds the copy until a full sweep confirms it; the lock is held.
func (m *Mirror) suspect() {
	v := &m.vanished
	if !v.suspect {
		m.cfg.Logger.Warn("Many open incidents vanished without an update, waiting for a second sweep to confirm it",
			"vanished", v.count, "open_before", v.base)
		v.suspect, v.restart = true, true
	}
}

// beginSweep starts a new period and returns its plan.
func (m *Mirror) beginSweep(windows []span, begun time.Time, period time.Duration) []visit {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := &m.vanished
	v.base, v.count, v.disagreed, v.restart = m.book.open, 0, 0, false
	plan := m.swept.plan(windows, begun, period)
	m.swept.begun = begun
	return plan
}

// endSweep closes a period that read every window, and with it a suspicion that
// the period agrees with. What was read first may be as old as the period, so that a
// last look comes before anything is believed.
func (m *Mirror) endSweep(ctx context.Context) error {
	m.mu.Lock()
	suspect := m.vanished.suspect
	m.mu.Unlock()
	if suspect {
		r, err := m.read(ctx, query{operation: graphclient.OperationSweep, open: true}, 1)
		if err != nil {
			return fmt.Errorf("confirming what vanished: %w", err)
		}
		m.absorb(&r, swept)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.swept.period, m.swept.worst = m.swept.worst, 0
	v := &m.vanished
	if v.suspect && v.disagreed <= max(2, m.book.open/100) {
		m.cfg.Logger.InfoContext(ctx, "A second sweep confirmed what vanished", "open", m.book.open)
		v.suspect = false
	}
	v.returned = false
	return nil
}
