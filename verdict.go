package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"

	"msgraph_security_exporter/internal/mirror"
)

// The forms that the answers of --check come in.
const asText, asJSON = "text", "json"

func checkFormats() []string { return []string{asText, asJSON} }

// atOnce is how many tenants are diagnosed at the same time.
const atOnce = 8

// A verdict is the answers of --check about every tenant.
type verdict struct {
	OK      bool         `json:"ok"`
	Tenants []*diagnosis `json:"tenants"`
}

// examine diagnoses every tenant and writes what is found. It returns an error if not
// all is well.
func examine(ctx context.Context, cfg *config, logger *slog.Logger, w io.Writer) error {
	own, err := register()
	if err != nil {
		return err
	}
	fleet := newFleet(cfg, logger, own)
	defer fleet.close()
	v, err := fleet.examine(ctx, cfg.plan.accounts)
	if err != nil {
		return err
	}
	if err := v.write(w, cfg.checkFormat); err != nil {
		return err
	}
	if !v.OK {
		return errors.New("not all is well, see what has failed")
	}
	return nil
}

// examine diagnoses the tenants, several at the same time.
func (f *fleet) examine(ctx context.Context, accounts []*account) (*verdict, error) {
	v := &verdict{OK: true, Tenants: make([]*diagnosis, len(accounts))}
	errs := make([]error, len(accounts))
	var running sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	for i, a := range accounts {
		turns <- struct{}{}
		running.Go(func() {
			defer func() { <-turns }()
			v.Tenants[i], errs[i] = f.diagnose(ctx, a)
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
	if format == asJSON {
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

// String returns a table of how many incidents are open by severity and status, the worst
// first.
func (c *openCount) String() string {
	columns := mirror.OpenStatuses()
	if c.ByStatus[mirror.Other] > 0 {
		columns = append(columns, mirror.StatusOther)
	}
	var out strings.Builder
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(cells ...string) { _, _ = fmt.Fprintf(t, "  %s\t\n", strings.Join(cells, "\t")) }
	row := func(name string, counts map[string]int, total int) {
		cells := []string{name}
		for _, s := range columns {
			cells = append(cells, strconv.Itoa(counts[s.String()]))
		}
		line(append(cells, strconv.Itoa(total))...)
	}
	head := []string{"open incidents"}
	for _, s := range columns {
		head = append(head, s.String())
	}
	line(append(head, "all")...)
	for _, s := range rows(c.BySeverity) {
		row(s, c.Both[s], c.BySeverity[s])
	}
	row("all", c.ByStatus, c.Total)
	_ = t.Flush() // to a builder, which takes everything
	return out.String()
}

// rows returns the severities that are shown, the worst first.
func rows(counts map[string]int) []string {
	var names []string
	for _, s := range mirror.Severities() {
		names = append([]string{s.String()}, names...)
	}
	if counts[mirror.Other] > 0 {
		names = append(names, mirror.Other)
	}
	return names
}
