package mirror

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/reading"
)

const (
	// overlap is how late a change may become readable and still be found by the next pass.
	// After a burst of changes the next pass would read them again, and does with shortOverlap,
	// which is for the clocks of Graph's nodes, and leaves the rest to the lookback.
	overlap, shortOverlap = 30 * time.Second, 10 * time.Second
	burst                 = 140 // rows in the overlap
	// lookbackReach is how late a change may surface and be found by a lookback, lookbackSpan the most that one reads.
	lookbackReach, lookbackSpan = 15*time.Minute + overlap, 30 * time.Minute
	// The least time between two, what each request adds, and what is late.
	lookbackPace, pagePace, lateLookback = 45 * time.Second, 15 * time.Second, 10 * time.Minute
	// conflictLimit and conflictPatience bound what a pass spends on contradictions.
	conflictLimit, conflictPatience = 20, 5 * time.Second
)

// A pass reads the dated changes since the watermark, of every status. A lookback is a pass
// that begins a quarter of an hour earlier, in the background.
type pass struct {
	reading.Query
	lookback bool
	many     bool      // there may be more than one listing can show
	since    time.Time // what it asks for, on Graph's clock
	sent     time.Time // when its first request was, on Graph's clock as it was believed then
	// asked and fell are how far that clock had fallen back when the pass was planned, and when
	// it was sent.
	asked, fell time.Duration
	began       time.Time // the same, on the local one
	// What is too much for one listing is walked through or, where it is not sorted, covered.
	walk  *reading.Walk
	cover *reading.Cover
}

func (m *Mirror) newPass(lookback bool) *pass {
	m.mu.Lock()
	defer m.mu.Unlock()
	since, many := m.since(lookback)
	if many && !lookback {
		m.hurried = time.Now().Add(overlap - shortOverlap)
	}
	since = since.Truncate(time.Second)
	r := reading.Everything
	r.Updated.From = defender.TicksOf(since)
	q := reading.Query{Region: r, Operation: graphclient.OperationDelta, Paced: lookback}
	return &pass{Query: q, lookback: lookback, many: many, since: since, began: time.Now(), asked: m.fell}
}

// since returns the oldest update that a pass has to ask for, and whether many rows may be as young; the lock is held.
func (m *Mirror) since(lookback bool) (since time.Time, many bool) {
	if lookback {
		since, limit := m.lookbackFrom.Add(-lookbackReach), m.clock.Predict(time.Now()).Add(-lookbackSpan)
		if since.Before(limit) && !m.resumed {
			return limit, true
		}
		return since, true
	}
	mark := m.watermark
	if seen := m.copy.newest; !m.clock.Dated && seen != reading.MinTicks && seen.Time().Before(mark) {
		// Graph sends no Date: the newest stamp seen is the only thing that surely is
		// not ahead of its clock.
		mark = seen.Time()
	}
	if len(m.updatedSince(mark.Add(-overlap))) > burst {
		return mark.Add(-shortOverlap), true
	}
	return mark.Add(-overlap), false
}

// updatedSince returns when the rows were created that were updated since then; the lock is
// held.
func (m *Mirror) updatedSince(since time.Time) []defender.Ticks {
	from := defender.TicksOf(since)
	return m.times(func(r row) bool { return r.Updated >= from })
}

// times returns when rows were created, sorted; the lock is held. Rows go by value: their addresses
// would put each of them on the heap, at each pass.
func (m *Mirror) times(which func(row) bool) []defender.Ticks {
	var times []defender.Ticks
	for _, r := range m.copy.rows {
		if which(r) {
			times = append(times, r.Created)
		}
	}
	slices.Sort(times)
	return times
}

// run reads what is left of the pass. What fails can be run again; what is incomplete, not at a pull's pace.
func (p *pass) run(ctx context.Context, m *Mirror) error {
	if p.walk == nil {
		complete, err := p.list(ctx, m)
		if err != nil || complete {
			return err
		}
	}
	if p.cover == nil {
		ok, err := p.walk.Run(ctx, m.reader, func() {})
		if ok && err == nil {
			ok, err = p.walk.Probe(ctx, m.reader, m.known(&p.Query), p.walk.Sent.Add(-shortOverlap))
		}
		if ok || err != nil {
			p.walk.Paced = p.lookback || errors.Is(err, reading.ErrIncomplete)
			return err
		}
		p.cover = reading.NewCover(p.Query, m.known(&p.Query), 1+1/float64(min(p.walk.Pages, 3)), true, defender.TicksOf(p.sent))
	}
	err := p.cover.Run(ctx, m.reader)
	p.cover.Paced = p.lookback || errors.Is(err, reading.ErrIncomplete)
	return err
}

// list reads the pass in one listing, or begins to walk through it where that is too much.
func (p *pass) list(ctx context.Context, m *Mirror) (complete bool, err error) {
	m.mu.Lock()
	p.sent, p.fell = m.clock.Predict(time.Now()).Add(-time.Second), m.fell
	m.mu.Unlock()
	p.walk = reading.NewWalk(p.Query)
	if p.many && len(m.known(&p.Query)) >= reading.MaxPages*reading.CellRows {
		return false, nil
	}
	l, complete, err := m.reader.Whole(ctx, p.Query, reading.MaxPages)
	if err != nil {
		p.walk = nil
		return false, err
	}
	p.sent, p.fell = l.Sent, l.Fell
	if complete {
		return true, nil
	}
	return false, p.walk.Begin(ctx, m.reader, &l)
}

// known returns when the rows that are known of a query's were created.
func (m *Mirror) known(q *reading.Query) []defender.Ticks {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.times(func(r row) bool {
		return !r.denied && q.Created.Holds(r.Created) && q.Updated.Holds(r.Updated) && (!q.Open || r.open())
	})
}

// finish moves the watermark past a pass that has read everything. It returns false where
// Graph's clock turned out to be behind what the pass took it for, so that it asked for too
// little; the lock is held.
func (m *Mirror) finish(p *pass) bool {
	p.sent = p.sent.Add(p.fell - m.fell)
	covers := !p.since.After(m.watermark.Add(-shortOverlap))
	if p.asked != m.fell || !covers && !p.lookback {
		return false
	}
	if covers && p.sent.After(m.watermark) {
		m.watermark = p.sent
	}
	if p.lookback {
		m.lookbackFrom, m.lookbackBegan, m.resumed = p.sent, p.began, false
		m.copy.prune(time.Since(m.epoch), horizon(p.sent))
	}
	return true
}

// horizon returns the oldest update that a lookback can bring when Graph's clock shows now.
func horizon(now time.Time) defender.Ticks {
	return defender.TicksOf(now.Add(-lookbackReach - time.Minute))
}

// update reads a pass, one that was begun before if there is one, and publishes what it
// brought.
func (m *Mirror) update(ctx context.Context, unfinished **pass, lookback bool) error {
	for range 3 {
		p := *unfinished
		if p == nil {
			p = m.newPass(lookback)
		}
		*unfinished = nil
		err := p.run(ctx, m)
		if err != nil {
			if p.walk != nil {
				*unfinished = p
			}
			return fmt.Errorf("reading updates since %s: %w", reading.Stamp(p.since), err)
		}
		if !m.resolve(ctx, p.lookback) && p.walk.Pages == 0 {
			_, err = p.list(ctx, m) // a third answer may settle it as well
		}
		if err != nil {
			return fmt.Errorf("reading updates since %s: %w", reading.Stamp(p.since), err)
		}
		m.mu.Lock()
		done := m.finish(p)
		if done && m.synced {
			m.publish(m.watermark, p.began)
		}
		m.mu.Unlock()
		if done {
			return nil
		}
	}
	return fmt.Errorf("Graph's clock keeps falling back: %w", reading.ErrIncomplete) //nolint:staticcheck // a name
}

// lookBack runs the lookback at its pace, slower the more it reads, and soon again when it
// fails.
func (m *Mirror) lookBack(ctx context.Context) {
	var unfinished *pass
	failures := 0
	for pace, before := time.Duration(0), time.Now(); m.pause(ctx, pace); before = time.Now() {
		m.mu.Lock()
		m.resumed = m.resumed || failures > 0 || time.Since(before) > pace+nap // there is something to catch up with
		m.mu.Unlock()
		if unfinished != nil && time.Since(unfinished.began) > lookbackSpan-lookbackReach {
			unfinished = nil // the next one could not reach back to when it began
		}
		err := m.update(ctx, &unfinished, true)
		if err == nil {
			failures, pace = 0, m.lookbackPause()
		} else if failures++; failures == 1 { // the background has no other second try
			pace = time.Second
			continue
		} else {
			pace = failingPace
		}
		m.note(ctx, taskLookback, err)
	}
}

// lookbackPause returns how long to wait for the next lookback: it reads about what the last one did.
func (m *Mirror) lookbackPause() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	since, _ := m.since(true)
	took := time.Duration(1+len(m.updatedSince(since))/reading.PageSize) * pagePace
	if m.lookbackBegan.Before(m.hurried) { // it has to catch up
		took /= 3
	}
	return max(lookbackPace, took)
}

// resolve asks for incidents about which two answers contradict each other by their ids, and
// reports whether that settles it. What fails, or takes too long, leaves the contradiction to
// the next answer: the rows stand as they are. The background's requests wait for the pacer.
func (m *Mirror) resolve(ctx context.Context, paced bool) bool {
	ids := m.conflicts()
	if len(ids) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, conflictPatience)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(reading.Parallel)
	for _, id := range ids[:min(len(ids), conflictLimit)] {
		group.Go(func() error {
			if paced && !m.pace(ctx) {
				return ctx.Err()
			}
			_, err := m.get(ctx, id)
			return err
		})
	}
	_ = group.Wait()
	return len(m.conflicts()) == 0
}

// conflicts returns the incidents about which two answers contradict each other.
func (m *Mirror) conflicts() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.copy.conflicts))
}

// get asks for one incident by its id and puts it into the copy; false if Graph denies it.
func (m *Mirror) get(ctx context.Context, id string) (bool, error) {
	in, answer, err := m.client.Incident(ctx, id)
	if graphclient.ReasonOf(err) == graphclient.ReasonNotFound {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading incident %s: %w", id, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.observe(answer)
	m.put(m.decoder.Incident(&in), m.moment(answer), &reading.Query{Operation: graphclient.OperationGet})
	return true, nil
}
