package server

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// How long a puller waits for its answer. A tenth of it, at most maxMargin, is kept for writing
// the answer.
const (
	defaultTimeout = 10 * time.Second
	minTimeout     = time.Second
	maxTimeout     = 2 * time.Minute
	maxMargin      = 500 * time.Millisecond
)

// refreshTimeout returns how long a pull waits for a refresh. The header is the one in which
// Prometheus says how long it waits itself; nonsense in it is ignored.
func refreshTimeout(h http.Header) time.Duration {
	timeout := defaultTimeout
	if values := h.Values("X-Prometheus-Scrape-Timeout-Seconds"); len(values) == 1 {
		seconds, err := strconv.ParseFloat(values[0], 64)
		if err == nil && seconds > 0 && !math.IsInf(seconds, 1) {
			seconds = min(max(seconds, minTimeout.Seconds()), maxTimeout.Seconds())
			timeout = time.Duration(seconds * float64(time.Second))
		}
	}
	return timeout - min(timeout/10, maxMargin)
}
