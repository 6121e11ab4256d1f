package preflight

import (
	"cmp"
	"fmt"
	"io"

	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/tenant"
)

// Describe writes which tenants are configured and how the exporter signs in to each.
func Describe(w io.Writer, p *config.Plan) error {
	for _, a := range p.Tenants {
		if _, err := fmt.Fprintf(w, "tenant %s: %s\n", cmp.Or(a.Name, a.TenantID, "of the demo"), a.SignIn); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "tenants: %d, objectives: %d, no mistakes\n", len(p.Tenants), len(tenant.Objectives(p.Objectives)))
	return err
}
