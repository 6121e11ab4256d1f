package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/internal/buildinfo"
	"msgraph_security_exporter/internal/statuspage"
	"msgraph_security_exporter/internal/tenant"
)

// An exposition answers the pulls of one tenant with its metrics.
type exposition struct {
	tenant  *tenant.Tenant
	metrics http.Handler
	noted   prometheus.Gatherer // of the tenant alone; what it gathers the history notes
	history *statuspage.History
}

// newExposition returns the exposition of a tenant, with its incidents held against objectives, followed by the
// metrics of more. The history is that of the tenant until now.
func newExposition(t *tenant.Tenant, history *statuspage.History, objectives []collector.Objective, logger *slog.Logger, more ...prometheus.Gatherer) (*exposition, error) {
	registry, err := newRegistry(t.Collectors(objectives)...)
	if err != nil {
		return nil, err
	}
	noted := history.Observe(registry)
	return &exposition{t, metricsHandler(append(prometheus.Gatherers{noted}, more...), logger), noted, history}, nil
}

// serve brings the tenant up to date and answers. If that takes longer than the puller
// waits, it answers from the last snapshot. A refresh that fails is counted and logged
// where it fails, and the answer says so.
func (e *exposition) serve(w http.ResponseWriter, r *http.Request) {
	e.refresh(r.Context(), refreshTimeout(r.Header))
	limitWriting(w)
	e.metrics.ServeHTTP(w, r)
}

// keep brings the tenant up to date for the status page, and notes what there is then.
func (e *exposition) keep(ctx context.Context) {
	e.refresh(ctx, defaultTimeout)
	_, _ = e.noted.Gather() // what goes wrong in it is logged at pulls
}

// refresh brings the tenant up to date, or waits for so long.
func (e *exposition) refresh(ctx context.Context, timeout time.Duration) {
	e.tenant.Start()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_ = e.tenant.Mirror.Refresh(ctx)
}

// metricsHandler returns a handler that answers with what a gatherer gathers.
func metricsHandler(from prometheus.Gatherer, logger *slog.Logger) http.Handler {
	return promhttp.HandlerFor(from, promhttp.HandlerOpts{
		ErrorLog:          scrapeErrors{logger},
		EnableOpenMetrics: true,
	})
}

// scrapeErrors logs what goes wrong while metrics are gathered and sent.
type scrapeErrors struct{ logger *slog.Logger }

// Println implements [promhttp.Logger]. What cannot be sent, after it has been gathered, is of a client
// that has left: that is no error of the exporter.
func (l scrapeErrors) Println(v ...any) {
	text := strings.TrimSuffix(fmt.Sprintln(v...), "\n")
	if strings.HasPrefix(text, "error encoding and sending") {
		l.logger.Debug("A client left before its answer was complete", "err", text)
		return
	}
	l.logger.Error("Metrics not complete", "err", text)
}

// processCollectors returns the collectors of the build and the process, which every
// exporter has.
func processCollectors() []prometheus.Collector {
	return []prometheus.Collector{
		versioncollector.NewCollector(buildinfo.Program, versioncollector.WithExtraConstLabels(prometheus.Labels{"version": buildinfo.Version()})),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	}
}

// newRegistry returns a registry of some collectors.
func newRegistry(all ...prometheus.Collector) (*prometheus.Registry, error) {
	registry := prometheus.NewRegistry()
	for _, c := range all {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return registry, nil
}
