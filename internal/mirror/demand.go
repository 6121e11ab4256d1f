package mirror

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	// forgetAfter is how long nobody has to ask for the copy to be dropped, at the least.
	forgetAfter = time.Hour
	// maxInterval is the longest interval of pulls that is believed, and what is presumed
	// after the first pull.
	maxInterval = 3 * time.Hour
	// resumeWait is how long a pull waits for the outcome when it has the first
	// synchronisation try again.
	resumeWait = 2 * time.Second
)

// A demand is how often somebody asks. Durations are by [Mirror.elapsed].
type demand struct {
	last time.Duration
	gaps []time.Duration // between the last few times, none shorter than a second
	any  bool
}

// note takes in that somebody asks now.
func (d *demand) note(now time.Duration) {
	gap := now - d.last
	switch {
	case !d.any:
		d.any, d.last = true, now
	case gap >= time.Second:
		d.gaps = append(d.gaps, min(gap, maxInterval))
		d.gaps = d.gaps[max(0, len(d.gaps)-4):]
		d.last = now
	}
}

// interval returns at which interval somebody asks.
func (d *demand) interval() time.Duration {
	switch {
	case !d.any:
		return 0
	case len(d.gaps) == 0:
		return maxInterval
	}
	return slices.Max(d.gaps)
}

// unwatched reports whether nobody has asked for so long that reading can pause.
func (m *Mirror) unwatched() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.elapsedLocked()-m.asked.last > max(m.cfg.MaxAge, 3*m.asked.interval())
}

// forgotten reports whether nobody has asked for so long that the copy can be dropped.
func (m *Mirror) forgotten() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.elapsedLocked()-m.asked.last >= max(forgetAfter, 6*m.asked.interval())
}

// elapsed returns the time since the mirror's start, by whichever of the monotonic and the
// wall clock went further: while the host is suspended the former stands still.
func (m *Mirror) elapsed() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.elapsedLocked()
}

func (m *Mirror) elapsedLocked() time.Duration {
	now := time.Now()
	if d := passed(m.ticking, now); d > 0 {
		m.ticked += d
		m.ticking = now
	}
	return m.ticked
}

// passed returns the time between two readings of the local clocks.
func passed(from, to time.Time) time.Duration {
	return max(to.Sub(from), to.Round(0).Sub(from.Round(0)))
}

// awaitRetry waits for about d, or until a pull asks for another try; without an
// end while nobody asks at all. It returns false when ctx ends.
func (m *Mirror) awaitRetry(ctx context.Context, d time.Duration) bool {
	if m.unwatched() {
		return m.awaitPull(ctx)
	}
	t := time.NewTimer(d/2 + rand.N(d))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-m.wake:
		return true
	case <-ctx.Done():
		return false
	}
}

// awaitPull waits until somebody asks; false when ctx ends first.
func (m *Mirror) awaitPull(ctx context.Context) bool {
	select {
	case <-m.wake:
		return true
	case <-ctx.Done():
		return false
	}
}

// resume serves a pull before the first snapshot: at once while the
// synchronisation runs, after another try if it had come to a halt.
func (m *Mirror) resume(ctx context.Context, halted bool, attempt <-chan struct{}) error {
	select {
	case m.wake <- struct{}{}:
	default:
	}
	if !halted {
		return nil
	}
	t := time.NewTimer(resumeWait)
	defer t.Stop()
	select {
	case <-attempt:
	case <-t.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}
