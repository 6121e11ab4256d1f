package config

import (
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/buildinfo"
)

// defaultAddress is where metrics are served unless a flag says otherwise.
const defaultAddress = ":10365"

// The formats of the report of --check.
const (
	CheckText = "text"
	CheckJSON = "json"
)

// CheckFormats returns the formats of the report of --check.
func CheckFormats() []string { return []string{CheckText, CheckJSON} }

// flagValues are the values of the flags, unchecked. They are text, so that all mistakes can
// be reported at once: the parser would stop at the first.
type flagValues struct {
	tenantID, clientID                        string
	secretFile, certificateFile, authMethod   string
	cloud, endpoint, authority                string
	requestsPerMinute                         string
	sweepInterval, maxAge, minRefreshInterval string
	incidentInfo, tags                        string
	logLevel, logFormat, configFile           string
	configCheck, check, demo, healthcheck     bool
	checkFormat                               string
	checkContract                             bool
	lifecycle, pprof, exemplars, statusPage   bool
	web                                       *web.FlagConfig
	tenantFlags                               []string // names of the given flags that describe the tenant of the flags
}

// application declares the flags.
func application() (*kingpin.Application, *flagValues) {
	app := kingpin.New(buildinfo.Program, "Prometheus exporter for Microsoft Graph security incidents (Microsoft Defender XDR).")
	app.HelpFlag.Short('h')
	app.Version(buildinfo.Text())
	o := &flagValues{}
	o.graphFlags(app)
	o.collectorFlags(app)
	app.Flag("config.file", "YAML file of tenants, or of objectives for the one tenant of the flags. Read again on SIGHUP.").
		StringVar(&o.configFile)
	app.Flag("config.check", "Check the flags, the configuration file and the files that it names, print the tenants, and exit. Sends no request.").BoolVar(&o.configCheck)
	app.Flag("check", "Sign in to each tenant, read its open incidents, report what is missing, and exit with 0, or with 1 if a check has failed.").
		BoolVar(&o.check)
	app.Flag("check.format", "Format of the report of --check. One of: ["+strings.Join(CheckFormats(), ", ")+"].").
		Default(CheckText).HintOptions(CheckFormats()...).StringVar(&o.checkFormat)
	app.Flag("check.contract", "Check as --check does, with its report on standard error, then ask Graph what can only be assumed of it. "+
		"Reads only, and prints shapes for an issue of this project: no id, name or title.").BoolVar(&o.checkContract)
	app.Flag("healthcheck", "Ask the exporter that runs on this host with the same --web flags whether it is healthy, and exit with 0 if it is, else 1.").
		BoolVar(&o.healthcheck)
	o.tenantFlag(app)("demo", "Serve a simulated tenant with invented incidents. Needs no account.").BoolVar(&o.demo)
	o.web = kingpinflag.AddFlags(app, defaultAddress)
	app.Flag("web.status-page", "Show at / how the tenants stand, for people. --no-web.status-page: links alone.").Default("true").BoolVar(&o.statusPage)
	app.Flag("web.enable-lifecycle", "Read the configuration file again on POST /-/reload, as on SIGHUP.").BoolVar(&o.lifecycle)
	app.Flag("web.enable-pprof", "Serve profiles of this process at /debug/pprof/.").BoolVar(&o.pprof)
	app.Flag(flag.LevelFlagName, flag.LevelFlagHelp).
		Default("info").HintOptions(promslog.LevelFlagOptions...).StringVar(&o.logLevel)
	app.Flag(flag.FormatFlagName, flag.FormatFlagHelp).
		Default("logfmt").HintOptions(promslog.FormatFlagOptions...).StringVar(&o.logFormat)
	return app, o
}

// tenantFlag returns a function that declares a flag of the tenant of the flags. Such a flag
// is noted when it is given: beside a file of tenants it is a mistake.
func (o *flagValues) tenantFlag(app *kingpin.Application) func(name, help string) *kingpin.FlagClause {
	return func(name, help string) *kingpin.FlagClause {
		return app.Flag(name, help).Action(func(*kingpin.ParseContext) error {
			o.tenantFlags = append(o.tenantFlags, "--"+name)
			return nil
		})
	}
}

func (o *flagValues) graphFlags(app *kingpin.Application) {
	flag := o.tenantFlag(app)
	flag("graph.tenant-id", "Directory (tenant) id, or a domain of the tenant. Environment: AZURE_TENANT_ID.").
		StringVar(&o.tenantID)
	flag("graph.client-id", "Application (client) id. Environment: AZURE_CLIENT_ID.").
		StringVar(&o.clientID)
	flag("graph.client-secret-file", "File with the client secret, read again at each sign-in. Environment: AZURE_CLIENT_SECRET_FILE. "+
		"The secret itself is taken from AZURE_CLIENT_SECRET only, never from a flag.").
		StringVar(&o.secretFile)
	flag("graph.client-certificate-file", "File with the client certificate and its key, read again at each sign-in. "+
		"Environment: AZURE_CLIENT_CERTIFICATE_PATH, and AZURE_CLIENT_CERTIFICATE_PASSWORD if it has a password.").
		StringVar(&o.certificateFile)
	flag("graph.auth-method", "How to sign in. One of: ["+strings.Join(methods(), ", ")+"]. auto: the method that the other flags and the environment belong to.").
		Default("auto").HintOptions(methods()...).StringVar(&o.authMethod)
	flag("graph.cloud", "Cloud of the tenant. One of: ["+strings.Join(clouds(), ", ")+"]. GCC is public, GCC High is usgov.").
		Default("public").HintOptions(clouds()...).StringVar(&o.cloud)
	flag("graph.endpoint", "Root of Microsoft Graph in place of the cloud's: https, or http to a loopback address.").
		StringVar(&o.endpoint)
	flag("graph.authority", "Root of the sign-in service in place of the cloud's: https, or http to a loopback address. Environment: AZURE_AUTHORITY_HOST, where the cloud is public.").
		StringVar(&o.authority)
	flag("graph.requests-per-minute", "Ceiling of the limiter, which adapts to what Graph tolerates.").
		Default("120").StringVar(&o.requestsPerMinute)
}

func (o *flagValues) collectorFlags(app *kingpin.Application) {
	flag := o.tenantFlag(app)
	flag("collector.sweep-interval", "Time in which every open incident is read again, for changes that Graph does not date.").
		Default("10m").StringVar(&o.sweepInterval)
	flag("collector.max-age", "Age of the last complete snapshot at which incident series are withdrawn.").
		Default("5m").StringVar(&o.maxAge)
	flag("collector.min-refresh-interval", "Pulls closer together than this share one refresh. 0s: every pull refreshes.").
		Default("1s").StringVar(&o.minRefreshInterval)
	flag("collector.incident-info", "Show so many open incidents one by one, the most pressing ones, with their ids and links.").
		Default("0").StringVar(&o.incidentInfo)
	flag("collector.tags", "Count open incidents by these tags, with commas between.").StringVar(&o.tags)
	app.Flag("collector.exemplars", "Name an incident beside the buckets of durations, in OpenMetrics answers.").
		BoolVar(&o.exemplars)
}

// clouds returns the names of the known clouds.
func clouds() []string {
	var names []string
	for _, c := range graphclient.Clouds() {
		names = append(names, c.Name)
	}
	return names
}
