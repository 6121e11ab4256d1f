// Command msgraph_security_exporter serves the open security incidents of a
// Microsoft Graph tenant as Prometheus metrics.
//
// Where to look for:
//
//	a metric                            collector
//	a flag, an environment variable     internal/config
//	a field of the configuration file   internal/configfile
//	secrets and certificates in files   internal/credential
//	what is shown of a wrong value       internal/show
//	the sign-in, requests to Graph      graphclient
//	the copy of the incidents           internal/mirror
//	reading lists that move             internal/reading
//	what is counted of incidents        internal/history
//	Graph's clock                       internal/serviceclock
//	what an incident is                 internal/defender
//	the stack of one tenant             internal/tenant
//	pages over HTTP, reload             internal/server
//	the status page                     internal/statuspage
//	--check and --config.check          internal/preflight
//	--check.contract                    internal/contract
//	--healthcheck                       internal/server
//	the simulator, --demo               graphclient/graphsim
//	alerts and recording rules          deploy/mixin
//	image, packages, chart              Dockerfile, deploy, tools
//
// CONTRIBUTING.md says the same by what is to be changed, and
// docs/architecture.md draws how they depend on each other.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"msgraph_security_exporter/internal/buildinfo"
	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/preflight"
	"msgraph_security_exporter/internal/server"
)

func main() {
	if percent, ok := config.GCPercent(os.Args[1:], os.Getenv); ok {
		debug.SetGCPercent(percent)
	}
	log.SetOutput(io.Discard) // net/http quotes there what servers send unasked
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	reloads := make(chan os.Signal, 1)
	signal.Notify(reloads, syscall.SIGHUP)
	err := run(ctx, reloads)
	stop()
	if err != nil {
		printError(os.Stderr, err)
		os.Exit(1)
	}
}

// run does what the flags ask for: it asks a running exporter whether it is healthy, describes
// the configuration, checks the tenants, or serves them. It serves until ctx ends, and then returns nil.
func run(ctx context.Context, reloads <-chan os.Signal) error {
	cfg, err := config.Parse(os.Args[1:], os.Getenv, os.Stdout)
	if err != nil || cfg == nil {
		return err
	}
	if cfg.Healthcheck {
		return server.Healthcheck(ctx, cfg.Web)
	}
	logger := cfg.Logger(os.Stderr)
	switch {
	case cfg.ConfigCheck:
		return preflight.Describe(os.Stdout, cfg.Plan)
	case cfg.Check:
		return preflight.Check(ctx, cfg, logger, os.Stdout, os.Stderr)
	}
	signal.Ignore(syscall.SIGPIPE) // or serving would end when whoever reads the log goes away
	return server.Serve(ctx, cfg, logger, reloads)
}

// printError writes a line for each line of an error.
func printError(w io.Writer, err error) {
	for line := range strings.Lines(err.Error()) {
		_, _ = fmt.Fprintf(w, "%s: error: %s\n", buildinfo.Program, strings.TrimSpace(line))
	}
}
