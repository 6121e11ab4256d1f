// Package tenant builds the stack that serves one tenant: credential files, a client of
// Microsoft Graph, the mirror that it keeps, and the collectors of its metrics.
package tenant

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/buildinfo"
	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/credential"
	"msgraph_security_exporter/internal/mirror"
)

// Options are what tenants have in common.
type Options struct {
	Transport       http.RoundTripper // on which all requests go
	Demo, Exemplars bool
	Logger          *slog.Logger
}

// A Tenant is the stack that serves one: a client, the mirror that it keeps, and
// what is told of its incidents and its requests.
type Tenant struct {
	Config     *config.Tenant
	Credential *credential.Source
	Graph      *graphclient.Client
	Mirror     *mirror.Mirror
	collectors []prometheus.Collector  // that go on counting whatever the objectives
	tasks      []func(context.Context) // to be run until their context ends
	start      func()                  // runs the tasks, if that has not been done
	stop       func()                  // ends them and returns when nothing of them is left
	acquired   sync.WaitGroup          // pulls under way
}

// New builds the stack. It asks nobody before its tasks run. The end of ctx
// does not end it: scrapes under way may still have the copy refreshed.
func New(ctx context.Context, cfg *config.Tenant, opts Options) (*Tenant, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	t := &Tenant{Config: cfg, Credential: credential.NewSource(cfg.SignIn, cfg.SecretExpires)}
	t.setLifecycle(ctx, cancel)
	logger := Logger(opts.Logger, cfg)
	graph, transport := t.graphConfig(logger), opts.Transport
	if opts.Demo {
		var story func(context.Context)
		transport, story = simulate(&graph)
		t.tasks = append(t.tasks, story)
	}
	measured := collector.NewTransport(withLifetime(ctx, transport), operation)
	graph.Transport = measured
	var err error
	if t.Graph, err = graphclient.New(graph); err != nil {
		return nil, err
	}
	flow := collector.NewFlow(opts.Exemplars)
	t.Mirror = mirror.New(t.Graph, mirrorConfig(cfg, flow, logger))
	t.collectors = []prometheus.Collector{flow, measured, collector.NewExpiry(t.Credential.Ends)}
	t.tasks = append(t.tasks, t.Mirror.Run)
	return t, nil
}

// NewTransport returns what the requests of all tenants go on. They share connections.
func NewTransport() *http.Transport { return graphclient.NewTransport() }

// Logger returns a logger that names the tenant, if it has a name.
func Logger(logger *slog.Logger, cfg *config.Tenant) *slog.Logger {
	if cfg.Name == "" {
		return logger
	}
	return logger.With("tenant", cfg.Name)
}

// Collectors returns what is told of the tenant, with its incidents held against
// objectives.
func (t *Tenant) Collectors(objectives []collector.Objective) []prometheus.Collector {
	options := collector.Options{Objectives: objectives, Tags: t.Config.Tags, IncidentInfo: t.Config.IncidentInfo}
	return append(t.collectors[:len(t.collectors):len(t.collectors)], collector.New(t.Mirror, options))
}

// setLifecycle makes start and stop. The tasks run from the first start until the stop, which
// no request outlives.
func (t *Tenant) setLifecycle(ctx context.Context, cancel func()) {
	var running sync.WaitGroup
	t.start = sync.OnceFunc(func() {
		for _, task := range t.tasks {
			running.Go(func() { task(ctx) })
		}
	})
	t.stop = func() {
		cancel()
		running.Wait()
	}
}

// Start runs the tasks of the tenant, if that has not been done.
func (t *Tenant) Start() { t.start() }

// Close ends the tasks and returns when nothing of them is left.
func (t *Tenant) Close() { t.stop() }

// Acquire keeps the tenant running until release is called: [Tenant.Drain] waits for that.
func (t *Tenant) Acquire() (release func()) {
	t.acquired.Add(1)
	return t.acquired.Done
}

// Drain closes the tenant when everybody who has acquired it has released it. Nobody may
// acquire it any more.
func (t *Tenant) Drain() {
	t.acquired.Wait()
	t.stop()
}

func (t *Tenant) graphConfig(logger *slog.Logger) graphclient.Config {
	cfg := t.Config
	return graphclient.Config{
		Endpoint:          cfg.Endpoint,
		Authority:         cfg.Authority,
		TenantID:          cfg.TenantID,
		ClientID:          cfg.ClientID,
		Credential:        t.Credential.Credential(),
		RequestsPerMinute: cfg.RequestsPerMinute,
		Logger:            logger,
		UserAgent:         buildinfo.Program + "/" + buildinfo.Version(),
	}
}

// operation names what a request is for.
func operation(r *http.Request) string { return string(graphclient.OperationOf(r.Context())) }

func mirrorConfig(cfg *config.Tenant, flow *collector.Flow, logger *slog.Logger) mirror.Config {
	return mirror.Config{
		SweepInterval:      cfg.SweepInterval,
		MaxAge:             cfg.MaxAge,
		MinRefreshInterval: cmp.Or(cfg.MinRefreshInterval, -1), // where 0 is the default
		Tags:               cfg.Tags,
		WebURLs:            cfg.IncidentInfo > 0,
		Observe:            flow.Observe,
		Logger:             logger,
	}
}
