package graphclient

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	maxTries = 3
	// maxPatience is the longest that a request which a pull waits for waits
	// itself for Graph to let it in.
	maxPatience = 5 * time.Second
	// maxStop bounds what a Retry-After can ask for.
	maxStop = 10 * time.Minute
)

// retry decides whether an attempt that failed is worth another, and after what
// wait. 400, 403 and 404 are answers; a timeout has used up the patience already.
func retry(e *Error, try int) (time.Duration, bool) {
	if try >= maxTries || e.RetryAfter > maxPatience || e.cause != nil {
		return 0, false
	}
	switch e.Reason {
	case ReasonThrottled:
		return max(e.RetryAfter, backoff(try)), e.Status != 0
	case ReasonServerError, ReasonUnreachable, ReasonMalformed, ReasonIncomplete:
		return max(e.RetryAfter, backoff(try)), e.Operation != OperationToken
	}
	return 0, false
}

// backoff returns about half a second after the first try and twice as much
// after each other.
func backoff(try int) time.Duration {
	d := 500 * time.Millisecond << (try - 1)
	return d/2 + rand.N(d)
}

// retryAfter reads the header of that name, seconds or an HTTP date; 0 without.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	d := time.Duration(0)
	if s, err := strconv.Atoi(v); err == nil {
		d = time.Duration(min(s, int(maxStop/time.Second))) * time.Second
	} else if t, err := http.ParseTime(v); err == nil {
		// The date is of the clock that wrote the answer.
		if date, err := http.ParseTime(h.Get("Date")); err == nil {
			now = date
		}
		d = t.Sub(now)
	}
	return min(max(d, 0), maxStop)
}

// sleep waits for d; false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
