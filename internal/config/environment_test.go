package config

import (
	"io"
	"strings"
	"testing"

	"msgraph_security_exporter/internal/graphtest"
)

// TestEnvironment shows what is refused of the environment, and that it names the variable.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	args := []string{"--graph.tenant-id=" + graphtest.TenantID, "--graph.client-id=" + graphtest.ClientID}
	for _, c := range []struct {
		env  graphtest.Variables
		want string
	}{
		{graphtest.Variables{"AZURE_CLIENT_SECRET": graphtest.Secret}, ""},
		{graphtest.Variables{"AZURE_CLIENT_SECRET": " "}, "AZURE_CLIENT_SECRET: is blank"},
		{graphtest.Variables{"AZURE_CLIENT_SECRET": "\t\n"}, "AZURE_CLIENT_SECRET: is blank"},
		{graphtest.Variables{"AZURE_CLIENT_SECRET": graphtest.Secret, "HTTPS_PROXY": "http://a:" + graphtest.Secret + "@"}, "HTTPS_PROXY: is not the address of a proxy"},
		{graphtest.Variables{"IDENTITY_ENDPOINT": "https://127.0.0.1:2377/x", "IDENTITY_SERVER_THUMBPRINT": "x"}, "managed identities of Service Fabric (IDENTITY_SERVER_THUMBPRINT) are not supported"},
	} {
		_, err := Parse(args, c.env.Get, io.Discard)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%v: %v", c.env, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), graphtest.Secret)):
			t.Errorf("%v: got %v, want %s", c.env, err, c.want)
		}
	}
	cfg, err := Parse(args, graphtest.Variables{"AZURE_CLIENT_SECRET": "x", "HTTPS_PROXY": "http://a:pl4nted@proxy.example"}.Get, io.Discard)
	if err != nil || len(cfg.Hidden) != 2 || string(cfg.Hidden[0]) != "pl4nted" {
		t.Errorf("the password of the proxy is not hidden: %v", err)
	}
	if _, err := Parse([]string{"--demo"}, graphtest.Variables{"HTTPS_PROXY": "://"}.Get, io.Discard); err != nil {
		t.Errorf("the demo: %v", err)
	}
}
