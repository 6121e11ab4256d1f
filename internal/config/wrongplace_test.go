package config

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"msgraph_security_exporter/internal/graphtest"
)

// pasted are secrets of several kinds: Entra's, a password, a key in hexadecimal and in base64, two lines.
var pasted = []string{graphtest.Secret, "Sommer2026!pl4nted", "deadbeef00deadbeef00deadbeef00ff", "c2VjcmV0L3NlY3JldCtzZWNyZXQ9", "pl4nted one\nand two"}

// TestSecretInTheWrongPlace pastes a secret into each flag and each variable that is meant for something
// else, into an argument and into the name of a flag. Whatever is wrong with it is said without it.
func TestSecretInTheWrongPlace(t *testing.T) {
	t.Parallel()
	var places []func(secret string) ([]string, graphtest.Variables)
	app, _ := application()
	for _, f := range app.Model().Flags {
		if name := f.Name; !f.Hidden && name != "help" && name != "version" && name != "web.listen-address" {
			places = append(places, func(secret string) ([]string, graphtest.Variables) { return []string{"--" + name + "=" + secret}, nil },
				func(secret string) ([]string, graphtest.Variables) { return []string{"--" + name + secret}, nil })
		}
	}
	for _, name := range []string{
		"AZURE_TENANT_ID", "AZURE_CLIENT_ID", secretFileVariable, certificateVariable, tokenVariable, authorityVariable, "HTTPS_PROXY", "http_proxy",
	} {
		places = append(places, func(secret string) ([]string, graphtest.Variables) { return nil, graphtest.Variables{name: secret} })
	}
	for _, form := range []string{"%", "@%", "-%", "--%", "--no-%", "--graph.client-secret=%"} {
		places = append(places, func(secret string) ([]string, graphtest.Variables) {
			return []string{strings.ReplaceAll(form, "%", secret)}, nil
		})
	}
	for _, secret := range pasted {
		for i, place := range places {
			args, env := place(secret)
			if _, err := Parse(args, env.Get, io.Discard); err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("place %d, %q, %v: %v", i, args, env, err)
			}
		}
	}
}

// TestSecretInTheFile pastes a secret into each field of the configuration file.
func TestSecretInTheFile(t *testing.T) {
	t.Parallel()
	tenant := "tenants:\n- name: a\n  tenant_id: " + graphtest.TenantID + "\n  client_id: " + graphtest.ClientID + "\n"
	for _, secret := range pasted {
		quoted := `"` + strings.ReplaceAll(secret, "\n", `\n`) + `"`
		for _, text := range []string{
			quoted, quoted + ": 1", "tenants: " + quoted, "tenants: [" + quoted + "]", "tenants: [{name: " + quoted + "}]", tenant + "  " + quoted + ": x",
			tenant + "  cloud: " + quoted, tenant + "  endpoint: " + quoted, tenant + "  authority: https://" + strings.Trim(quoted, `"`), tenant + "  auth: " + quoted,
			tenant + "  auth: {method: " + quoted + "}", tenant + "  auth: {client_secret: " + quoted + "}", tenant + "  auth: {client_secret_file: " + quoted + "}",
			tenant + "  auth: {client_certificate_file: " + quoted + "}", tenant + "  auth: {client_certificate_file: x, client_key_file: " + quoted + "}",
			tenant + "  auth: {federated_token_file: " + quoted + "}", tenant + "  secret_expires: " + quoted, tenant + "  tags: " + quoted,
			tenant + "  sweep_interval: " + quoted, tenant + "  max_age: " + quoted, tenant + "  requests_per_minute: " + quoted, tenant + "  incident_info: " + quoted,
			"defaults: {max_age: " + quoted + "}", "objectives: [{name: " + quoted + "}]", "objectives: [{name: a, severities: [" + quoted + "], resolve_within: 1h}]",
			"tenants: &" + strings.Trim(quoted, `"`), "tenants: *" + strings.Trim(quoted, `"`), "tenants: !" + strings.Trim(quoted, `"`) + " x", "a: [" + quoted, quoted + ": x\n" + quoted + ": y",
		} {
			path := filepath.Join(t.TempDir(), "config.yml")
			graphtest.Write(t, path, text)
			if _, err := Parse([]string{"--config.check", "--config.file=" + path}, graphtest.None, io.Discard); err == nil || strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}

// TestSecretInTheWebConfiguration pastes a secret into a file that a library reads, whose message quotes
// it.
func TestSecretInTheWebConfiguration(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "web.yml")
	for _, secret := range pasted[:4] {
		graphtest.Write(t, path, "tls_server_config: '"+secret+"'\n")
		_, err := Parse([]string{"--demo", "--web.config.file=" + path}, graphtest.None, io.Discard)
		if err == nil || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), secret[:7]) {
			t.Errorf("got %v", err)
		}
	}
}
