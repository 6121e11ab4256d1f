package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/internal/buildinfo"
	"msgraph_security_exporter/internal/tenant"
)

// A view is what a pull of one tenant is answered with.
type view struct {
	tenant  *tenant.Tenant
	metrics http.Handler
}

// newView returns the view of a tenant, with its incidents held against objectives,
// and with what else is gathered.
func newView(t *tenant.Tenant, objectives []collector.Objective, logger *slog.Logger, more ...prometheus.Gatherer) (*view, error) {
	registry, err := register(t.Collectors(objectives)...)
	if err != nil {
		return nil, err
	}
	return &view{t, expose(append(prometheus.Gatherers{registry}, more...), logger)}, nil
}

// serve brings the tenant up to date and answers, or answers when the puller would
// give up waiting for that. A refresh that fails is counted and logged where it
// fails, and the answer says so.
func (v *view) serve(w http.ResponseWriter, r *http.Request) {
	v.tenant.Begin()
	ctx, cancel := context.WithTimeout(r.Context(), patience(r.Header))
	defer cancel()
	_ = v.tenant.Mirror.Refresh(ctx)
	v.metrics.ServeHTTP(w, r)
}

// expose returns what answers with the metrics that are gathered.
func expose(from prometheus.Gatherer, logger *slog.Logger) http.Handler {
	return promhttp.HandlerFor(from, promhttp.HandlerOpts{
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelError),
		EnableOpenMetrics: true,
	})
}

// process returns what every exporter tells of its build and its process.
func process() []prometheus.Collector {
	return []prometheus.Collector{
		versioncollector.NewCollector(buildinfo.Program),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	}
}

func register(all ...prometheus.Collector) (*prometheus.Registry, error) {
	registry := prometheus.NewRegistry()
	for _, c := range all {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return registry, nil
}
