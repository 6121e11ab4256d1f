package graphclient

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	startLimit  = 45.0 // requests a minute
	minLimit    = 20.0 // well below every limit that Microsoft published
	startBurst  = 20.0
	growth      = 1.1 // a minute
	growEvery   = time.Minute
	keepBelow   = 0.9 // of a rate that was refused
	memory      = 30 * time.Minute
	minBulkStop = 10 * time.Second
	maxBulkStop = time.Minute
)

// A limiter keeps requests under a limit that adapts to what Graph tolerates: no
// published limit names incidents, so it grows until it is refused. Any minute
// holds at most the limit, and no more than a burst goes out at once.
//
// Sweeps are bulk: they leave some room to deltas and single incidents, which
// therefore never wait behind them.
type limiter struct {
	ceiling float64

	mu        sync.Mutex
	limit     float64
	grown     time.Time
	sent      []time.Time // in the last minute, oldest first
	tokens    float64     // of the bucket that smooths bursts
	filled    time.Time
	stop      time.Time // nobody sends before
	bulkStop  time.Time // bulk does not send before
	refusals  int       // 429 without Retry-After in a row
	refused   time.Time // when the limit was last halved
	refusedAt float64   // the rate that was refused
	heeded    time.Time // when it was refused
}

func newLimiter(ceiling int) *limiter {
	top := float64(ceiling)
	now := time.Now()
	l := &limiter{ceiling: top, limit: max(min(startLimit, top), top*3/8), grown: now, filled: now}
	l.tokens = l.burst()
	return l
}

func (l *limiter) burst() float64 { return max(startBurst, l.limit/6) }

func (l *limiter) perMinute() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.limit
}

// wait returns when the request may be sent. One that a pull waits for fails at
// once where it would have to wait longer than [maxPatience] because Graph asked
// to be left alone.
func (l *limiter) wait(ctx context.Context, op Operation) *Error {
	bulk := op == OperationSweep
	for {
		d, stopped := l.take(time.Now(), bulk)
		if d <= 0 {
			return nil
		}
		if stopped && !bulk && d > maxPatience {
			return &Error{
				Reason: ReasonThrottled, Operation: op, RetryAfter: d,
				Message: fmt.Sprintf("not sent: Graph asked to be left alone for another %s", d.Round(time.Second)),
			}
		}
		if !sleep(ctx, d) {
			return transportError(ctx, op, ctx.Err())
		}
	}
}

// take books a request and returns 0, or how long to wait before asking again,
// and whether that is because Graph asked for it.
func (l *limiter) take(now time.Time, bulk bool) (wait time.Duration, stopped bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance(now)
	stop := l.stop
	if bulk && l.bulkStop.After(stop) {
		stop = l.bulkStop
	}
	if stop.After(now) {
		return stop.Sub(now), true
	}
	window, tokens := int(l.limit), 1.0
	if bulk {
		window -= int(max(2, l.limit/8))
		tokens = 2
	}
	if n := len(l.sent); n >= max(1, window) {
		return l.sent[n-max(1, window)].Add(time.Minute).Sub(now), false
	}
	if l.tokens < tokens {
		return time.Duration((tokens-l.tokens)/l.limit*float64(time.Minute)) + 1, false
	}
	l.tokens--
	l.sent = append(l.sent, now)
	return 0, false
}

// advance lets the time since the last call pass: the window moves, the bucket
// fills, the limit grows.
func (l *limiter) advance(now time.Time) {
	old := 0
	for old < len(l.sent) && now.Sub(l.sent[old]) >= time.Minute {
		old++
	}
	l.sent = append(l.sent[:0], l.sent[old:]...)
	l.tokens = min(l.burst(), l.tokens+now.Sub(l.filled).Minutes()*l.limit)
	l.filled = now
	for now.Sub(l.grown) >= growEvery {
		l.grown = l.grown.Add(growEvery)
		l.limit = min(l.limit*growth, l.top(l.grown))
	}
}

// top is how far the limit may grow: below a rate that was refused lately.
func (l *limiter) top(now time.Time) float64 {
	if l.heeded.IsZero() || now.Sub(l.heeded) >= memory {
		return l.ceiling
	}
	return min(l.ceiling, max(minLimit, keepBelow*l.refusedAt))
}

// throttled takes in an answer that asks to be left alone, for a time that may be
// unknown. refused says that it was a 429: the limit is halved, once for all
// requests that were under way.
func (l *limiter) throttled(retryAfter time.Duration, refused bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if until := now.Add(retryAfter); retryAfter > 0 && until.After(l.stop) {
		l.stop = until
	}
	if !refused {
		return
	}
	if now.Sub(l.refused) >= minBulkStop || l.refused.IsZero() {
		l.halve(now)
	}
	if until := l.refused.Add(l.pause()); retryAfter <= 0 && until.After(l.bulkStop) {
		l.bulkStop = until
	}
}

// halve lowers the limit. The rate that was refused is remembered if it is the
// limit that let it through; a 429 far below it says nothing about the rate.
func (l *limiter) halve(now time.Time) {
	if now.Sub(l.refused) < 2*maxBulkStop {
		l.refusals++
	} else {
		l.refusals = 0
	}
	if rate := float64(len(l.sent)); rate >= l.limit/2 {
		l.refusedAt, l.heeded = rate, now
	}
	l.refused, l.grown = now, now
	l.limit = min(l.ceiling, max(minLimit, l.limit/2))
	l.tokens = min(l.tokens, 1)
}

// pause is how long bulk stays away after a 429 that does not say.
func (l *limiter) pause() time.Duration {
	d := min(minBulkStop<<min(l.refusals, 8), maxBulkStop)
	return d + rand.N(d/4)
}
