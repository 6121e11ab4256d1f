package preflight

import (
	"context"
	"errors"
	"fmt"
	"time"

	"msgraph_security_exporter/internal/mirror"
)

// stallTimeout is how long the first synchronisation may go without any progress.
const stallTimeout = 2 * time.Minute

// waitForSnapshot waits for the first snapshot, for as long as the synchronisation makes
// progress.
func waitForSnapshot(ctx context.Context, m *mirror.Mirror) (mirror.Report, error) {
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	moved, progress := time.Now(), -1.0
	for {
		_ = m.Refresh(ctx) // the report has the error
		r := m.Report()
		switch {
		case r.Snapshot != nil:
			return r, nil
		case ctx.Err() != nil:
			return r, errors.New("interrupted")
		case r.Progress > progress:
			moved, progress = time.Now(), r.Progress
		case time.Since(moved) > stallTimeout:
			return r, fmt.Errorf("no progress for %s at %d %%: %v", stallTimeout, int(100*r.Progress), r.Problems)
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
		}
	}
}
