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

// A reloader has the fleet serve what the configuration file says by now. All its
// methods may be called at once.
type reloader struct {
	source *config.Loader
	fleet  *fleet
	state  *collector.Reloads
	logger *slog.Logger

	turn sync.Mutex // one reload after the other
}

// reload reads the file again. A file with mistakes changes nothing.
func (r *reloader) reload(ctx context.Context) error {
	r.turn.Lock()
	defer r.turn.Unlock()
	p, err := r.source.Load()
	if err == nil {
		err = r.fleet.replace(ctx, p)
	}
	r.state.Observe(err == nil)
	if err != nil {
		r.logger.ErrorContext(ctx, "The configuration is not reloaded, the last one stays", "err", err)
		return err
	}
	r.fleet.introduce(ctx)
	r.fleet.begin()
	r.logger.InfoContext(ctx, "The configuration is reloaded", "tenants", len(p.Tenants))
	return nil
}

// serve answers a request to reload when that is done, with every mistake if there
// are any.
func (r *reloader) serve(w http.ResponseWriter, req *http.Request) {
	if err := r.reload(req.Context()); err != nil {
		http.Error(w, "not reloaded:\n"+err.Error(), http.StatusInternalServerError)
		return
	}
	say("Reloaded.")(w, req)
}

// heed reloads at each hangup, until ctx ends.
func (r *reloader) heed(ctx context.Context, hangups <-chan os.Signal) {
	for {
		select {
		case <-hangups:
			_ = r.reload(ctx) // which logs what is wrong
		case <-ctx.Done():
			return
		}
	}
}
