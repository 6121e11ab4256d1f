// Package server serves the tenants of a configuration over HTTP.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/internal/buildinfo"
	"msgraph_security_exporter/internal/config"
)

// Serve serves what a configuration asks for until ctx ends. It then lets the scrapes under
// way finish and returns nil; it returns an error if it cannot start or go on. It reloads
// the configuration file at each signal. No goroutine outlives it, and several calls may
// run at once.
func Serve(ctx context.Context, cfg *config.Config, logger *slog.Logger, signals <-chan os.Signal) error {
	reloads := &reloader{loader: &cfg.Loader, metrics: collector.NewReloads(), logger: logger}
	registry, err := newRegistry(append(processCollectors(), reloads.metrics)...)
	if err != nil {
		return err
	}
	fleet := newFleet(cfg, logger, registry)
	defer fleet.close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := fleet.replace(ctx, cfg.Plan); err != nil {
		return err
	}
	reloads.fleet = fleet
	handler, err := newMux(ctx, cfg, fleet, reloads)
	if err != nil {
		return err
	}
	listeners, err := listen(cfg.Web, handler, logger)
	if err != nil {
		return err
	}
	logStart(cfg, listeners.addresses, logger)
	fleet.logAdded(ctx)
	fleet.start()
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer cancel()
	tasks.Go(func() { reloads.reloadOnSignal(ctx, signals) })
	return listeners.serve(ctx)
}

// logStart logs that the exporter has started.
func logStart(cfg *config.Config, addresses []string, logger *slog.Logger) {
	logger = logger.With("version", buildinfo.Version(), "addresses", strings.Join(addresses, ","))
	if cfg.Demo {
		logger.Warn("Started as a DEMO: the tenant is simulated, with invented incidents")
		_, _ = fmt.Fprintf(cfg.Stdout, "Open %s\n", here(cfg, addresses[0]))
		return
	}
	logger.Info("Started", "tenants", len(cfg.Plan.Tenants))
}

// here returns where a browser on this host finds the exporter that listens on an address.
func here(cfg *config.Config, address string) string {
	scheme, err := schemeOf(*cfg.Web.WebConfigFile)
	host, port, notTCP := net.SplitHostPort(address)
	if err != nil || notTCP != nil {
		return address
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/"
}
