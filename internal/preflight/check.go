// Package preflight describes and checks a configuration without serving it: --config.check
// and --check.
package preflight

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"

	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/tenant"
)

// maxConcurrent is how many tenants are checked at the same time.
const maxConcurrent = 8

// Check checks every tenant and writes a report. It returns an error if any check has
// failed.
func Check(ctx context.Context, cfg *config.Config, logger *slog.Logger, w io.Writer) error {
	transport := tenant.NewTransport()
	defer transport.CloseIdleConnections()
	r, err := checkAll(ctx, cfg.Plan.Tenants, tenant.Options{Transport: transport, Hidden: cfg.Hidden, Logger: logger})
	if err != nil {
		return err
	}
	if err := r.write(w, cfg.CheckFormat); err != nil {
		return err
	}
	if !r.OK {
		return errors.New("a check has failed")
	}
	return nil
}

// checkAll checks the tenants, several at the same time.
func checkAll(ctx context.Context, tenants []*config.Tenant, opts tenant.Options) (*report, error) {
	r := &report{OK: true, Tenants: make([]*tenantReport, len(tenants))}
	errs := make([]error, len(tenants))
	var running sync.WaitGroup
	semaphore := make(chan struct{}, maxConcurrent)
	for i, cfg := range tenants {
		semaphore <- struct{}{}
		running.Go(func() {
			defer func() { <-semaphore }()
			r.Tenants[i], errs[i] = checkTenant(ctx, cfg, opts)
		})
	}
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, t := range r.Tenants {
		r.OK = r.OK && t.OK
	}
	return r, nil
}
