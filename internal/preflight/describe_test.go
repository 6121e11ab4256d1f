package preflight

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/graphtest"
)

// TestConfigCheck prints what a good configuration makes, and asks nobody.
func TestConfigCheck(t *testing.T) {
	t.Parallel()
	path := graphtest.Configure(t,
		"  - {name: contoso, tenant_id: contoso.example, client_id: "+graphtest.ClientID+", auth: {client_secret_file: s}}\n",
		"  - {name: fabrikam, tenant_id: fabrikam.example, client_id: "+graphtest.ClientID+"}\n",
		"objectives: [{name: a, resolve_within: 1h}]\n")
	env := graphtest.Variables{"AZURE_CLIENT_CERTIFICATE_PATH": "c.pem", "AZURE_TENANT_ID": graphtest.TenantID}
	var out strings.Builder
	cfg, err := config.Parse([]string{"--config.check", "--config.file=" + path}, env.Get, &out)
	if err != nil {
		t.Fatal(err)
	}
	if err := Describe(&out, cfg.Plan); err != nil {
		t.Fatal(err)
	}
	want := "tenant contoso: signs in by secret (client_secret_file)\n" +
		"tenant fabrikam: signs in by certificate (AZURE_CLIENT_CERTIFICATE_PATH)\n" +
		"tenants: 2, objectives: 1, no mistakes\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
