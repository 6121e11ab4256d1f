// Package tenant builds the stack that serves one tenant: credential files, a client of
// Microsoft Graph, the mirror that it keeps, and the collectors of its metrics.
package tenant

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/buildinfo"
	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/credential"
	"msgraph_security_exporter/internal/mirror"
)

// Options are what all tenants have in common.
type Options struct {
	Transport       http.RoundTripper    // for all requests
	Hidden          []graphclient.Secret // what no text shows, such as a proxy's password
	Demo, Exemplars bool
	Logger          *slog.Logger
}

// A Tenant is the stack that serves one tenant: a client of Graph, a mirror, and collectors
// of its incidents and its requests.
type Tenant struct {
	Config     *config.Tenant
	Credential *credential.Source
	Graph      *graphclient.Client
	Mirror     *mirror.Mirror
	flow       *collector.Flow
	collectors []prometheus.Collector  // those that do not depend on the objectives
	tasks      []func(context.Context) // run until their context ends
	start      func()                  // runs the tasks, the first time
	rest       func()                  // ends the tasks and waits for them
	stop       func()                  // ends the tasks and waits for them
	acquired   sync.WaitGroup          // pulls under way
}

// New builds the stack of a tenant. It sends no request before [Tenant.Start]. The tenant lives
// until [Tenant.Close], also when ctx ends: scrapes in flight may still refresh the mirror.
func New(ctx context.Context, cfg *config.Tenant, opts Options) (*Tenant, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	logger := Logger(opts.Logger, cfg)
	t := &Tenant{Config: cfg, Credential: credential.NewSource(cfg.SignIn, cfg.SecretExpires, logger)}
	t.setLifecycle(ctx, cancel)
	graph, transport := t.graphConfig(logger), opts.Transport
	graph.Hidden = opts.Hidden
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
	t.flow = collector.NewFlow(opts.Exemplars)
	t.Mirror = mirror.New(t.Graph, mirrorConfig(cfg, t.flow, logger))
	t.collectors = []prometheus.Collector{t.flow, measured, collector.NewExpiry(t.ends), collector.NewCredential(t.signIn)}
	t.tasks = append(t.tasks, t.Mirror.Run)
	return t, nil
}

// ends returns when the credential in use ends, by its kind.
func (t *Tenant) ends() map[string]time.Time { return t.Credential.Ends(t.Graph.CredentialState()) }

// signIn returns how signing in to the tenant stands.
func (t *Tenant) signIn() collector.SignIn {
	state := t.Graph.CredentialState()
	return collector.SignIn{Fallback: state.Fallback, Shown: state.Retry, Tried: t.Graph.SignInRetry()}
}

// A Transport carries the requests of all tenants, which share connections.
type Transport = graphclient.Transport

// NewTransport returns a transport for the requests of all tenants.
func NewTransport() *Transport { return graphclient.NewTransport() }

// Logger returns a logger that names the tenant, if it has a name.
func Logger(logger *slog.Logger, cfg *config.Tenant) *slog.Logger {
	if cfg.Name == "" {
		return logger
	}
	return logger.With("tenant", cfg.Name)
}

// Collectors returns the collectors of the tenant, with the given objectives.
func (t *Tenant) Collectors(objectives []collector.Objective) []prometheus.Collector {
	options := collector.Options{Objectives: objectives, Tags: t.Config.Tags, IncidentInfo: t.Config.IncidentInfo}
	return append(t.collectors[:len(t.collectors):len(t.collectors)], collector.New(t.Mirror, options))
}

// SetObjectives counts by these objectives from now on which incidents meet them.
func (t *Tenant) SetObjectives(objectives []collector.Objective) {
	t.flow.SetObjectives(objectives)
	t.Mirror.SetObjectives(objectives)
}

// setLifecycle sets start and stop. The tasks run from the first start until the stop, and no
// request outlives them.
func (t *Tenant) setLifecycle(ctx context.Context, cancel func()) {
	var running sync.WaitGroup
	atWork, rest := context.WithCancel(ctx)
	t.start = sync.OnceFunc(func() {
		for _, task := range t.tasks {
			running.Go(func() { task(atWork) })
		}
	})
	t.rest = func() {
		rest()
		running.Wait()
	}
	t.stop = func() {
		cancel()
		t.rest()
	}
}

// Start runs the tasks of the tenant: the mirror, and the story of the demo. Further calls do
// nothing.
func (t *Tenant) Start() { t.start() }

// Rest ends the tasks, and waits for them: the limiter is free for what others ask.
func (t *Tenant) Rest() { t.rest() }

// Close ends the tasks and every request, and waits for the tasks.
func (t *Tenant) Close() { t.stop() }

// Acquire keeps the tenant running until release is called: [Tenant.Drain] waits for that.
func (t *Tenant) Acquire() (release func()) {
	t.acquired.Add(1)
	return t.acquired.Done
}

// Drain waits until everybody who has acquired the tenant has released it, and closes it. It
// must not be acquired any more.
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

// operation returns the operation that a request belongs to.
func operation(r *http.Request) string { return string(graphclient.OperationOf(r.Context())) }

func mirrorConfig(cfg *config.Tenant, flow *collector.Flow, logger *slog.Logger) mirror.Config {
	return mirror.Config{
		SweepInterval:      cfg.SweepInterval,
		MaxAge:             cfg.MaxAge,
		MinRefreshInterval: cmp.Or(cfg.MinRefreshInterval, -1), // the mirror takes 0 for its default
		Tags:               cfg.Tags,
		WebURLs:            cfg.IncidentInfo > 0,
		Observe:            flow.Observe,
		Logger:             logger,
	}
}
