package graphclient

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// A meter notes when a limiter let requests pass, and what its limit was.
type meter struct {
	limiter *limiter
	mu      sync.Mutex
	passed  []pass
	lowered []pass // the limit after each 429 that lowered it
}

// A pass is one request let through.
type pass struct {
	at    time.Time
	limit float64
	op    Operation
}

// ask waits for the limiter, and returns how long that took.
func (m *meter) ask(ctx context.Context, op Operation) (time.Duration, *Error) {
	began := time.Now()
	bulk := op == OperationSweep
	err := m.limiter.wait(ctx, Query{Operation: op, Background: bulk, Patient: bulk})
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		m.passed = append(m.passed, pass{time.Now(), m.limiter.perMinute(), op})
	}
	return time.Since(began), err
}

// loop asks again and again, with pauses as given, until ctx ends.
func (m *meter) loop(ctx context.Context, wg *sync.WaitGroup, op Operation, pause func() time.Duration) {
	wg.Go(func() {
		for ctx.Err() == nil {
			m.ask(ctx, op)
			sleep(ctx, pause())
		}
	})
}

// throttle is a 429 to a request sent just now.
func (m *meter) throttle(retryAfter time.Duration) {
	if from, to := m.limiter.throttled(time.Now(), time.Now(), retryAfter); to < from {
		m.lowered = append(m.lowered, pass{at: time.Now(), limit: to})
	}
}

// check holds each minute against the highest limit that was in force in it, and what came
// after the limit was lowered against the lower one.
func (m *meter) check(t *testing.T) {
	t.Helper()
	first := 0
	for last, p := range m.passed {
		for p.at.Sub(m.passed[first].at) >= time.Minute {
			first++
		}
		highest := 0.0
		for _, q := range m.passed[max(0, first-1) : last+1] {
			highest = max(highest, q.limit)
		}
		if n := last - first + 1; float64(n) > highest {
			t.Fatalf("%d requests in the minute before %s, limit %.1f", n, p.at.Format(time.TimeOnly), highest)
		}
		for _, lowered := range m.lowered {
			since, highest := 0, lowered.limit
			for _, q := range m.passed[first : last+1] {
				if q.at.After(lowered.at) {
					since, highest = since+1, max(highest, q.limit)
				}
			}
			if lowered.at.After(p.at.Add(-time.Minute)) && float64(since) > highest {
				t.Fatalf("%d requests since the limit was lowered to %.1f", since, highest)
			}
		}
	}
}

func always(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

// TestNoMinuteAboveTheLimit: whatever is asked for, and however often Graph throttles, no 60
// seconds, wherever they begin, hold more requests than the limit in force.
func TestNoMinuteAboveTheLimit(t *testing.T) {
	for seed := range uint64(20) {
		bubble(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			ceiling := []int{1, 3, 10, 120, 600, 5000}[rng.IntN(6)]
			m := &meter{limiter: newLimiter(ceiling, time.Now())}
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			var wg sync.WaitGroup
			for i := range 6 {
				mean := time.Duration(rng.Int64N(int64(30 * time.Second)))
				op := []Operation{OperationDelta, OperationSweep, OperationGet}[i%3]
				own := rand.New(rand.NewPCG(seed, uint64(i)))
				m.loop(ctx, &wg, op, func() time.Duration {
					if own.IntN(3) == 0 {
						return 0
					}
					return time.Duration(own.ExpFloat64() * float64(mean))
				})
			}
			for range rng.IntN(10) {
				sleep(ctx, time.Duration(rng.Int64N(int64(10*time.Minute))))
				m.throttle(time.Duration(rng.IntN(2)*rng.IntN(90)) * time.Second)
			}
			wg.Wait()
			if len(m.passed) < 10 {
				t.Fatalf("only %d requests", len(m.passed))
			}
			m.check(t)
		})
	}
}

// TestBulkNeverDelaysADelta: eight sweepers that ask for all there is do not make a delta
// wait, not even after Graph has throttled; and sweepers get on.
func TestBulkNeverDelaysADelta(t *testing.T) {
	for _, ceiling := range []int{45, 60, 120, 600} {
		t.Run(fmt.Sprint(ceiling), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := &meter{limiter: newLimiter(ceiling, time.Now())}
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
				defer cancel()
				var wg sync.WaitGroup
				for range 8 {
					m.loop(ctx, &wg, OperationSweep, always(100*time.Millisecond))
				}
				for i := 0; ctx.Err() == nil; i++ {
					if d, err := m.ask(ctx, OperationDelta); err != nil || d > 0 {
						t.Errorf("delta %d waited %s: %v", i, d, err)
					}
					if i == 60 {
						m.throttle(0)
					}
					sleep(ctx, 15*time.Second)
				}
				wg.Wait()
				m.check(t)
				if bulk := len(m.passed) - 120; bulk < 30*ceiling/4 {
					t.Errorf("only %d sweep requests in half an hour", bulk)
				}
			})
		})
	}
}

// TestLimitGrows: the limit begins at 45 a minute, or at three eighths of a large ceiling, and
// grows by a tenth each minute up to the ceiling, also while nothing is asked for.
func TestLimitGrows(t *testing.T) {
	for _, tc := range []struct {
		ceiling int
		start   float64
	}{{1, 1}, {20, 20}, {45, 45}, {120, 45}, {400, 150}, {100000, 37500}} {
		bubble(t, func(t *testing.T) {
			l := newLimiter(tc.ceiling, time.Now())
			for minute := range 30 {
				want := min(tc.start*math.Pow(1.1, float64(minute)), float64(tc.ceiling))
				if got := l.perMinute(); math.Abs(got-want) > 1e-6*want {
					t.Errorf("ceiling %d after %d minutes: got %f, want %f", tc.ceiling, minute, got, want)
				}
				time.Sleep(time.Minute)
			}
		})
	}
}

// TestLimitHalvesOnceARound: 429s to requests that were under way together, or sent soon
// after, lower the limit once; later ones lower it again, down to 10 a minute.
func TestLimitHalvesOnceARound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLimiter(120, time.Now())
		sent := time.Now()
		expect := func(what string, want float64) {
			t.Helper()
			if got := l.perMinute(); math.Abs(got-want) > 1e-9 {
				t.Errorf("%s: got %f, want %f", what, got, want)
			}
		}
		time.Sleep(2 * time.Second)
		for range 10 {
			l.throttled(sent, time.Now(), 0)
		}
		expect("ten at once", 22.5)
		time.Sleep(9 * time.Second)
		l.throttled(time.Now(), time.Now(), 0)
		expect("a first try after them", 22.5)
		time.Sleep(20 * time.Second)
		l.throttled(sent, time.Now(), 0)
		expect("a slow one of them", 22.5)
		l.throttled(time.Now(), time.Now(), 0)
		expect("another round", 11.25)
		for range 10 {
			time.Sleep(30 * time.Second)
			l.throttled(time.Now(), time.Now(), 0)
		}
		expect("again and again", 10)
	})
}

// TestLimitHalvesOnceAFullMinute sends a burst to a Graph that takes fifty a minute, counts what it
// refuses and does not say how long to wait, and goes on sending: the minute is still full when the
// first tries after it are refused, so that they lower the limit no further.
func TestLimitHalvesOnceAFullMinute(t *testing.T) {
	bubble(t, func(t *testing.T) {
		now := time.Now()
		l := newLimiter(120, now)
		l.limit = 60
		for i := range 30 {
			l.sent = append(l.sent, now.Add(time.Duration(i-30)*time.Second))
		}
		taken := slices.Clone(l.sent)
		for time.Since(now) < 3*time.Minute {
			if d, _ := l.acquire(time.Now(), false); d > 0 {
				time.Sleep(min(d, time.Second))
				continue
			}
			taken = slices.DeleteFunc(append(taken, time.Now()), func(at time.Time) bool { return time.Since(at) >= time.Minute })
			if len(taken) > 50 {
				l.throttled(time.Now(), time.Now(), 0)
				time.Sleep(2 * time.Second)
			}
		}
		if got := l.perMinute(); got < 30 || got > 48 {
			t.Errorf("three minutes after a burst of a Graph that takes 50 a minute the limit is %g", got)
		}
	})
}

// TestLimitHasAFloor: 429s that never end, whatever the rate, leave a hundredth of the ceiling
// and what pulls need.
func TestLimitHasAFloor(t *testing.T) {
	for _, tc := range []struct {
		ceiling int
		want    float64
	}{{3, 3}, {10, 10}, {120, 10}, {100_000, 1000}} {
		bubble(t, func(t *testing.T) {
			l := newLimiter(tc.ceiling, time.Now())
			for range 60 {
				time.Sleep(30 * time.Second)
				l.throttled(time.Now(), time.Now(), 0)
			}
			if got := l.perMinute(); got != tc.want {
				t.Errorf("ceiling %d: got %g, want %g", tc.ceiling, got, tc.want)
			}
		})
	}
}

// TestLimitStaysBelowTheRefusedRate: for half an hour after a 429 the limit is at most nine
// tenths of what was refused; then it grows on to the ceiling.
func TestLimitStaysBelowTheRefusedRate(t *testing.T) {
	for _, tc := range []struct {
		name             string
		sent             int
		refused, lowered float64
	}{
		{"at the limit", 40, 40, 22.5},
		{"well below the limit, which says nothing", 10, 45, 22.5},
		{"at half of it", 23, 23, 20.7},
	} {
		bubble(t, func(t *testing.T) {
			l := newLimiter(120, time.Now())
			for range tc.sent {
				l.acquire(time.Now(), false)
				time.Sleep(time.Second)
			}
			l.sent = l.sent[:0]
			for i := range tc.sent {
				l.sent = append(l.sent, time.Now().Add(time.Duration(i-tc.sent)*time.Second))
			}
			_, lowered := l.throttled(time.Now(), time.Now(), 0)
			if math.Abs(lowered-tc.lowered) > 1e-9 {
				t.Errorf("%s: lowered to %f, want %f", tc.name, lowered, tc.lowered)
			}
			for second := range 30 * 60 {
				if got := l.perMinute(); got > 0.9*tc.refused+1e-9 {
					t.Fatalf("%s: %f after %d s, refused were %f", tc.name, got, second, tc.refused)
				}
				time.Sleep(time.Second)
			}
			time.Sleep(20 * time.Minute)
			if got := l.perMinute(); got != 120 {
				t.Errorf("%s: %f in the end", tc.name, got)
			}
		})
	}
}
