// Command msgraph_security_exporter serves the open security incidents of a
// Microsoft Graph tenant as Prometheus metrics.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/common/version"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/internal/mirror"
)

const program = "msgraph_security_exporter"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "%s: error: %v\n", program, err)
		os.Exit(1)
	}
}

// run is the whole program: it serves until ctx ends, lets the scrapes under way
// finish and returns nil. Nothing that it started outlives it, and several may run
// at once.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	cfg, err := parse(args, getenv, stdout)
	if errors.Is(err, errDone) {
		return nil
	}
	if err != nil {
		return err
	}
	cfg.log.Writer = stderr
	logger := promslog.New(cfg.log)
	logger.Info("Starting "+program, "version", version.Info())

	var tasks sync.WaitGroup
	defer tasks.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	tenant, err := newTenant(cfg, logger)
	if err != nil {
		return err
	}
	registry, err := tenant.registry()
	if err != nil {
		return err
	}
	site, err := newSite(cfg, tenant.mirror, registry, logger)
	if err != nil {
		return err
	}
	// The tenant outlives ctx: scrapes that are drained may still refresh.
	background, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	tasks.Go(func() { tenant.run(background) })
	return site.serve(ctx)
}

// registry returns a registry of its own with everything the program exposes.
func (t *tenant) registry() (*prometheus.Registry, error) {
	r := prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{
		collector.New(t.mirror),
		t.transport,
		versioncollector.NewCollector("msgraph_security_exporter"),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return r, nil
}

// newMirror returns the tenant's mirror as the flags want it.
func newMirror(cfg *config, t *tenant, logger *slog.Logger) *mirror.Mirror {
	interval := cfg.minRefreshInterval
	if interval == 0 {
		interval = -1 // none, where zero means the default
	}
	return mirror.New(t.client, mirror.Config{
		SweepInterval:      cfg.sweepInterval,
		MaxAge:             cfg.maxAge,
		MinRefreshInterval: interval,
		Logger:             logger,
	})
}
