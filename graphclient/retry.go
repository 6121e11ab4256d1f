package graphclient

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

const (
	maxTries = 3
	// maxPatience is the longest that what a pull waits for waits for Graph to let it in.
	maxPatience = 5 * time.Second
	// maxStop bounds what a Retry-After can ask for.
	maxStop = 10 * time.Minute
	// firstBackoff comes after the first try; each other takes twice as long.
	firstBackoff = 500 * time.Millisecond
)

// retry decides whether an attempt that failed is worth another, and after what wait. A
// timeout has used up all patience already, a token that cannot be had has a pace of its
// own, and 400, 401, 403 and 404 are answers.
func retry(e *Error, try int, patient bool) (time.Duration, bool) {
	if try >= maxTries || e.RetryAfter > maxPatience && !patient || e.Operation == OperationToken {
		return 0, false
	}
	switch e.Reason {
	case ReasonUnreachable, ReasonIncomplete:
	case ReasonMalformed: // a page of some proxy, say; a redirect stays one
		if e.Status != http.StatusOK {
			return 0, false
		}
	case ReasonThrottled: // by Graph, not by the limiter
		if e.Status == 0 {
			return 0, false
		}
	case ReasonServerError:
		if e.Status == http.StatusNotImplemented || e.Status > http.StatusGatewayTimeout {
			return 0, false
		}
	default:
		return 0, false
	}
	return max(e.RetryAfter, jittered(firstBackoff<<(try-1))), true
}

// jittered returns d less up to a quarter, so that callers who failed together do not come
// back together.
func jittered(d time.Duration) time.Duration { return d - rand.N(d/4) }

// retryAfter reads the header of that name, which holds seconds or an HTTP date; 0 without.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v != "" && strings.Trim(v, "0123456789") == "" {
		d, err := time.ParseDuration(v + "s")
		if err != nil { // more seconds than there are
			return maxStop
		}
		return min(d, maxStop)
	}
	t, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	// Both dates are of the clock that wrote the answer, which may not be ours.
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(max(t.Sub(now), 0), maxStop)
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
