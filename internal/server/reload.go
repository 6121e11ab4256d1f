package server

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"sync"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/internal/config"
)

// A reloader makes the fleet serve what the configuration file says now. Its methods may be
// called concurrently.
type reloader struct {
	loader  *config.Loader
	fleet   *fleet
	metrics *collector.Reloads
	logger  *slog.Logger

	mu sync.Mutex // held during a reload
}

// reload reads the file again and replaces the plan. A file with mistakes changes nothing.
func (r *reloader) reload(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, err := r.loader.Load()
	if err == nil {
		err = r.fleet.replace(ctx, p)
	}
	r.metrics.Observe(err == nil)
	if err != nil {
		r.logger.ErrorContext(ctx, "Configuration not reloaded, keeping the last one", "err", err)
		return err
	}
	r.fleet.logAdded(ctx)
	r.fleet.start()
	r.logger.InfoContext(ctx, "Configuration reloaded", "tenants", len(p.Tenants))
	return nil
}

// serve reloads and then answers the request, with every mistake if there are any.
func (r *reloader) serve(w http.ResponseWriter, req *http.Request) {
	if err := r.reload(req.Context()); err != nil {
		http.Error(w, "not reloaded:\n"+err.Error(), http.StatusInternalServerError)
		return
	}
	textHandler("Reloaded.")(w, req)
}

// reloadOnSignal reloads at each signal, until ctx ends.
func (r *reloader) reloadOnSignal(ctx context.Context, signals <-chan os.Signal) {
	for {
		select {
		case <-signals:
			_ = r.reload(ctx) // reload logs the error
		case <-ctx.Done():
			return
		}
	}
}
