package mirror

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"msgraph_security_exporter/graphclient"
)

// pass reads the dated changes since the watermark, less the overlap, and moves
// the watermark if all of it succeeded. It returns the time on Graph's clock of
// which it holds every dated change that was readable.
func (m *Mirror) pass(ctx context.Context, wide bool) (time.Time, error) {
	ctx, watch := newWatch(ctx)
	defer watch.stop()
	began := time.Now()
	since := m.since(wide)
	taken, err := m.delta(ctx, since, watch.progressed)
	if err == nil {
		err = m.settle(ctx, watch.progressed)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("reading updates since %s: %w", stamp(since), watch.explain(err))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.marks.move(taken, began, wide)
	if wide {
		m.book.prune(time.Since(m.epoch), horizon(taken))
	}
	return taken, nil
}

// move advances the watermarks. They never go back, not even where a node's
// clock does: what was read stays read.
func (k *marks) move(taken, began time.Time, wide bool) {
	if taken.After(k.narrow) {
		k.narrow = taken
	}
	if !wide {
		return
	}
	if taken.After(k.wide) {
		k.wide = taken
	}
	if began.After(k.wideAt) {
		k.wideAt = began
	}
}

// since returns the oldest update that a pass has to ask for.
func (m *Mirror) since(wide bool) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	mark, overlap := m.marks.narrow, narrowOverlap
	if wide {
		mark, overlap = m.marks.wide, wideOverlap
	}
	if seen := m.book.newest; !m.clock.dated && seen != minTicks && seen.Time().Before(mark) {
		// Graph sends no Date: the newest stamp seen is the only thing that
		// surely is not ahead of its clock.
		mark = seen.Time()
	}
	return mark.Add(-overlap)
}

// deltaPages is how many pages of a delta that overflows are read to see where its
// rows lie: enough for three requests for each page of what a busy day changes.
const deltaPages = 40

// delta reads every incident updated at since or later. An answer that overflows is
// paged through only to see where its rows lie, and read again in cells of created
// time, which no update moves a row out of.
func (m *Mirror) delta(ctx context.Context, since time.Time, answered func()) (time.Time, error) {
	q := query{operation: graphclient.OperationDelta, clause: updatedSince(since), answered: answered}
	first, err := m.whole(ctx, q, deltaPages)
	if err != nil {
		return time.Time{}, err
	}
	taken := m.absorb(&first, updated)
	if !first.overflow {
		return taken, nil
	}
	return taken, m.explore(ctx, newSurvey(allTime, first.rows(allTime), first.ended, TicksOf(taken)), q)
}

// maxSettle bounds how often contradicting answers are read again in one pass.
const maxSettle = 4

// settle reads again the incidents about which answers contradict each other. It
// also waits for another that is doing so: nothing is published in doubt.
func (m *Mirror) settle(ctx context.Context, answered func()) error {
	select {
	case m.settling <- struct{}{}:
		defer func() { <-m.settling }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for range maxSettle {
		ids := m.takeDoubts()
		if len(ids) == 0 {
			return nil
		}
		if err := m.rereadAll(ctx, ids, answered); err != nil {
			return err
		}
	}
	return fmt.Errorf("answers about the same incident keep contradicting each other: %w", errIncomplete)
}

// rereadAll asks for incidents by their ids, several at once. Those that it does not
// get to stay in doubt.
func (m *Mirror) rereadAll(ctx context.Context, ids []string, answered func()) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for _, id := range ids {
		group.Go(func() error {
			err := m.reread(ctx, id)
			if err != nil {
				m.doubt(id)
			}
			answered()
			return err
		})
	}
	return group.Wait()
}

// reread asks for one incident by its id, and drops it if Graph denies it.
func (m *Mirror) reread(ctx context.Context, id string) error {
	in, answer, err := m.client.Incident(ctx, id)
	if graphclient.ReasonOf(err) == graphclient.ReasonNotFound {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.drop(id, m.moment(answer))
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading incident %s again: %w", id, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(m.decoder.incident(&in), m.moment(answer), settled)
	return nil
}

func (m *Mirror) takeDoubts() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := slices.Sorted(maps.Keys(m.doubts))
	clear(m.doubts)
	return ids
}

func (m *Mirror) doubt(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.doubts[id] = true
}
