// Package config turns flags, environment and configuration file into one checked Config.
// Nothing else of the program reads an environment variable.
package config

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/exporter-toolkit/web"

	"msgraph_security_exporter/internal/configfile"
)

// A Config is what the flags, the environment and the configuration file ask for,
// checked.
type Config struct {
	Loader                      // which reads the file again at each reload
	Plan                        *Plan
	ConfigCheck, Check, Demo    bool
	CheckFormat                 string
	Lifecycle, Pprof, Exemplars bool
	Web                         *web.FlagConfig
	logLevel                    *promslog.Level
	logFormat                   *promslog.Format
}

// Logger returns a logger as the flags ask for it.
func (c *Config) Logger(w io.Writer) *slog.Logger {
	return promslog.New(&promslog.Config{Level: c.logLevel, Format: c.logFormat, Writer: w})
}

// Parse reads the flags and the environment. It returns no config and no error if
// --help or --version was all that was asked for.
func Parse(args []string, getenv func(string) string, stdout io.Writer) (*Config, error) {
	app, given := application()
	answered := false
	app.UsageWriter(stdout)
	app.ErrorWriter(io.Discard) // errors are returned
	app.Terminate(func(int) { answered = true })
	_, err := app.Parse(args)
	if answered {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return check(given, getenv)
}

// check returns the config that the options and the environment make, or else
// every mistake in them, each on a line that names the flag or the variable.
func check(given *options, getenv func(string) string) (*Config, error) {
	c := &checker{given: given, environment: getenv}
	cfg := &Config{
		Loader:      Loader{path: given.configFile, ofTenant: given.ofTenant, environment: getenv},
		ConfigCheck: given.configCheck,
		Check:       given.check,
		CheckFormat: given.checkFormat,
		Demo:        given.demo,
		Lifecycle:   given.lifecycle,
		Pprof:       given.pprof,
		Exemplars:   given.exemplars,
		Web:         given.web,
		logLevel:    promslog.NewLevel(),
		logFormat:   promslog.NewFormat(),
	}
	c.checkPlan(cfg)
	c.checkOutput(cfg)
	if len(c.mistakes) > 0 {
		return nil, errors.Join(c.mistakes...)
	}
	return cfg, nil
}

// checkPlan reads the configuration file, and looks for a tenant in the flags unless
// there are some in the file, or may be: of a file with mistakes nobody knows.
func (c *checker) checkPlan(cfg *Config) {
	f, err := cfg.read()
	if err == nil && len(f.Tenants) == 0 || err != nil && len(cfg.ofTenant) > 0 {
		c.checkTenant()
		cfg.own = c.own
	}
	if err == nil {
		cfg.Plan, err = cfg.plan(f)
	}
	if err != nil {
		c.mistakes = append(c.mistakes, err) // each line of which says where
	}
}

// checkOutput checks the flags of the log and of the page.
func (c *checker) checkOutput(cfg *Config) {
	if err := cfg.logLevel.Set(c.given.logLevel); err != nil {
		c.wrong("--log.level", c.given.logLevel, "want one of %s", strings.Join(promslog.LevelFlagOptions, ", "))
	}
	if err := cfg.logFormat.Set(c.given.logFormat); err != nil {
		c.wrong("--log.format", c.given.logFormat, "want one of %s", strings.Join(promslog.FormatFlagOptions, ", "))
	}
	if !slices.Contains(CheckFormats(), c.given.checkFormat) {
		c.wrong("--check.format", c.given.checkFormat, "want one of %s", strings.Join(CheckFormats(), ", "))
	}
	if err := web.Validate(*cfg.Web.WebConfigFile); err != nil {
		c.wrong("--web.config.file", *cfg.Web.WebConfigFile, "%v", configfile.Cause(err))
	}
}
