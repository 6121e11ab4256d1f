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

// Check checks every tenant and writes a report to stdout. With --check.contract it asks Graph about its
// contract as well: stdout then gets what that says, which names nobody, and stderr the report. It returns
// an error if any check has failed, or if Graph could not be asked everything.
func Check(ctx context.Context, cfg *config.Config, logger *slog.Logger, stdout, stderr io.Writer) error {
	transport := tenant.NewTransport()
	defer transport.CloseIdleConnections()
	r, err := checkAll(ctx, cfg.Plan.Tenants, tenant.Options{Transport: transport, Hidden: cfg.Hidden, Logger: logger}, cfg.CheckContract)
	if err != nil {
		return err
	}
	own := stdout
	if cfg.CheckContract {
		own = stderr
	}
	if err := r.write(own, cfg.CheckFormat); err != nil {
		return err
	}
	if cfg.CheckContract {
		err = r.writeContracts(stdout)
	}
	if !r.OK {
		err = errors.Join(errors.New("a check has failed"), err)
	}
	return err
}

// checkAll checks the tenants, several at the same time, and asks about the contract if it is to.
func checkAll(ctx context.Context, tenants []*config.Tenant, opts tenant.Options, withContract bool) (*report, error) {
	r := &report{OK: true, Tenants: make([]*tenantReport, len(tenants))}
	errs := make([]error, len(tenants))
	var running sync.WaitGroup
	semaphore := make(chan struct{}, maxConcurrent)
	for i, cfg := range tenants {
		semaphore <- struct{}{}
		running.Go(func() {
			defer func() { <-semaphore }()
			r.Tenants[i], errs[i] = checkTenant(ctx, cfg, opts, withContract)
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
