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

// writeTimeout bounds how long a client may take to read its answer, once it is there. Whoever reads
// more slowly, or not at all, keeps nothing waiting for longer: neither the answer, nor SIGTERM.
const writeTimeout = 15 * time.Second

// limitWriting gives the client of a request until writeTimeout from now to read its answer.
func limitWriting(w http.ResponseWriter) {
	// An error means that the connection cannot have deadlines, as in a test of the handler.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
}

// withWriteTimeout returns a handler whose answers have to be read in time, unless the handler itself
// says again, by limitWriting, from when on that counts.
func withWriteTimeout(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limitWriting(w)
		next.ServeHTTP(w, r)
	})
}
