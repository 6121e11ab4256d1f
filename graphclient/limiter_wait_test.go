package graphclient

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// TestBulkPause: after a 429 that does not say for how long, bulk stays away for 10 s, twice as
// long each time up to a minute, and 10 s again after a quiet time. Deltas do not.
func TestBulkPause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := &meter{limiter: newLimiter(100000, time.Now())}
		for _, tc := range []struct{ want, quiet time.Duration }{
			{10 * time.Second, 20 * time.Second},
			{20 * time.Second, 20 * time.Second},
			{40 * time.Second, 20 * time.Second},
			{time.Minute, 20 * time.Second},
			{time.Minute, 3 * time.Minute},
			{10 * time.Second, 0},
		} {
			m.limiter.throttled(time.Now(), time.Now(), 0)
			if d, err := m.ask(t.Context(), OperationGet); err != nil || d > time.Second {
				t.Errorf("another waited %s: %v", d, err)
			}
			d, err := m.ask(t.Context(), OperationSweep)
			if err != nil || d < tc.want*3/4 || d > tc.want+time.Second {
				t.Errorf("bulk waited %s, want %s: %v", d, tc.want, err)
			}
			time.Sleep(tc.quiet)
		}
	})
}

// TestRetryAfterStopsEverybody: until the time that Graph asked for nothing is sent. Bulk waits
// for it. Others wait for five seconds at most, and else fail without a request.
func TestRetryAfterStopsEverybody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := &meter{limiter: newLimiter(120, time.Now())}
		m.limiter.throttled(time.Now(), time.Now(), 30*time.Second)
		var wg sync.WaitGroup
		wg.Go(func() {
			if d, err := m.ask(t.Context(), OperationSweep); err != nil || d < 30*time.Second || d > 35*time.Second {
				t.Errorf("bulk waited %s: %v", d, err)
			}
		})
		time.Sleep(10 * time.Second)
		d, err := m.ask(t.Context(), OperationDelta)
		if err == nil || d != 0 || err.Reason != ReasonThrottled || err.RetryAfter != 20*time.Second || err.Status != 0 {
			t.Errorf("a delta waited %s: %v", d, err)
		}
		time.Sleep(16 * time.Second)
		if d, err := m.ask(t.Context(), OperationDelta); err != nil || d != 4*time.Second {
			t.Errorf("a delta waited %s: %v", d, err)
		}
		wg.Wait()
		m.limiter.stopFor(time.Minute, time.Now()) // a 503
		m.limiter.stopFor(time.Second, time.Now()) // does not shorten it
		if _, err := m.ask(t.Context(), OperationDelta); err == nil || err.RetryAfter != time.Minute {
			t.Errorf("got %v", err)
		}
	})
}

// TestWaitEndsWithItsContext: who waits for the limiter leaves when its context ends.
func TestWaitEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := &meter{limiter: newLimiter(120, time.Now())}
		m.limiter.stopFor(10*time.Minute, time.Now())
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		d, err := m.ask(ctx, OperationSweep)
		if d != 7*time.Second || err == nil || !errors.Is(err, context.DeadlineExceeded) || err.Reason != ReasonTimeout {
			t.Errorf("left after %s: %v", d, err)
		}
	})
}

// TestALargeCeilingDoesNotBind: whoever sets 100,000 requests a minute never waits with four
// requests in flight that take 100 ms each.
func TestALargeCeilingDoesNotBind(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := &meter{limiter: newLimiter(100000, time.Now())}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		for range 4 {
			m.loop(ctx, &wg, OperationSweep, always(100*time.Millisecond))
		}
		wg.Wait()
		if got, want := len(m.passed), 4*2*60*10; got < want {
			t.Errorf("%d requests, want %d", got, want)
		}
	})
}
