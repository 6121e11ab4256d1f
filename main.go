// Command msgraph_security_exporter serves the open security incidents of a
// Microsoft Graph tenant as Prometheus metrics.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/common/version"

	"msgraph_security_exporter/collector"
)

const program = "msgraph_security_exporter"

// release returns the version that the build was given.
func release() string { return cmp.Or(version.Version, "devel") }

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(frugal(os.Args[1:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	err := run(withHangups(ctx, hangups), os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		complain(os.Stderr, err)
		os.Exit(1)
	}
}

// frugal returns how much garbage there may be, in percent of what is alive. Most of
// that is the copy of the incidents, which hardly changes: collecting garbage sooner
// costs little, and is what keeps it small. Where a file may name many tenants, they
// all begin at a time, and the processor is what is short then.
func frugal(args []string) int {
	if slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--config.file") }) {
		return 50
	}
	return 25
}

// complain writes one line for each thing that is wrong.
func complain(w io.Writer, err error) {
	for line := range strings.Lines(err.Error()) {
		_, _ = fmt.Fprintf(w, "%s: error: %s\n", program, strings.TrimSpace(line))
	}
}

// run is the whole program. It serves until ctx ends, lets the scrapes under way
// finish and returns nil; it returns an error if it cannot begin or go on. Nothing
// that it started outlives it, and several may run at once.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	cfg, err := parse(args, getenv, stdout)
	if err != nil || cfg == nil {
		return err
	}
	if cfg.healthcheck {
		return healthcheck(ctx, cfg.web)
	}
	logger := promslog.New(&promslog.Config{Level: cfg.logLevel, Format: cfg.logFormat, Writer: stderr})
	if cfg.configCheck {
		return cfg.plan.describe(stdout)
	}
	if cfg.check {
		return examine(ctx, cfg, logger, stdout)
	}
	return serve(ctx, cfg, logger)
}

// serve serves what the config asks for until ctx ends.
func serve(ctx context.Context, cfg *config, logger *slog.Logger) error {
	reloads := &reloader{source: &cfg.source, state: collector.NewReloads(), logger: logger}
	own, err := register(append(process(), reloads.state)...)
	if err != nil {
		return err
	}
	fleet := newFleet(cfg, logger, own)
	defer fleet.close()
	if err := fleet.replace(ctx, cfg.plan); err != nil {
		return err
	}
	reloads.fleet = fleet
	handler, err := newHandler(cfg, fleet, reloads)
	if err != nil {
		return err
	}
	site, err := open(cfg.web, handler, logger)
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
	tasks.Go(func() { reloads.heed(ctx, hangupsOf(ctx)) })
	return site.serve(ctx)
}

// announce logs what the exporter is about to do.
func announce(cfg *config, addresses []string, logger *slog.Logger) {
	logger = logger.With("version", release(), "addresses", strings.Join(addresses, ","))
	if cfg.demo {
		logger.Warn("Started as a DEMO: a simulated tenant with invented incidents, nothing here is real")
		return
	}
	logger.Info("Started", "tenants", len(cfg.plan.accounts))
}
