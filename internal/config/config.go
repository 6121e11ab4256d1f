// Package config turns flags, environment and configuration file into one checked Config.
// No other package reads an environment variable.
package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/exporter-toolkit/web"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/configfile"
	"msgraph_security_exporter/internal/credential"
	"msgraph_security_exporter/internal/show"
)

// A Config is what the flags, the environment and the configuration file ask for. It has
// been checked.
type Config struct {
	Loader                      // which reads the file again at each reload
	Plan                        *Plan
	ConfigCheck, Check, Demo    bool
	CheckContract               bool // goes with Check
	Healthcheck                 bool // nothing else but Web is set
	CheckFormat                 string
	Lifecycle, Pprof, Exemplars bool
	StatusPage                  bool
	Stdout                      io.Writer // for what a person has to read besides the log
	Web                         *web.FlagConfig
	Hidden                      []graphclient.Secret // of the environment, besides credentials: a proxy's password
	logLevel                    *promslog.Level
	logFormat                   *promslog.Format
}

// Logger returns a logger of the level and the format that the flags ask for.
func (c *Config) Logger(w io.Writer) *slog.Logger {
	return promslog.New(&promslog.Config{Level: c.logLevel, Format: c.logFormat, Writer: w})
}

// Parse reads the flags, the environment and the configuration file. It returns nil and no
// error if the flags ask for --help or --version, which it writes to stdout.
func Parse(args []string, getenv func(string) string, stdout io.Writer) (*Config, error) {
	app, flags := application()
	terminated := false
	app.UsageWriter(stdout)
	app.ErrorWriter(io.Discard) // errors are returned
	app.Terminate(func(int) { terminated = true })
	_, err := app.Parse(args)
	if terminated {
		return nil, nil
	}
	if err != nil {
		return nil, withHint(err, app)
	}
	if flags.healthcheck { // the tenants are those of the exporter that is asked
		return &Config{Healthcheck: true, Web: flags.web}, nil
	}
	cfg, err := check(flags, getenv)
	if err == nil {
		cfg.Stdout = stdout
	}
	return cfg, err
}

// check returns the configuration, or every mistake in it, each on a line that names the flag,
// the variable or the field.
func check(flags *flagValues, getenv func(string) string) (*Config, error) {
	v := &validator{flags: flags, environment: getenv}
	cfg := &Config{
		Loader:        Loader{path: flags.configFile, tenantFlags: flags.tenantFlags, environment: getenv},
		ConfigCheck:   flags.configCheck,
		Check:         flags.check || flags.checkContract,
		CheckFormat:   flags.checkFormat,
		CheckContract: flags.checkContract,
		Demo:          flags.demo,
		Lifecycle:     flags.lifecycle,
		Pprof:         flags.pprof,
		StatusPage:    flags.statusPage,
		Exemplars:     flags.exemplars,
		Web:           flags.web,
		logLevel:      promslog.NewLevel(),
		logFormat:     promslog.NewFormat(),
	}
	v.checkPlan(cfg)
	if cfg.ConfigCheck && cfg.Plan != nil {
		v.checkFiles(cfg)
	}
	v.checkOutput(cfg)
	v.checkProxies(cfg)
	if len(v.mistakes) > 0 {
		return nil, errors.Join(v.mistakes...)
	}
	return cfg, nil
}

// checkPlan reads the configuration file. If it holds no tenants, checkPlan checks the tenant
// of the flags. A file with mistakes may hold tenants or not: the flags are checked only if
// some of them describe a tenant.
func (v *validator) checkPlan(cfg *Config) {
	f, err := cfg.read()
	if err == nil && len(f.Tenants) == 0 || err != nil && len(cfg.tenantFlags) > 0 {
		v.checkTenant()
		cfg.flagTenant = v.flagTenant
	}
	if err == nil {
		cfg.Plan, err = cfg.combine(f)
	}
	if err != nil {
		v.mistakes = append(v.mistakes, err) // each line names its place
	}
}

// checkFiles reads the secrets, certificates and tokens of the tenants of a file. Only
// --config.check does that: a tenant whose secret is missing must not stop the others.
func (v *validator) checkFiles(cfg *Config) {
	for _, t := range cfg.Plan.Tenants {
		if t.Name == "" {
			continue // the tenant of the flags, which checkSignIn has checked
		}
		if err := credential.NewSource(t.SignIn, t.SecretExpires, nil).CheckFiles(); err != nil {
			v.mistakes = append(v.mistakes, fmt.Errorf("%s: tenants.%s.auth: %w", show.Path(cfg.path), t.Name, err))
		}
	}
}

// checkProxies checks the proxies of the environment. The demo sends nothing through any.
func (v *validator) checkProxies(cfg *Config) {
	if cfg.Demo {
		return
	}
	hidden, err := graphclient.CheckProxies(v.environment)
	if err != nil {
		v.mistakes = append(v.mistakes, err) // each line names its variable
	}
	cfg.Hidden = hidden
}

// checkOutput checks the flags of the log, of the report and of the web server.
func (v *validator) checkOutput(cfg *Config) {
	if err := cfg.logLevel.Set(v.flags.logLevel); err != nil {
		v.wrongValue("--log.level", v.flags.logLevel, "want one of %s", strings.Join(promslog.LevelFlagOptions, ", "))
	}
	if err := cfg.logFormat.Set(v.flags.logFormat); err != nil {
		v.wrongValue("--log.format", v.flags.logFormat, "want one of %s", strings.Join(promslog.FormatFlagOptions, ", "))
	}
	if !slices.Contains(CheckFormats(), v.flags.checkFormat) {
		v.wrongValue("--check.format", v.flags.checkFormat, "want one of %s", strings.Join(CheckFormats(), ", "))
	}
	if err := web.Validate(*cfg.Web.WebConfigFile); err != nil {
		v.wrongFile("--web.config.file", *cfg.Web.WebConfigFile, configfile.Cause(err))
	}
}
