package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"msgraph_security_exporter/graphclient"
)

// errDone says that --help or --version was all that was asked for.
var errDone = errors.New("done")

// A config is what the flags and the environment say, checked.
type config struct {
	tenantID, clientID                        string
	secret                                    graphclient.Secret // from the environment; empty if it comes from the file
	secretFile                                string
	cloud, endpoint, authority                string
	requestsPerMinute                         int
	sweepInterval, maxAge, minRefreshInterval time.Duration
	demo, pprof                               bool
	web                                       *web.FlagConfig
	log                                       *promslog.Config
}

// parse reads the flags and the environment. All mistakes are reported at once.
func parse(args []string, getenv func(string) string, stdout io.Writer) (*config, error) {
	app, cfg := application(getenv)
	done := false
	app.UsageWriter(stdout)
	app.Terminate(func(int) { done = true })
	_, err := app.Parse(args)
	if done {
		return nil, errDone
	}
	if err != nil {
		return nil, err
	}
	return cfg, errors.Join(cfg.check()...)
}

// application declares the flags.
func application(getenv func(string) string) (*kingpin.Application, *config) {
	app := kingpin.New(program, "Prometheus exporter for Microsoft Graph security incidents (Microsoft Defender XDR).")
	cfg := &config{log: &promslog.Config{}, secret: graphclient.Secret(getenv("AZURE_CLIENT_SECRET"))}
	app.Flag("graph.tenant-id", "Directory (tenant) id, or a domain of it. Environment: AZURE_TENANT_ID.").
		Default(getenv("AZURE_TENANT_ID")).StringVar(&cfg.tenantID)
	app.Flag("graph.client-id", "Application (client) id. Environment: AZURE_CLIENT_ID.").
		Default(getenv("AZURE_CLIENT_ID")).StringVar(&cfg.clientID)
	app.Flag("graph.client-secret-file", "File with the client secret, read at each sign-in. Environment: AZURE_CLIENT_SECRET_FILE; the secret itself only as AZURE_CLIENT_SECRET.").
		Default(getenv("AZURE_CLIENT_SECRET_FILE")).StringVar(&cfg.secretFile)
	app.Flag("graph.cloud", "Cloud of the tenant: public (also GCC), usgov (GCC High) or usgov-dod.").
		Default("public").StringVar(&cfg.cloud)
	app.Flag("graph.endpoint", "Root of Microsoft Graph instead of the cloud's: https, or http to a loopback address.").StringVar(&cfg.endpoint)
	app.Flag("graph.authority", "Root of the sign-in service instead of the cloud's: https, or http to a loopback address.").StringVar(&cfg.authority)
	app.Flag("graph.requests-per-minute", "Ceiling of the client-side limit, which adapts to what Graph tolerates.").
		Default("120").IntVar(&cfg.requestsPerMinute)
	app.Flag("collector.sweep-interval", "Time in which every open incident is read again, for changes that Graph does not date.").
		Default("10m").DurationVar(&cfg.sweepInterval)
	app.Flag("collector.max-age", "Age of the last complete snapshot at which incident series are withdrawn.").
		Default("5m").DurationVar(&cfg.maxAge)
	app.Flag("collector.min-refresh-interval", "Pulls closer together than that share a refresh; 0s: every pull refreshes.").
		Default("1s").DurationVar(&cfg.minRefreshInterval)
	app.Flag("demo", "Serve a simulated tenant with invented incidents; needs no account.").BoolVar(&cfg.demo)
	app.Flag("web.enable-pprof", "Serve /debug/pprof/.").BoolVar(&cfg.pprof)
	cfg.web = kingpinflag.AddFlags(app, ":10365")
	flag.AddFlags(app, cfg.log)
	app.Version(version.Print(program))
	app.HelpFlag.Short('h')
	return app, cfg
}

// check reports every mistake, each naming its flag.
func (c *config) check() []error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.requestsPerMinute < 1 {
		wrong("--graph.requests-per-minute=%d: must be at least 1", c.requestsPerMinute)
	}
	if c.sweepInterval < 10*time.Second {
		wrong("--collector.sweep-interval=%s: must be at least 10s", c.sweepInterval)
	}
	if c.maxAge < 10*time.Second {
		wrong("--collector.max-age=%s: must be at least 10s", c.maxAge)
	}
	if c.minRefreshInterval < 0 || c.minRefreshInterval >= c.maxAge {
		wrong("--collector.min-refresh-interval=%s: must be from 0s up to less than --collector.max-age", c.minRefreshInterval)
	}
	if c.web.WebConfigFile != nil {
		if err := web.Validate(*c.web.WebConfigFile); err != nil {
			wrong("--web.config.file=%s: %w", *c.web.WebConfigFile, err)
		}
	}
	if c.demo {
		return append(errs, c.checkDemo()...)
	}
	return append(append(errs, c.checkCloud()...), c.checkSignIn()...)
}

// checkDemo refuses flags that would seem to work and do nothing. The environment
// is not looked at: it may belong to something else.
func (c *config) checkDemo() []error {
	if c.endpoint != "" || c.authority != "" || c.cloud != "public" {
		return []error{errors.New("--demo: serves a simulated tenant and takes no --graph.endpoint, --graph.authority or --graph.cloud")}
	}
	return nil
}

// checkCloud fills in what the cloud knows.
func (c *config) checkCloud() []error {
	var errs []error
	cloud, err := graphclient.CloudNamed(c.cloud)
	if err != nil {
		return []error{fmt.Errorf("--graph.cloud: %w", err)}
	}
	for _, f := range []struct {
		name      string
		value     *string
		otherwise string
	}{{"graph.endpoint", &c.endpoint, cloud.Endpoint}, {"graph.authority", &c.authority, cloud.Authority}} {
		if *f.value == "" {
			*f.value = f.otherwise
		}
		if _, err := graphclient.ParseEndpoint(*f.value); err != nil {
			errs = append(errs, fmt.Errorf("--%s: %w", f.name, err))
		}
	}
	return errs
}

var (
	guid   = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	domain = regexp.MustCompile(`^[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)+$`)
)

func (c *config) checkSignIn() []error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch {
	case c.tenantID == "":
		wrong("--graph.tenant-id (AZURE_TENANT_ID): missing; try --demo without an account")
	case !guid.MatchString(c.tenantID) && !domain.MatchString(c.tenantID):
		wrong("--graph.tenant-id=%q: want the directory (tenant) id, a GUID, or a domain such as contoso.onmicrosoft.com", c.tenantID)
	}
	switch {
	case c.clientID == "":
		wrong("--graph.client-id (AZURE_CLIENT_ID): missing")
	case !guid.MatchString(c.clientID):
		wrong("--graph.client-id=%q: want the application (client) id, a GUID", c.clientID)
	}
	switch {
	case c.secret == "" && c.secretFile == "":
		wrong("--graph.client-secret-file (AZURE_CLIENT_SECRET_FILE) or AZURE_CLIENT_SECRET: missing")
	case c.secret != "" && c.secretFile != "":
		wrong("--graph.client-secret-file (AZURE_CLIENT_SECRET_FILE) and AZURE_CLIENT_SECRET: both given, want one")
	case c.secretFile != "":
		if _, err := readSecret(c.secretFile); err != nil {
			wrong("--graph.client-secret-file: %w", err)
		}
	}
	return errs
}
