package graphclient

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Rates are in requests a minute.
const (
	startLimit      = 45.0
	minLimit        = 10.0 // what pulls need even if sweeps get nothing
	leastShare      = 0.01 // of the ceiling: so much of what was asked for is always tried
	minBurst        = 20.0
	growth          = 1.1 // each minute
	keepBelow       = 0.9 // of a rate that was refused,
	rememberRefused = 30 * time.Minute
	// oneRound is how long further 429s belong to the first: requests that were under
	// way with it, and first tries after it, while Graph's own minute is still full.
	oneRound     = 10 * time.Second
	minBulkPause = 10 * time.Second
	maxBulkPause = time.Minute
)

// A limiter keeps requests under a limit that adapts to what Graph tolerates: no published
// limit names incidents, so it grows until it is refused. Any minute holds at most the limit,
// and a bucket that fills at the limit's pace smooths what goes out within it.
// (Of golang.org/x/time/rate only that bucket could be had.)
//
// Background listings are bulk: they leave room in the minute and in the bucket to all others,
// which therefore do not wait behind them. All methods may be called at once.
type limiter struct {
	ceiling float64

	mu     sync.Mutex
	limit  float64
	grown  time.Time   // when the limit last had its chance to grow
	sent   []time.Time // in the last minute, oldest first
	bucket float64
	filled time.Time // up to when

	stop       time.Time // nobody sends before
	bulkStop   time.Time // bulk does not send before
	halved     time.Time
	before     float64 // the limit until then
	refused    float64 // the rate that Graph refused then
	streak     int     // of halvings that came soon after each other, from 0
	hasRefused bool    // refused is still of interest
}

func newLimiter(ceiling int, now time.Time) *limiter {
	top := float64(ceiling)
	l := &limiter{ceiling: top, limit: max(min(startLimit, top), top*3/8), grown: now, filled: now}
	l.bucket = l.burst()
	return l
}

// burst is what may go out at once. With a large ceiling the bucket never binds.
func (l *limiter) burst() float64 { return max(minBurst, l.limit/6) }

// reserve is how much of a minute bulk leaves to the others.
func (l *limiter) reserve() float64 { return max(2, l.limit/8) }

func (l *limiter) perMinute() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance(time.Now())
	return l.limit
}

// wait returns when the request may be sent. One that is not patient fails at once where Graph
// asked to be left alone for longer than [maxPatience].
func (l *limiter) wait(ctx context.Context, q Query) *Error {
	op := q.Operation
	for {
		l.mu.Lock()
		d, stopped := l.acquire(time.Now(), q.Background)
		l.mu.Unlock()
		if d <= 0 {
			return nil
		}
		if stopped && !q.Patient && d > maxPatience {
			return &Error{
				Reason: ReasonThrottled, Operation: op, RetryAfter: d,
				Message: fmt.Sprintf("not sent: Graph asked to be left alone for another %s", d.Round(time.Second)),
			}
		}
		if !sleep(ctx, d) {
			return waitError(ctx, op)
		}
	}
}

// acquire books a request and returns 0, or how long to wait before asking again, and whether
// that is because Graph asked for it. The lock is held.
func (l *limiter) acquire(now time.Time, bulk bool) (wait time.Duration, stopped bool) {
	l.advance(now)
	stop := l.stop
	if bulk && l.bulkStop.After(stop) {
		stop = l.bulkStop
	}
	if stop.After(now) {
		return stop.Sub(now), true
	}
	if d := l.untilRoom(now, bulk); d > 0 {
		return d, false
	}
	need := 1.0
	if bulk {
		need = 2 // one stays
	}
	if l.bucket < need {
		return time.Duration((need-l.bucket)/l.limit*float64(time.Minute)) + 1, false
	}
	l.bucket--
	l.sent = append(l.sent, now)
	return 0, false
}

// untilRoom returns how long it takes until the last minute has room for one more. Where the limit
// was halved within it, bulk has to fit under the new limit at once; the others under the new
// one since then and, for all of it, under the old one and below what was refused, or they would wait
// for bulk to pass.
func (l *limiter) untilRoom(now time.Time, bulk bool) time.Duration {
	if bulk {
		return untilFewer(l.sent, l.limit-l.reserve(), now)
	}
	since := 0
	for since < len(l.sent) && !l.sent[since].After(l.halved) {
		since++
	}
	all := l.limit
	if since > 0 && !l.halved.IsZero() {
		all = max(l.limit, min(l.before, l.below()))
	}
	return max(untilFewer(l.sent, all, now), untilFewer(l.sent[since:], l.limit, now))
}

// untilFewer returns how long it takes until fewer than limit of the requests sent are of the
// last minute, and 0 if that is so now.
func untilFewer(sent []time.Time, limit float64, now time.Time) time.Duration {
	allowed := max(1, int(limit))
	if len(sent) < allowed {
		return 0
	}
	return sent[len(sent)-allowed].Add(time.Minute).Sub(now)
}

// advance lets the time since the last call pass: the minute moves, the bucket fills, the
// limit grows.
func (l *limiter) advance(now time.Time) {
	old := 0
	for old < len(l.sent) && now.Sub(l.sent[old]) >= time.Minute {
		old++
	}
	l.sent = l.sent[old:]
	for now.Sub(l.grown) >= time.Minute {
		l.grown = l.grown.Add(time.Minute)
		l.limit = min(l.limit*growth, l.top(l.grown))
	}
	if now.After(l.filled) {
		l.bucket = min(l.burst(), l.bucket+now.Sub(l.filled).Minutes()*l.limit)
		l.filled = now
	}
}

// top is how far the limit may grow.
func (l *limiter) top(now time.Time) float64 {
	if l.hasRefused = l.hasRefused && now.Sub(l.halved) < rememberRefused; l.hasRefused {
		return l.below()
	}
	return l.ceiling
}

// below is the most that stays below the rate which Graph refused.
func (l *limiter) below() float64 { return max(l.floor(), keepBelow*l.refused) }

// floor is the least that the limit comes down to. A 429 need not be about the rate at all:
// without a floor, one now and then would bring everything to a halt.
func (l *limiter) floor() float64 { return min(l.ceiling, max(minLimit, leastShare*l.ceiling)) }

// throttled takes in a 429 to a request that was sent then, and returns the limit before and
// after. All 429s of one round lower it once: as long as the minute holds more than the new limit, of what
// was sent under the old one, a 429 says nothing about the new one. retryAfter is 0 when Graph did not say.
func (l *limiter) throttled(sent, now time.Time, retryAfter time.Duration) (from, to float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance(now)
	from = l.limit
	if l.halved.IsZero() || sent.Sub(l.halved) > oneRound && float64(len(l.sent)) <= l.limit+1 {
		l.halve(now)
	}
	if retryAfter > 0 {
		l.stopUntil(now.Add(retryAfter))
	} else if until := l.halved.Add(jittered(min(minBulkPause<<l.streak, maxBulkPause))); until.After(l.bulkStop) {
		l.bulkStop = until
	}
	return from, l.limit
}

// halve lowers the limit and remembers what was refused: the rate of the last minute, or, where
// that was far below the limit, and so says nothing about it, the limit.
func (l *limiter) halve(now time.Time) {
	if l.halved.IsZero() || now.Sub(l.halved) > 2*maxBulkPause {
		l.streak = 0
	} else {
		l.streak = min(l.streak+1, 3)
	}
	l.refused = l.limit
	if rate := float64(len(l.sent)); rate >= l.limit/2 {
		l.refused = min(rate, l.limit)
	}
	l.before, l.halved, l.grown, l.hasRefused = l.limit, now, now, true
	l.limit = min(max(l.floor(), l.limit/2), l.below())
	l.bucket = min(l.bucket, 1)
}

// stopFor stops everybody for d, unless that is so already.
func (l *limiter) stopFor(d time.Duration, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopUntil(now.Add(d))
}

// stopped reports whether Graph has asked everybody to wait, and that is not over.
func (l *limiter) stopped(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stop.After(now)
}

func (l *limiter) stopUntil(t time.Time) {
	if t.After(l.stop) {
		l.stop = t
	}
}
