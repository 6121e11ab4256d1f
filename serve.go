package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
)

const (
	defaultScrapeTimeout = 10 * time.Second
	minScrapeTimeout     = time.Second
	maxScrapeTimeout     = 2 * time.Minute
	// maxMargin is the most that is kept of a scrape's time for the answer.
	maxMargin = 500 * time.Millisecond
)

// A refresher brings its view of a tenant up to date.
type refresher interface {
	Refresh(ctx context.Context) error
}

// A site is everything that is served over HTTP.
type site struct {
	server *http.Server
	flags  *web.FlagConfig
	logger *slog.Logger
}

func newSite(cfg *config, tenant refresher, registry *prometheus.Registry, logger *slog.Logger) (*site, error) {
	landing, err := landingPage(cfg.demo)
	if err != nil {
		return nil, fmt.Errorf("making the landing page: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", landing)
	mux.Handle("/metrics", refreshFirst(tenant, promhttp.InstrumentMetricHandler(registry,
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{
			ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelError),
			Registry:          registry,
			EnableOpenMetrics: true,
		}))))
	mux.HandleFunc("/-/healthy", say("Healthy.\n"))
	mux.HandleFunc("/-/ready", say("Ready.\n"))
	if cfg.pprof {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       3 * time.Minute,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	return &site{server: server, flags: cfg.web, logger: logger}, nil
}

// serve answers until ctx ends and every request under way has been answered.
func (s *site) serve(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- web.ListenAndServe(s.server, s.flags, s.logger) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	s.logger.Info("Stopping, requests under way are answered first")
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxScrapeTimeout)
	defer cancel()
	err := s.server.Shutdown(drain)
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// refreshFirst brings the tenant up to date before a scrape is answered, as long
// as the scraper waits; what it does not wait for goes on by itself.
func refreshFirst(tenant refresher, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), scrapeTimeout(r.Header))
		// The mirror logs and counts a refresh that fails: the answer says so.
		_ = tenant.Refresh(ctx)
		cancel()
		next.ServeHTTP(w, r)
	})
}

// scrapeTimeout returns how long a scrape may take by the header that Prometheus
// sends, less a margin for the answer itself. Nonsense is ignored.
func scrapeTimeout(h http.Header) time.Duration {
	timeout := defaultScrapeTimeout
	seconds, err := strconv.ParseFloat(h.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64)
	if err == nil && seconds > 0 && !math.IsInf(seconds, 0) {
		seconds = min(max(seconds, minScrapeTimeout.Seconds()), maxScrapeTimeout.Seconds())
		timeout = time.Duration(seconds * float64(time.Second))
	}
	return timeout - min(timeout/10, maxMargin)
}

func say(s string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(s))
	}
}

func landingPage(demo bool) (http.Handler, error) {
	c := web.LandingConfig{
		Name:        "Microsoft Graph Security Exporter",
		Description: "Prometheus exporter for Microsoft Graph security incidents (Microsoft Defender XDR)",
		Version:     version.Info(),
		Profiling:   "false",
		Links: []web.LandingLinks{
			{Address: "/metrics", Text: "Metrics", Description: "open incidents of the tenant, and the state of the exporter"},
			{Address: "/-/healthy", Text: "Health"},
			{Address: "/-/ready", Text: "Readiness"},
		},
	}
	if demo {
		c.Name += " (DEMO)"
		c.ExtraHTML = "<p><strong>This is a demo:</strong> a simulated tenant with invented incidents. Nothing here is real.</p>"
	}
	return web.NewLandingPage(c)
}
