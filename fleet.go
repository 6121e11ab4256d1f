package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/graphclient"
)

// A fleet is the tenants that are served. They share connections and nothing else,
// so that the trouble of one is no other's.
type fleet struct {
	network         *http.Transport
	own             *prometheus.Registry // what the exporter tells of itself
	metrics         http.Handler         // the same, as a page
	demo, exemplars bool
	logger          *slog.Logger
	fresh           []*account // that nobody has been told of

	mu      sync.Mutex // held for no longer than a look
	serving map[string]*view
	leaving sync.WaitGroup // tenants that are served no more
}

// newFleet returns a fleet without tenants.
func newFleet(cfg *config, logger *slog.Logger, own *prometheus.Registry) *fleet {
	return &fleet{
		network:   graphclient.NewTransport(),
		own:       own,
		metrics:   expose(own, logger),
		demo:      cfg.demo,
		exemplars: cfg.exemplars,
		logger:    logger,
	}
}

// replace has the fleet serve the tenants of a plan and no others, from one moment
// to the next. Those that have not changed go on as they are; those that leave do so
// when the pulls under way are over. After an error nothing has changed. It must not
// be called at once.
func (f *fleet) replace(ctx context.Context, p *plan) error {
	next := map[string]*view{}
	f.fresh = nil
	for _, a := range p.accounts {
		v, err := f.view(ctx, a, p)
		if err != nil {
			return err
		}
		next[a.Name] = v
	}
	for _, v := range next {
		v.tenant.setObjectives(p.objectives)
	}
	f.publish(next)
	return nil
}

// view returns the view of an account, of the tenant that serves it already if there
// is one.
func (f *fleet) view(ctx context.Context, a *account, p *plan) (*view, error) {
	var t *tenant
	if last := f.serving[a.Name]; last != nil && last.tenant.account.Equal(a.Tenant) {
		t = last.tenant
	} else {
		var err error
		if t, err = f.newTenant(ctx, a); err != nil {
			return nil, err
		}
		f.fresh = append(f.fresh, a)
	}
	if a.Name == "" {
		return newView(t, p.objectives, f.logger, f.own)
	}
	return newView(t, p.objectives, f.logger)
}

// introduce logs which tenants are new, and as whom the exporter signs in there. It must
// not be called at once with replace.
func (f *fleet) introduce(ctx context.Context) {
	for _, a := range f.fresh {
		if !f.demo {
			f.loggerOf(a).InfoContext(ctx, "Serving a tenant", "tenant_id", a.TenantID, "client", a.ClientID, "endpoint", a.Endpoint,
				"auth_method", a.signIn.Method, "auth_sources", a.signIn.sources)
		}
	}
	f.fresh = nil
}

// loggerOf returns a logger that names the tenant, if it has a name.
func (f *fleet) loggerOf(a *account) *slog.Logger {
	if a.Name == "" {
		return f.logger
	}
	return f.logger.With("tenant", a.Name)
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
			f.leaving.Go(v.tenant.leave)
		}
	}
}

// begin has the tenant of the flags synchronised; those of a file are when they are
// first pulled.
func (f *fleet) begin() {
	if v, done := f.board(""); v != nil {
		defer done()
		v.tenant.begin()
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
	v.tenant.pulls.Add(1)
	return v, v.tenant.pulls.Done
}

// close ends every tenant and returns when nothing of them is left. Nobody may call
// anything else any more.
func (f *fleet) close() {
	f.publish(nil)
	f.leaving.Wait()
	f.network.CloseIdleConnections()
}
