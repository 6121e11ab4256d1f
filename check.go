package main

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/exporter-toolkit/web"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/graphclient"
)

// A config is what the flags and the environment ask for, checked.
type config struct {
	tenantID, clientID         string
	secret                     func() (graphclient.Secret, error)
	authMethod                 string // secret-file or secret-environment
	cloud, endpoint, authority string
	requestsPerMinute          int
	sweepInterval, maxAge      time.Duration
	minRefreshInterval         time.Duration
	demo, pprof, exemplars     bool
	shown                      collector.Options
	web                        *web.FlagConfig
	logLevel                   *promslog.Level
	logFormat                  *promslog.Format
}

// A checker makes a config of options and remembers every mistake.
type checker struct {
	config
	given    *options
	getenv   func(string) string
	mistakes []error
}

// check returns the config that the options and the environment make, or else
// every mistake in them, each on a line that names the flag or the variable.
func check(given *options, getenv func(string) string) (*config, error) {
	c := &checker{
		config: config{demo: given.demo, pprof: given.pprof, exemplars: given.exemplars, web: given.web, logLevel: promslog.NewLevel(), logFormat: promslog.NewFormat()},
		given:  given,
		getenv: getenv,
	}
	if given.demo {
		c.checkDemo()
	} else {
		c.checkIdentity()
		c.checkSecret()
		c.checkCloud()
	}
	c.requestsPerMinute = c.number("--graph.requests-per-minute", given.requestsPerMinute, 1, 100_000)
	c.checkTimes()
	c.checkFile()
	c.checkShown()
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
	return variable, c.getenv(variable)
}

var (
	guid   = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	domain = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?(\.[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?)+$`)
)

func (c *checker) checkIdentity() {
	name, tenant := c.from("--graph.tenant-id", c.given.tenantID, "AZURE_TENANT_ID")
	switch {
	case tenant == "":
		c.refuse("--graph.tenant-id or AZURE_TENANT_ID", "missing; --demo needs no account")
	case !guid.MatchString(tenant) && !domain.MatchString(tenant):
		c.wrong(name, tenant, "want the directory (tenant) id, a GUID, or a domain of the tenant such as contoso.onmicrosoft.com")
	}
	c.tenantID = tenant
	name, client := c.from("--graph.client-id", c.given.clientID, "AZURE_CLIENT_ID")
	switch {
	case client == "":
		c.refuse("--graph.client-id or AZURE_CLIENT_ID", "missing")
	case !guid.MatchString(client):
		c.wrong(name, client, "want the application (client) id, the GUID on the overview page of the app registration")
	}
	c.clientID = client
}

// checkSecret finds the secret and reads it once, so that a file that cannot be
// read is known before anything is served.
func (c *checker) checkSecret() {
	name, path := c.from("--graph.client-secret-file", c.given.secretFile, "AZURE_CLIENT_SECRET_FILE")
	value := graphclient.Secret(strings.TrimRight(c.getenv("AZURE_CLIENT_SECRET"), "\r\n"))
	switch {
	case path == "" && value == "":
		c.refuse("--graph.client-secret-file, AZURE_CLIENT_SECRET_FILE or AZURE_CLIENT_SECRET", "missing")
	case path != "" && value != "":
		c.wrong(name, path, "AZURE_CLIENT_SECRET is set as well, keep one of the two")
	case value != "":
		c.authMethod, c.secret = "secret-environment", func() (graphclient.Secret, error) { return value, nil }
	default:
		c.authMethod, c.secret = "secret-file", secretIn(path)
		if _, err := readSecret(path); err != nil {
			c.wrong(name, path, "%v", err)
		}
	}
}

// checkCloud finds where Graph and the sign-in service are.
func (c *checker) checkCloud() {
	c.cloud = c.given.cloud
	cloud, err := graphclient.CloudNamed(c.cloud)
	if err != nil {
		c.refuse("--graph.cloud", "%v", err)
	}
	c.endpoint = c.root("--graph.endpoint", c.given.endpoint, cloud.Endpoint)
	c.authority = c.root("--graph.authority", c.given.authority, cloud.Authority)
}

func (c *checker) root(name, given, otherwise string) string {
	if given != "" {
		if _, err := graphclient.ParseEndpoint(given); err != nil {
			c.refuse(name, "%v", err) // which shows no password
		}
	}
	return cmp.Or(given, otherwise)
}

// checkDemo refuses what would seem to choose a tenant and does not. Variables are
// not looked at: they may be there for something else.
func (c *checker) checkDemo() {
	for _, f := range []struct{ name, value string }{
		{"--graph.tenant-id", c.given.tenantID},
		{"--graph.client-id", c.given.clientID},
		{"--graph.client-secret-file", c.given.secretFile},
		{"--graph.cloud", strings.TrimPrefix(c.given.cloud, "public")},
		{"--graph.endpoint", c.given.endpoint},
		{"--graph.authority", c.given.authority},
	} {
		if f.value != "" {
			c.refuse(f.name, "not with --demo, which serves a simulated tenant")
		}
	}
}

func (c *checker) checkTimes() {
	c.sweepInterval = c.duration("--collector.sweep-interval", c.given.sweepInterval, 10*time.Second)
	c.maxAge = c.duration("--collector.max-age", c.given.maxAge, 10*time.Second)
	c.minRefreshInterval = c.duration("--collector.min-refresh-interval", c.given.minRefreshInterval, 0)
	if c.maxAge > 0 && c.minRefreshInterval >= c.maxAge {
		c.wrong("--collector.min-refresh-interval", c.given.minRefreshInterval, "want less than --collector.max-age")
	}
}

// The bounds of what is shown on demand, so that no page grows beyond what a
// Prometheus takes easily.
const maxInfo, maxTags, maxTag = 100, 20, 100

// checkShown checks what is shown on demand only.
func (c *checker) checkShown() {
	c.shown.IncidentInfo = c.number("--collector.incident-info", c.given.incidentInfo, 0, maxInfo)
	if c.given.tags == "" {
		return
	}
	c.shown.Tags = strings.Split(c.given.tags, ",")
	seen := map[string]bool{}
	for i, tag := range c.shown.Tags {
		tag = strings.TrimSpace(tag)
		c.shown.Tags[i] = tag
		lower := strings.ToLower(tag)
		if tag == "" || len(tag) > maxTag || !utf8.ValidString(tag) || seen[lower] {
			c.wrong("--collector.tags", c.given.tags, "want different tags of 1 to %d characters, with commas between", maxTag)
			return
		}
		seen[lower] = true
	}
	if len(c.shown.Tags) > maxTags {
		c.wrong("--collector.tags", c.given.tags, "want at most %d tags", maxTags)
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
