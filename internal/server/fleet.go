package server

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/statuspage"
	"msgraph_security_exporter/internal/tenant"
)

// A fleet holds the tenants that are served. They share connections and nothing else: one that
// hangs or fails affects no other.
type fleet struct {
	transport *tenant.Transport
	registry  *prometheus.Registry // of the exporter itself
	metrics   http.Handler         // which answers with that registry
	options   tenant.Options       // of every tenant
	logger    *slog.Logger
	added     []*config.Tenant // by the last replace, not logged yet

	mu       sync.Mutex // held for no longer than a lookup
	serving  map[string]*exposition
	draining sync.WaitGroup // tenants that are no longer served
}

// newFleet returns a fleet without tenants.
func newFleet(cfg *config.Config, logger *slog.Logger, registry *prometheus.Registry) *fleet {
	transport := tenant.NewTransport()
	return &fleet{
		transport: transport,
		registry:  registry,
		metrics:   metricsHandler(registry, logger),
		options:   tenant.Options{Transport: transport, Demo: cfg.Demo, Exemplars: cfg.Exemplars, Hidden: cfg.Hidden, Logger: logger},
		logger:    logger,
	}
}

// replace makes the fleet serve the tenants of a plan and no others, from one moment
// to the next. Tenants that have not changed go on as they are; those that are not in the
// plan are drained. After an error nothing has changed. Calls must not overlap.
func (f *fleet) replace(ctx context.Context, p *config.Plan) error {
	next := map[string]*exposition{}
	f.added = nil
	for _, a := range p.Tenants {
		e, err := f.expose(ctx, a, p)
		if err != nil {
			return err
		}
		next[a.Name] = e
	}
	for _, e := range next {
		e.tenant.SetObjectives(tenant.Objectives(p.Objectives))
	}
	f.publish(next)
	return nil
}

// expose returns the exposition of a tenant, of the running one if its configuration is the
// same.
func (f *fleet) expose(ctx context.Context, a *config.Tenant, p *config.Plan) (*exposition, error) {
	var t *tenant.Tenant
	history := &statuspage.History{}
	if last := f.serving[a.Name]; last != nil && last.tenant.Config.Equal(a.Tenant) {
		t, history = last.tenant, last.history
	} else {
		var err error
		if t, err = tenant.New(ctx, a, f.options); err != nil {
			return nil, err
		}
		f.added = append(f.added, a)
	}
	objectives := tenant.Objectives(p.Objectives)
	if a.Name == "" {
		return newExposition(t, history, objectives, f.logger, f.registry)
	}
	return newExposition(t, history, objectives, f.logger)
}

// logAdded logs which tenants the last replace has added, and how the exporter signs in to
// them. Calls must not overlap with replace.
func (f *fleet) logAdded(ctx context.Context) {
	for _, a := range f.added {
		if !f.options.Demo {
			tenant.Logger(f.logger, a).InfoContext(ctx, "Serving tenant", "tenant_id", a.TenantID, "client", a.ClientID, "endpoint", a.Endpoint,
				"auth_method", a.SignIn.Method, "auth_sources", a.SignIn.Sources)
		}
	}
	f.added = nil
}

// publish replaces the expositions, and drains the tenants that have none any more. It does
// not wait for that: no new pull can reach them.
func (f *fleet) publish(next map[string]*exposition) {
	f.mu.Lock()
	last := f.serving
	f.serving = next
	f.mu.Unlock()
	for name, e := range last {
		if now := next[name]; now == nil || now.tenant != e.tenant {
			f.draining.Go(e.tenant.Drain)
		}
	}
}

// start starts the tenant of the flags; those of a file start when they are first pulled.
func (f *fleet) start() {
	if e, release := f.acquire(""); e != nil {
		defer release()
		e.tenant.Start()
	}
}

// acquire returns the exposition of a tenant, nil if there is none of that name. The tenant
// is not closed before release is called.
func (f *fleet) acquire(name string) (e *exposition, release func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e = f.serving[name]; e == nil {
		return nil, func() {}
	}
	return e, e.tenant.Acquire()
}

// close drains every tenant and returns when nothing of them is left. No other method may
// be called any more.
func (f *fleet) close() {
	f.publish(nil)
	f.draining.Wait()
	f.transport.CloseIdleConnections()
}
