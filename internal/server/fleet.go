package server

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/tenant"
)

// A fleet is the tenants that are served. They share connections and nothing else,
// so that the trouble of one is no other's.
type fleet struct {
	network *http.Transport
	own     *prometheus.Registry // what the exporter tells of itself
	metrics http.Handler         // the same, as a page
	options tenant.Options       // of every tenant
	logger  *slog.Logger
	fresh   []*config.Tenant // that nobody has been told of

	mu      sync.Mutex // held for no longer than a look
	serving map[string]*view
	leaving sync.WaitGroup // tenants that are served no more
}

// newFleet returns a fleet without tenants.
func newFleet(cfg *config.Config, logger *slog.Logger, own *prometheus.Registry) *fleet {
	network := tenant.NewNetwork()
	return &fleet{
		network: network,
		own:     own,
		metrics: expose(own, logger),
		options: tenant.Options{Network: network, Demo: cfg.Demo, Exemplars: cfg.Exemplars, Logger: logger},
		logger:  logger,
	}
}

// replace has the fleet serve the tenants of a plan and no others, from one moment
// to the next. Those that have not changed go on as they are; those that leave do so
// when the pulls under way are over. After an error nothing has changed. It must not
// be called at once.
func (f *fleet) replace(ctx context.Context, p *config.Plan) error {
	next := map[string]*view{}
	f.fresh = nil
	for _, a := range p.Tenants {
		v, err := f.view(ctx, a, p)
		if err != nil {
			return err
		}
		next[a.Name] = v
	}
	f.publish(next)
	return nil
}

// view returns the view of an account, of the tenant that serves it already if there
// is one.
func (f *fleet) view(ctx context.Context, a *config.Tenant, p *config.Plan) (*view, error) {
	var t *tenant.Tenant
	if last := f.serving[a.Name]; last != nil && last.tenant.Config.Equal(a.Tenant) {
		t = last.tenant
	} else {
		var err error
		if t, err = tenant.New(ctx, a, f.options); err != nil {
			return nil, err
		}
		f.fresh = append(f.fresh, a)
	}
	objectives := tenant.Objectives(p.Objectives)
	if a.Name == "" {
		return newView(t, objectives, f.logger, f.own)
	}
	return newView(t, objectives, f.logger)
}

// introduce logs which tenants are new, and as whom the exporter signs in there. It must
// not be called at once with replace.
func (f *fleet) introduce(ctx context.Context) {
	for _, a := range f.fresh {
		if !f.options.Demo {
			tenant.Logger(f.logger, a).InfoContext(ctx, "Serving a tenant", "tenant_id", a.TenantID, "client", a.ClientID, "endpoint", a.Endpoint,
				"auth_method", a.SignIn.Method, "auth_sources", a.SignIn.Sources)
		}
	}
	f.fresh = nil
}

// publish replaces the views, and ends the tenants that have none any more, which it
// does not wait for: no new pull can reach them.
func (f *fleet) publish(next map[string]*view) {
	f.mu.Lock()
	last := f.serving
	f.serving = next
	f.mu.Unlock()
	for name, v := range last {
		if now := next[name]; now == nil || now.tenant != v.tenant {
			f.leaving.Go(v.tenant.Leave)
		}
	}
}

// begin has the tenant of the flags synchronised; those of a file are when they are
// first pulled.
func (f *fleet) begin() {
	if v, done := f.board(""); v != nil {
		defer done()
		v.tenant.Begin()
	}
}

// board returns the view of a tenant, nil if there is none of that name, and what
// to call when the pull has been answered: until then the tenant does not leave.
func (f *fleet) board(name string) (v *view, done func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if v = f.serving[name]; v == nil {
		return nil, func() {}
	}
	return v, v.tenant.Acquire()
}

// close ends every tenant and returns when nothing of them is left. Nobody may call
// anything else any more.
func (f *fleet) close() {
	f.publish(nil)
	f.leaving.Wait()
	f.network.CloseIdleConnections()
}
