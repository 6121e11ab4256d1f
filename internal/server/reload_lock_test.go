package server

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/graphtest"
)

// An entrance is a handler of a log that is entered at the end of each reload.
type entrance struct {
	slog.Handler
	entered func()
}

func (e entrance) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "Configuration reloaded" {
		e.entered()
	}
	return nil
}

// TestReloadsOneByOne shows that reloads at once go one after the other: while one is about to end,
// no other gets as far within a time in which it would.
func TestReloadsOneByOne(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yml")
	graphtest.Write(t, path, "tenants:\n- {name: a, tenant_id: "+graphtest.TenantID+", client_id: "+graphtest.ClientID+", auth: {client_secret_file: x}}\n")
	var within, most atomic.Int64
	logger := slog.New(entrance{slog.NewTextHandler(newLogBuffer(), nil), func() {
		most.Store(max(most.Load(), within.Add(1)))
		time.Sleep(100 * time.Millisecond)
		within.Add(-1)
	}})
	cfg, err := config.Parse([]string{"--config.file=" + path}, graphtest.None, newLogBuffer())
	if err != nil {
		t.Fatal(err)
	}
	registry, err := newRegistry()
	if err != nil {
		t.Fatal(err)
	}
	fleet := newFleet(cfg, logger, registry)
	defer fleet.close()
	r := &reloader{loader: &cfg.Loader, fleet: fleet, metrics: collector.NewReloads(), logger: logger}
	var reloads sync.WaitGroup
	for range 4 {
		reloads.Go(func() {
			if err := r.reload(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	reloads.Wait()
	if most.Load() != 1 {
		t.Errorf("%d reloads at once", most.Load())
	}
}
