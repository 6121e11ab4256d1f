package server

import (
	"net/http"
	"net/http/pprof"

	"msgraph_security_exporter/internal/config"
)

// newHandler returns everything that is served over HTTP.
func newHandler(cfg *config.Config, fleet *fleet, reloads *reloader) (http.Handler, error) {
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
	if cfg.Lifecycle {
		mux.HandleFunc("POST /-/reload", reloads.serve)
	}
	if cfg.Pprof {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	return mux, nil
}
