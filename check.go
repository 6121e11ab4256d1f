package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/exporter-toolkit/web"
)

// A config is what the flags, the environment and the configuration file ask for,
// checked.
type config struct {
	source                      // which is read again at each reload
	plan                        *plan
	configCheck, check, demo    bool
	healthcheck                 bool // and nothing but web is set
	checkFormat                 string
	lifecycle, pprof, exemplars bool
	web                         *web.FlagConfig
	logLevel                    *promslog.Level
	logFormat                   *promslog.Format
}

// A checker makes a config of options and remembers every mistake.
type checker struct {
	config
	given    *options
	mistakes []error
}

// check returns the config that the options and the environment make, or else
// every mistake in them, each on a line that names the flag or the variable.
func check(given *options, getenv func(string) string) (*config, error) {
	c := &checker{
		config: config{
			source:      source{path: given.configFile, ofTenant: given.ofTenant, environment: getenv},
			configCheck: given.configCheck,
			check:       given.check,
			checkFormat: given.checkFormat,
			demo:        given.demo,
			lifecycle:   given.lifecycle,
			pprof:       given.pprof,
			exemplars:   given.exemplars,
			web:         given.web,
			logLevel:    promslog.NewLevel(),
			logFormat:   promslog.NewFormat(),
		},
		given: given,
	}
	c.checkPlan()
	c.checkOutput()
	if len(c.mistakes) > 0 {
		return nil, errors.Join(c.mistakes...)
	}
	return &c.config, nil
}

// wrong notes what is wrong with the value of a flag or a variable.
func (c *checker) wrong(name, value, format string, args ...any) {
	c.mistakes = append(c.mistakes, fmt.Errorf("%s=%q: %s", name, value, oneLine(fmt.Sprintf(format, args...))))
}

// refuse notes what is wrong where the value is missing, or not to be shown.
func (c *checker) refuse(name, format string, args ...any) {
	c.mistakes = append(c.mistakes, fmt.Errorf("%s: %s", name, oneLine(fmt.Sprintf(format, args...))))
}

// from returns the value of a flag, or else of a variable, with the name of the
// one that it came from. Empty is not given.
func (c *checker) from(flag, value, variable string) (name, given string) {
	if value != "" {
		return flag, value
	}
	return variable, c.environment(variable)
}

// checkPlan reads the configuration file, and looks for a tenant in the flags unless
// there are some in the file, or may be: of a file with mistakes nobody knows.
func (c *checker) checkPlan() {
	f, err := c.read()
	if err == nil && len(f.Tenants) == 0 || err != nil && len(c.ofTenant) > 0 {
		c.checkTenant()
	}
	if err == nil {
		c.plan, err = c.source.plan(f)
	}
	if err != nil {
		c.mistakes = append(c.mistakes, err) // each line of which says where
	}
}

// checkOutput checks the flags of the log and of the page.
func (c *checker) checkOutput() {
	if err := c.logLevel.Set(c.given.logLevel); err != nil {
		c.wrong("--log.level", c.given.logLevel, "want one of %s", strings.Join(promslog.LevelFlagOptions, ", "))
	}
	if err := c.logFormat.Set(c.given.logFormat); err != nil {
		c.wrong("--log.format", c.given.logFormat, "want one of %s", strings.Join(promslog.FormatFlagOptions, ", "))
	}
	if !slices.Contains(checkFormats(), c.given.checkFormat) {
		c.wrong("--check.format", c.given.checkFormat, "want one of %s", strings.Join(checkFormats(), ", "))
	}
	if err := web.Validate(*c.web.WebConfigFile); err != nil {
		c.wrong("--web.config.file", *c.web.WebConfigFile, "%v", cause(err))
	}
}

// number parses a whole number within bounds.
func (c *checker) number(name, value string, least, most int) int {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		c.wrong(name, value, "want a whole number from %d to %d", least, most)
	}
	return n
}

// longest is more than any of the times here can sensibly be.
const longest, longestText = 24 * time.Hour, "24h"

// duration parses a time within bounds.
func (c *checker) duration(name, value string, least time.Duration) time.Duration {
	d, err := time.ParseDuration(value)
	if err != nil || d < least || d > longest {
		c.wrong(name, value, "want a time from %s to %s, such as 90s or 10m", least, longestText)
		return 0
	}
	return d
}

// oneLine joins the lines of a message that comes from elsewhere.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
