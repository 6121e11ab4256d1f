// Package preflight says before anything is served what is configured, and what is missing.
package preflight

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"

	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/tenant"
)

// atOnce is how many tenants are diagnosed at the same time.
const atOnce = 8

// A verdict is the answers of --check about every tenant.
type verdict struct {
	OK      bool         `json:"ok"`
	Tenants []*diagnosis `json:"tenants"`
}

// Check diagnoses every tenant and writes what is found. It returns an error if not
// all is well.
func Check(ctx context.Context, cfg *config.Config, logger *slog.Logger, w io.Writer) error {
	network := tenant.NewNetwork()
	defer network.CloseIdleConnections()
	v, err := examine(ctx, cfg.Plan.Tenants, tenant.Options{Network: network, Exemplars: cfg.Exemplars, Logger: logger})
	if err != nil {
		return err
	}
	if err := v.write(w, cfg.CheckFormat); err != nil {
		return err
	}
	if !v.OK {
		return errors.New("not all is well, see what has failed")
	}
	return nil
}

// examine diagnoses the tenants, several at the same time.
func examine(ctx context.Context, tenants []*config.Tenant, opts tenant.Options) (*verdict, error) {
	v := &verdict{OK: true, Tenants: make([]*diagnosis, len(tenants))}
	errs := make([]error, len(tenants))
	var running sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	for i, a := range tenants {
		turns <- struct{}{}
		running.Go(func() {
			defer func() { <-turns }()
			v.Tenants[i], errs[i] = diagnose(ctx, a, opts)
		})
	}
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, d := range v.Tenants {
		v.OK = v.OK && d.OK
	}
	return v, nil
}

func (v *verdict) write(w io.Writer, format string) error {
	if format == config.AsJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(v)
	}
	for _, d := range v.Tenants {
		if err := d.write(w); err != nil {
			return err
		}
	}
	return nil
}

// write writes the diagnosis for people:
//
//	tenant contoso (contoso.onmicrosoft.com)
//	  ok       configuration: signs in by secret (client_secret_file)
//	  …
func (d *diagnosis) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "tenant %s (%s)\n", cmp.Or(d.Tenant, "of the flags"), cmp.Or(d.TenantID, "of the demo"))
	for _, f := range d.Findings {
		fmt.Fprintf(&b, "  %-8s %s: %s\n", f.Result, strings.ReplaceAll(string(f.Question), "_", "-"), f.Detail)
	}
	if d.Open != nil {
		b.WriteString(d.Open.String())
	}
	_, err := io.WriteString(w, b.String())
	return err
}
