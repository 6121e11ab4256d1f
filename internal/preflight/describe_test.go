package preflight

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/graphtest"
)

// TestConfigCheck prints what a good configuration makes, and asks nobody.
func TestConfigCheck(t *testing.T) {
	t.Parallel()
	pair := graphtest.NewPair(t, time.Now().Add(time.Hour))
	secret, certificate := filepath.Join(t.TempDir(), "secret"), filepath.Join(t.TempDir(), "certificate")
	graphtest.Write(t, secret, graphtest.Secret)
	graphtest.Write(t, certificate, string(pair.Certificate)+string(pair.Key))
	path := graphtest.Configure(t,
		"  - {name: contoso, tenant_id: contoso.example, client_id: "+graphtest.ClientID+", auth: {client_secret_file: "+secret+"}}\n",
		"  - {name: fabrikam, tenant_id: fabrikam.example, client_id: "+graphtest.ClientID+"}\n",
		"objectives: [{name: a, resolve_within: 1h}]\n")
	env := graphtest.Variables{"AZURE_CLIENT_CERTIFICATE_PATH": certificate, "AZURE_TENANT_ID": graphtest.TenantID}
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
