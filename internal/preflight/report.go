package preflight

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/contract"
)

// A report is the results of --check for every tenant.
type report struct {
	OK      bool            `json:"ok"`
	Tenants []*tenantReport `json:"tenants"`
}

// A tenantReport is the results for one tenant.
type tenantReport struct {
	Tenant   string     `json:"tenant,omitempty"` // empty: that of the flags
	TenantID string     `json:"tenant_id"`
	ClientID string     `json:"client_id,omitempty"`
	OK       bool       `json:"ok"` // nothing has failed
	Results  []result   `json:"checks"`
	Open     *openCount `json:"open_incidents,omitempty"` // nil until all have been read

	contract    *contract.Report // nil: Graph was not asked about its contract
	contractErr error            // why it was not asked everything
}

// A result says how one step went.
type result struct {
	Step    step    `json:"check"`
	Outcome outcome `json:"result"`
	Detail  string  `json:"detail"`
}

// A step is one thing that --check finds out about a tenant.
type step string

const (
	stepConfiguration step = "configuration"
	stepReachability  step = "reachability"
	stepSignIn        step = "sign_in"
	stepPermission    step = "permission"
	stepIncidents     step = "incidents"
	stepScores        step = "scores"
)

// steps returns all steps in their order. Each needs those before it to have gone well.
func steps() []step {
	return []step{stepConfiguration, stepReachability, stepSignIn, stepPermission, stepIncidents, stepScores}
}

// An outcome is the grade of a result.
type outcome string

const (
	good    outcome = "ok"
	warning outcome = "warning"
	failed  outcome = "failed"
	skipped outcome = "skipped"
)

// add adds a result, on one line.
func (r *tenantReport) add(s step, o outcome, format string, args ...any) {
	r.Results = append(r.Results, result{s, o, strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")})
}

// finish puts the results in order, and adds the steps that were not reached.
func (r *tenantReport) finish() {
	r.OK = !slices.ContainsFunc(r.Results, func(res result) bool { return res.Outcome == failed })
	all := steps()
	for _, s := range all {
		if !slices.ContainsFunc(r.Results, func(res result) bool { return res.Step == s }) {
			r.add(s, skipped, "not asked, because of what failed before")
		}
	}
	slices.SortStableFunc(r.Results, func(a, b result) int {
		return cmp.Compare(slices.Index(all, a.Step), slices.Index(all, b.Step))
	})
}

// write writes the report in one of the formats of --check.format.
func (r *report) write(w io.Writer, format string) error {
	if format == config.CheckJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	for _, t := range r.Tenants {
		if _, err := io.WriteString(w, t.String()); err != nil {
			return err
		}
	}
	return nil
}

// writeContracts writes what Graph says of its contract, tenant by tenant, without their names. The error,
// which has them, says which tenants' Graph could not be asked everything.
func (r *report) writeContracts(w io.Writer) error {
	var errs []error
	for i, t := range r.Tenants {
		text := "Graph was not asked about its contract: the check before has failed.\n"
		if t.contract != nil {
			text = t.contract.String()
		}
		if len(r.Tenants) > 1 {
			text = fmt.Sprintf("Tenant %d of %d\n\n%s\n", i+1, len(r.Tenants), text)
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
		if t.contractErr != nil {
			errs = append(errs, fmt.Errorf("tenant %s: %w", cmp.Or(t.Tenant, "of the flags"), t.contractErr))
		}
	}
	return errors.Join(errs...)
}

// String returns the report for people:
//
//	tenant contoso (contoso.onmicrosoft.com)
//	  ok       configuration: signs in by secret (client_secret_file)
//	  …
func (r *tenantReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "tenant %s (%s)\n", cmp.Or(r.Tenant, "of the flags"), cmp.Or(r.TenantID, "of the demo"))
	for _, res := range r.Results {
		fmt.Fprintf(&b, "  %-8s %s: %s\n", res.Outcome, strings.ReplaceAll(string(res.Step), "_", "-"), res.Detail)
	}
	if r.Open != nil {
		b.WriteString(r.Open.String())
	}
	return b.String()
}
