package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"msgraph_security_exporter/internal/mirror"
)

// stuck is how long the first synchronisation may go without any progress.
const stuck = 2 * time.Minute

// await waits for the first snapshot as long as there is progress.
func await(ctx context.Context, m *mirror.Mirror) (mirror.Report, error) {
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	moved, progress := time.Now(), -1.0
	for {
		_ = m.Refresh(ctx) // which is what keeps it going; the report tells the rest
		r := m.Report()
		switch {
		case r.Snapshot != nil:
			return r, nil
		case ctx.Err() != nil:
			return r, errors.New("interrupted")
		case r.Progress > progress:
			moved, progress = time.Now(), r.Progress
		case time.Since(moved) > stuck:
			return r, fmt.Errorf("no progress for %s at %d %%: %v", stuck, int(100*r.Progress), r.Problems)
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
		}
	}
}

// An openCount is how many incidents are open, to be compared with the portal.
type openCount struct {
	Total      int                       `json:"total"`
	Scored     int                       `json:"scored"`
	BySeverity map[string]int            `json:"by_severity"`
	ByStatus   map[string]int            `json:"by_status"`
	Both       map[string]map[string]int `json:"by_severity_and_status"`
}

func countOpen(open []mirror.Incident) *openCount {
	c := &openCount{Total: len(open), BySeverity: map[string]int{}, ByStatus: map[string]int{}, Both: map[string]map[string]int{}}
	for _, s := range mirror.Severities() {
		c.BySeverity[s.String()] = 0
	}
	for _, s := range mirror.OpenStatuses() {
		c.ByStatus[s.String()] = 0
	}
	for i := range open {
		severity, status := open[i].Severity.String(), open[i].Status.String()
		c.BySeverity[severity]++
		c.ByStatus[status]++
		if c.Both[severity] == nil {
			c.Both[severity] = map[string]int{}
		}
		c.Both[severity][status]++
		if open[i].Scored {
			c.Scored++
		}
	}
	return c
}
