// Package server serves the tenants of a configuration over HTTP.
package server

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/internal/buildinfo"
	"msgraph_security_exporter/internal/config"
)

// Serve serves what the config asks for until ctx ends, lets the scrapes under way
// finish and returns nil; it returns an error if it cannot begin or go on. It reloads
// the configuration at each hangup. Nothing that it started outlives it, and several
// may run at once.
func Serve(ctx context.Context, cfg *config.Config, logger *slog.Logger, hangups <-chan os.Signal) error {
	reloads := &reloader{source: &cfg.Loader, state: collector.NewReloads(), logger: logger}
	own, err := register(append(process(), reloads.state)...)
	if err != nil {
		return err
	}
	fleet := newFleet(cfg, logger, own)
	defer fleet.close()
	if err := fleet.replace(ctx, cfg.Plan); err != nil {
		return err
	}
	reloads.fleet = fleet
	handler, err := newHandler(cfg, fleet, reloads)
	if err != nil {
		return err
	}
	site, err := open(cfg.Web, handler, logger)
	if err != nil {
		return err
	}
	announce(cfg, site.addresses, logger)
	fleet.introduce(ctx)
	fleet.begin()
	var tasks sync.WaitGroup
	defer tasks.Wait()
	ctx, end := context.WithCancel(ctx)
	defer end()
	tasks.Go(func() { reloads.heed(ctx, hangups) })
	return site.serve(ctx)
}

// announce logs what the exporter is about to do.
func announce(cfg *config.Config, addresses []string, logger *slog.Logger) {
	logger = logger.With("version", buildinfo.Version(), "addresses", strings.Join(addresses, ","))
	if cfg.Demo {
		logger.Warn("Started as a DEMO: a simulated tenant with invented incidents, nothing here is real")
		return
	}
	logger.Info("Started", "tenants", len(cfg.Plan.Tenants))
}
