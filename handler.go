package main

import (
	"math"
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"
)

// newHandler returns everything that is served over HTTP.
func newHandler(cfg *config, fleet *fleet, reloads *reloader) (http.Handler, error) {
	landing, err := landingPage(cfg)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", landing)
	mux.HandleFunc("GET /metrics", fleet.serveMetrics)
	mux.HandleFunc("GET /probe", fleet.serveProbe)
	mux.HandleFunc("GET /sd", fleet.serveTargets)
	mux.HandleFunc("GET /-/healthy", say("Healthy."))
	// Ready is whoever answers pulls. Whether there are numbers yet is a metric: a
	// pod that is not ready is not scraped, and could not tell.
	mux.HandleFunc("GET /-/ready", say("Ready."))
	if cfg.lifecycle {
		mux.HandleFunc("POST /-/reload", reloads.serve)
	}
	if cfg.pprof {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	return mux, nil
}

// How long a puller waits for its answer, and what of that is kept for the answer
// itself: a tenth, and no more than maxMargin.
const (
	defaultTimeout = 10 * time.Second
	minTimeout     = time.Second
	maxTimeout     = 2 * time.Minute
	maxMargin      = 500 * time.Millisecond
)

// patience returns how long a pull may wait for a refresh, by the header in which
// Prometheus says how long it waits itself. Nonsense is ignored.
func patience(h http.Header) time.Duration {
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

// say answers with a line of text.
func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(text + "\n"))
	}
}
