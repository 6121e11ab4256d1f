package server

import (
	"context"
	"net/http"
	"net/http/pprof"

	"msgraph_security_exporter/internal/config"
)

// newMux returns the handler of every path.
func newMux(ctx context.Context, cfg *config.Config, fleet *fleet, reloads *reloader) (http.Handler, error) {
	front, err := frontPage(ctx, cfg, fleet)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", front)
	mux.HandleFunc("GET /metrics", fleet.serveMetrics)
	mux.HandleFunc("GET /probe", fleet.serveProbe)
	mux.HandleFunc("GET /sd", fleet.serveTargets)
	mux.HandleFunc("GET /-/healthy", textHandler("Healthy."))
	// The exporter is ready when it answers pulls. Whether there are numbers yet is a
	// metric: a pod that is not ready is not scraped, and could not say so.
	mux.HandleFunc("GET /-/ready", textHandler("Ready."))
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

// frontPage returns the handler of the page at /.
func frontPage(ctx context.Context, cfg *config.Config, fleet *fleet) (http.Handler, error) {
	if cfg.StatusPage {
		return statusPage(ctx, cfg, fleet)
	}
	return landingPage(cfg)
}
