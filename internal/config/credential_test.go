package config

import (
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/graphtest"
)

// tenantFlags are the flags of a tenant, without anything to sign in with.
func tenantFlags(g *graphtest.Graph) []string {
	return []string{
		"--graph.tenant-id=" + graphtest.TenantID, "--graph.client-id=" + graphtest.ClientID, "--graph.endpoint=" + g.URL, "--graph.authority=" + g.URL,
		"--graph.requests-per-minute=100000", "--web.listen-address=127.0.0.1:0", "--collector.min-refresh-interval=0s",
	}
}

// TestCredentialFiles shows that what cannot be signed in with is known before anything is
// served, whatever the method, with the file's name and nothing that is in it.
func TestCredentialFiles(t *testing.T) {
	t.Parallel()
	p := graphtest.NewPair(t, time.Unix(2_000_000_000, 0))
	g := graphtest.Serve(t, graphsim.Config{})
	path := filepath.Join(t.TempDir(), "file")
	certificate, token := "--graph.client-certificate-file", "AZURE_FEDERATED_TOKEN_FILE"
	for _, c := range []struct{ name, text, source, want string }{
		{"no key", string(p.Certificate), certificate, "holds no private key"},
		{"no certificate", string(p.Key), certificate, "holds no certificate"},
		{"half of it", string(p.Certificate) + string(p.Key)[:500], certificate, "the last PEM block is cut short"},
		{"neither", graphtest.Secret, certificate, "is neither PEM nor PFX, or is cut short"},
		{"no token", "\n", token, "is empty"},
	} {
		graphtest.Write(t, path, c.text)
		args, env := tenantFlags(g), graphtest.Variables{}
		if c.source == token {
			env[token] = path
		} else {
			args = append(args, c.source+"="+path)
		}
		_, err := Parse(args, env.Get, io.Discard)
		if want := c.source + `="` + path + `": ` + c.want; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", c.name, err, want)
		}
	}
}

// TestManagedIdentityFlags shows that an identity of the platform needs no client id, and that
// the program says where it found it.
func TestManagedIdentityFlags(t *testing.T) {
	t.Parallel()
	env := graphtest.Variables{"IDENTITY_ENDPOINT": "http://127.0.0.1:1", "AZURE_TENANT_ID": graphtest.TenantID, "AZURE_AUTHORITY_HOST": "https://login.example/"}
	cfg, err := Parse(nil, env.Get, io.Discard)
	if err != nil {
		t.Fatal(errors.Unwrap(err), err)
	}
	if got, want := cfg.flagTenant.SignIn.String(), "signs in by managed-identity (IDENTITY_ENDPOINT)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := cfg.flagTenant.Authority, "https://login.example/"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	env["AZURE_AUTHORITY_HOST"] = "http://login.example"
	if _, err := Parse(nil, env.Get, io.Discard); err == nil {
		t.Error("an authority in the clear is accepted")
	}
	if cfg, err := Parse([]string{"--graph.cloud=usgov"}, env.Get, io.Discard); err != nil || cfg.flagTenant.Authority != "https://login.microsoftonline.us" {
		t.Errorf("the variable prevails over a cloud that is named: %v", err)
	}
}
