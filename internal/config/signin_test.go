package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/internal/configfile"
	"msgraph_security_exporter/internal/graphtest"
)

// TestSignIn shows which method comes of what an environment offers, and what is said
// to have made it so.
func TestSignIn(t *testing.T) {
	t.Parallel()
	both := graphtest.Variables{"AZURE_CLIENT_SECRET": graphtest.Secret, "AZURE_CLIENT_CERTIFICATE_PATH": "c.pem", "AZURE_FEDERATED_TOKEN_FILE": "token"}
	pod := graphtest.Variables{"AZURE_FEDERATED_TOKEN_FILE": "token", "IDENTITY_ENDPOINT": "http://localhost"}
	for _, c := range []struct {
		name string
		env  graphtest.Variables
		auth configfile.Auth
		want string
	}{
		{"nothing", nil, configfile.Auth{}, "nothing to sign in with"},
		{"secret", graphtest.Variables{"AZURE_CLIENT_SECRET": graphtest.Secret + "\n"}, configfile.Auth{}, "signs in by secret (AZURE_CLIENT_SECRET)"},
		{"secret in a file", graphtest.Variables{"AZURE_CLIENT_SECRET_FILE": "s"}, configfile.Auth{}, "signs in by secret (AZURE_CLIENT_SECRET_FILE)"},
		{"secret twice", graphtest.Variables{"AZURE_CLIENT_SECRET_FILE": "s", "AZURE_CLIENT_SECRET": graphtest.Secret}, configfile.Auth{},
			"AZURE_CLIENT_SECRET_FILE and AZURE_CLIENT_SECRET are both set, keep one of the two"},
		{"certificate", graphtest.Variables{"AZURE_CLIENT_CERTIFICATE_PATH": "c.pem"}, configfile.Auth{}, "signs in by certificate (AZURE_CLIENT_CERTIFICATE_PATH)"},
		{"certificate with a password", graphtest.Variables{"AZURE_CLIENT_CERTIFICATE_PATH": "c.pfx", "AZURE_CLIENT_CERTIFICATE_PASSWORD": graphtest.Secret}, configfile.Auth{},
			"signs in by certificate (AZURE_CLIENT_CERTIFICATE_PATH, AZURE_CLIENT_CERTIFICATE_PASSWORD)"},
		{"secret and certificate", both, configfile.Auth{}, "AZURE_CLIENT_SECRET and AZURE_CLIENT_CERTIFICATE_PATH belong to different methods, keep one"},
		{"pod", pod, configfile.Auth{}, "signs in by workload-identity (AZURE_FEDERATED_TOKEN_FILE)"},
		{"platform", graphtest.Variables{"IDENTITY_ENDPOINT": "http://localhost"}, configfile.Auth{}, "signs in by managed-identity (IDENTITY_ENDPOINT)"},
		{"older platform", graphtest.Variables{"MSI_ENDPOINT": "http://localhost"}, configfile.Auth{}, "signs in by managed-identity (MSI_ENDPOINT)"},
		{"secret in a pod", graphtest.Variables{"AZURE_CLIENT_SECRET": graphtest.Secret, "AZURE_FEDERATED_TOKEN_FILE": "token"}, configfile.Auth{}, "signs in by secret (AZURE_CLIENT_SECRET)"},
		{"file's own secret", both, configfile.Auth{Method: configfile.MethodSecret, ClientSecretFile: "s"}, "signs in by secret (client_secret_file)"},
		{"file's own certificate", both, configfile.Auth{Method: configfile.MethodCertificate, ClientCertificateFile: "c", ClientKeyFile: "k"},
			"signs in by certificate (client_certificate_file, client_key_file)"},
		{"file asks for the pod's", both, configfile.Auth{Method: configfile.MethodWorkloadIdentity}, "signs in by workload-identity (AZURE_FEDERATED_TOKEN_FILE)"},
		{"file asks for the pod's, which has none", nil, configfile.Auth{Method: configfile.MethodWorkloadIdentity}, "AZURE_FEDERATED_TOKEN_FILE: missing"},
		{"file's own token", both, configfile.Auth{Method: configfile.MethodWorkloadIdentity, FederatedTokenFile: "t"}, "signs in by workload-identity (federated_token_file)"},
		{"file asks for the machine's", both, configfile.Auth{Method: configfile.MethodManagedIdentity}, "signs in by managed-identity (auth.method)"},
		{"file asks for the Azure CLI", both, configfile.Auth{Method: configfile.MethodAzureCLI}, "signs in by azure-cli (auth.method)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.auth.Method == "" {
				c.auth.Method = configfile.MethodAuto
			}
			s, err := environment(c.env.Get).signInFor(c.auth)
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
