package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/internal/config/file"
)

// TestSignIn shows which method comes of what an environment offers, and what is said
// to have made it so.
func TestSignIn(t *testing.T) {
	t.Parallel()
	both := variables{"AZURE_CLIENT_SECRET": secret, "AZURE_CLIENT_CERTIFICATE_PATH": "c.pem", "AZURE_FEDERATED_TOKEN_FILE": "token"}
	pod := variables{"AZURE_FEDERATED_TOKEN_FILE": "token", "IDENTITY_ENDPOINT": "http://localhost"}
	for _, c := range []struct {
		name string
		env  variables
		auth file.Auth
		want string
	}{
		{"nothing", nil, file.Auth{}, "nothing to sign in with"},
		{"secret", variables{"AZURE_CLIENT_SECRET": secret + "\n"}, file.Auth{}, "signs in by secret (AZURE_CLIENT_SECRET)"},
		{"secret in a file", variables{"AZURE_CLIENT_SECRET_FILE": "s"}, file.Auth{}, "signs in by secret (AZURE_CLIENT_SECRET_FILE)"},
		{"secret twice", variables{"AZURE_CLIENT_SECRET_FILE": "s", "AZURE_CLIENT_SECRET": secret}, file.Auth{},
			"AZURE_CLIENT_SECRET_FILE and AZURE_CLIENT_SECRET are both set, keep one of the two"},
		{"certificate", variables{"AZURE_CLIENT_CERTIFICATE_PATH": "c.pem"}, file.Auth{}, "signs in by certificate (AZURE_CLIENT_CERTIFICATE_PATH)"},
		{"certificate with a password", variables{"AZURE_CLIENT_CERTIFICATE_PATH": "c.pfx", "AZURE_CLIENT_CERTIFICATE_PASSWORD": secret}, file.Auth{},
			"signs in by certificate (AZURE_CLIENT_CERTIFICATE_PATH, AZURE_CLIENT_CERTIFICATE_PASSWORD)"},
		{"secret and certificate", both, file.Auth{}, "AZURE_CLIENT_SECRET and AZURE_CLIENT_CERTIFICATE_PATH belong to different methods, keep one"},
		{"pod", pod, file.Auth{}, "signs in by workload-identity (AZURE_FEDERATED_TOKEN_FILE)"},
		{"platform", variables{"IDENTITY_ENDPOINT": "http://localhost"}, file.Auth{}, "signs in by managed-identity (IDENTITY_ENDPOINT)"},
		{"older platform", variables{"MSI_ENDPOINT": "http://localhost"}, file.Auth{}, "signs in by managed-identity (MSI_ENDPOINT)"},
		{"secret in a pod", variables{"AZURE_CLIENT_SECRET": secret, "AZURE_FEDERATED_TOKEN_FILE": "token"}, file.Auth{}, "signs in by secret (AZURE_CLIENT_SECRET)"},
		{"file's own secret", both, file.Auth{Method: file.MethodSecret, ClientSecretFile: "s"}, "signs in by secret (client_secret_file)"},
		{"file's own certificate", both, file.Auth{Method: file.MethodCertificate, ClientCertificateFile: "c", ClientKeyFile: "k"},
			"signs in by certificate (client_certificate_file, client_key_file)"},
		{"file asks for the pod's", both, file.Auth{Method: file.MethodWorkloadIdentity}, "signs in by workload-identity (AZURE_FEDERATED_TOKEN_FILE)"},
		{"file asks for the pod's, which has none", nil, file.Auth{Method: file.MethodWorkloadIdentity}, "AZURE_FEDERATED_TOKEN_FILE: missing"},
		{"file's own token", both, file.Auth{Method: file.MethodWorkloadIdentity, FederatedTokenFile: "t"}, "signs in by workload-identity (federated_token_file)"},
		{"file asks for the machine's", both, file.Auth{Method: file.MethodManagedIdentity}, "signs in by managed-identity (auth.method)"},
		{"file asks for the Azure CLI", both, file.Auth{Method: file.MethodAzureCLI}, "signs in by azure-cli (auth.method)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.auth.Method == "" {
				c.auth.Method = file.MethodAuto
			}
			s, err := environment(c.env.get).signIn(c.auth)
			got := s.String()
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestConfigCheck prints what a good configuration makes, and asks nobody.
func TestConfigCheck(t *testing.T) {
	t.Parallel()
	path := configure(t,
		"  - {name: contoso, tenant_id: contoso.example, client_id: "+clientID+", auth: {client_secret_file: s}}\n",
		"  - {name: fabrikam, tenant_id: fabrikam.example, client_id: "+clientID+"}\n",
		"objectives: [{name: a, resolve_within: 1h}]\n")
	env := variables{"AZURE_CLIENT_CERTIFICATE_PATH": "c.pem", "AZURE_TENANT_ID": tenantID}
	var out strings.Builder
	log := newJournal()
	if err := run(t.Context(), []string{"--config.check", "--config.file=" + path}, env.get, &out, log); err != nil {
		t.Fatal(err)
	}
	want := "tenant contoso: signs in by secret (client_secret_file)\n" +
		"tenant fabrikam: signs in by certificate (AZURE_CLIENT_CERTIFICATE_PATH)\n" +
		"tenants: 2, objectives: 1, no mistakes\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if text, _ := log.read(); text != "" {
		t.Errorf("logged %s", text)
	}
}
