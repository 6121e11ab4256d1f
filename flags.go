package main

import (
	"io"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"msgraph_security_exporter/graphclient"
	file "msgraph_security_exporter/internal/config"
)

// defaultAddress is where metrics are served unless a flag says otherwise.
const defaultAddress = ":10365"

// options are the flags as they were given. They are text, so that one check can
// report everything that is wrong with them at once; the parser would stop at the
// first mistake.
type options struct {
	tenantID, clientID                        string
	secretFile, certificateFile, authMethod   string
	cloud, endpoint, authority                string
	requestsPerMinute                         string
	sweepInterval, maxAge, minRefreshInterval string
	incidentInfo, tags                        string
	logLevel, logFormat, configFile           string
	configCheck, check, demo, healthcheck     bool
	checkFormat                               string
	lifecycle, pprof, exemplars               bool
	web                                       *web.FlagConfig
	ofTenant                                  []string // flags given that are about the one tenant of the flags
}

// parse reads the flags and the environment. It returns no config and no error if
// --help or --version was all that was asked for.
func parse(args []string, getenv func(string) string, stdout io.Writer) (*config, error) {
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
	if given.healthcheck { // of an exporter whose tenant is its own affair
		return &config{healthcheck: true, web: given.web}, nil
	}
	return check(given, getenv)
}

// application declares the flags.
func application() (*kingpin.Application, *options) {
	app := kingpin.New(program, "Prometheus exporter for Microsoft Graph security incidents (Microsoft Defender XDR).")
	app.HelpFlag.Short('h')
	app.Version(version.Print(program))
	o := &options{}
	o.graphFlags(app)
	o.collectorFlags(app)
	app.Flag("config.file", "YAML file of tenants, or of objectives for the one tenant of the flags. Read again on SIGHUP.").
		StringVar(&o.configFile)
	app.Flag("config.check", "Check the flags and the configuration file, print what they say, and exit.").BoolVar(&o.configCheck)
	app.Flag("check", "Sign in to each tenant, read its open incidents, say what is missing and what there is, and exit with 0 if all is well, else 1.").
		BoolVar(&o.check)
	app.Flag("check.format", "How to say it. One of: ["+strings.Join(checkFormats(), ", ")+"].").
		Default(asText).HintOptions(checkFormats()...).StringVar(&o.checkFormat)
	app.Flag("healthcheck", "Ask the exporter that runs here with these flags of the web whether it is healthy, and exit with 0 if it is, else 1.").
		BoolVar(&o.healthcheck)
	o.aboutTenant(app)("demo", "Serve a simulated tenant with invented incidents. Needs no account.").BoolVar(&o.demo)
	o.web = kingpinflag.AddFlags(app, defaultAddress)
	app.Flag("web.enable-lifecycle", "Read the configuration file again on POST /-/reload, as on SIGHUP.").BoolVar(&o.lifecycle)
	app.Flag("web.enable-pprof", "Serve profiles of this process at /debug/pprof/.").BoolVar(&o.pprof)
	app.Flag(flag.LevelFlagName, flag.LevelFlagHelp).
		Default("info").HintOptions(promslog.LevelFlagOptions...).StringVar(&o.logLevel)
	app.Flag(flag.FormatFlagName, flag.FormatFlagHelp).
		Default("logfmt").HintOptions(promslog.FormatFlagOptions...).StringVar(&o.logFormat)
	return app, o
}

// aboutTenant returns what declares a flag and notes if it is given: one that is
// about the one tenant of the flags says nothing about those of a file.
func (o *options) aboutTenant(app *kingpin.Application) func(name, help string) *kingpin.FlagClause {
	return func(name, help string) *kingpin.FlagClause {
		return app.Flag(name, help).Action(func(*kingpin.ParseContext) error {
			o.ofTenant = append(o.ofTenant, "--"+name)
			return nil
		})
	}
}

func (o *options) graphFlags(app *kingpin.Application) {
	flag := o.aboutTenant(app)
	flag("graph.tenant-id", "Directory (tenant) id, or a domain of the tenant. Environment: AZURE_TENANT_ID.").
		StringVar(&o.tenantID)
	flag("graph.client-id", "Application (client) id. Environment: AZURE_CLIENT_ID.").
		StringVar(&o.clientID)
	flag("graph.client-secret-file", "File with the client secret, read anew at each sign-in. Environment: AZURE_CLIENT_SECRET_FILE. "+
		"The secret itself is taken from AZURE_CLIENT_SECRET only, never from a flag.").
		StringVar(&o.secretFile)
	flag("graph.client-certificate-file", "File with the client certificate and its key, read anew at each sign-in. "+
		"Environment: AZURE_CLIENT_CERTIFICATE_PATH, and AZURE_CLIENT_CERTIFICATE_PASSWORD if it has a password.").
		StringVar(&o.certificateFile)
	flag("graph.auth-method", "How to sign in. One of: ["+strings.Join(methods(), ", ")+"]. auto: as the other flags and the environment make clear.").
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

func (o *options) collectorFlags(app *kingpin.Application) {
	flag := o.aboutTenant(app)
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
		Default("true").BoolVar(&o.exemplars)
}

// clouds returns the names of the known clouds.
func clouds() []string {
	var names []string
	for _, c := range graphclient.Clouds() {
		names = append(names, c.Name)
	}
	return names
}

// methods returns the names of the ways to sign in.
func methods() []string {
	var names []string
	for _, m := range []file.Method{
		file.MethodAuto, file.MethodSecret, file.MethodCertificate, file.MethodWorkloadIdentity, file.MethodManagedIdentity, file.MethodAzureCLI,
	} {
		names = append(names, string(m))
	}
	return names
}
