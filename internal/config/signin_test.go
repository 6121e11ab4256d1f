package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/internal/config/file"
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
		auth file.Auth
		want string
	}{
		{"nothing", nil, file.Auth{}, "nothing to sign in with"},
		{"secret", graphtest.Variables{"AZURE_CLIENT_SECRET": graphtest.Secret + "\n"}, file.Auth{}, "signs in by secret (AZURE_CLIENT_SECRET)"},
		{"secret in a file", graphtest.Variables{"AZURE_CLIENT_SECRET_FILE": "s"}, file.Auth{}, "signs in by secret (AZURE_CLIENT_SECRET_FILE)"},
		{"secret twice", graphtest.Variables{"AZURE_CLIENT_SECRET_FILE": "s", "AZURE_CLIENT_SECRET": graphtest.Secret}, file.Auth{},
			"AZURE_CLIENT_SECRET_FILE and AZURE_CLIENT_SECRET are both set, keep one of the two"},
		{"certificate", graphtest.Variables{"AZURE_CLIENT_CERTIFICATE_PATH": "c.pem"}, file.Auth{}, "signs in by certificate (AZURE_CLIENT_CERTIFICATE_PATH)"},
		{"certificate with a password", graphtest.Variables{"AZURE_CLIENT_CERTIFICATE_PATH": "c.pfx", "AZURE_CLIENT_CERTIFICATE_PASSWORD": graphtest.Secret}, file.Auth{},
			"signs in by certificate (AZURE_CLIENT_CERTIFICATE_PATH, AZURE_CLIENT_CERTIFICATE_PASSWORD)"},
		{"secret and certificate", both, file.Auth{}, "AZURE_CLIENT_SECRET and AZURE_CLIENT_CERTIFICATE_PATH belong to different methods, keep one"},
		{"pod", pod, file.Auth{}, "signs in by workload-identity (AZURE_FEDERATED_TOKEN_FILE)"},
		{"platform", graphtest.Variables{"IDENTITY_ENDPOINT": "http://localhost"}, file.Auth{}, "signs in by managed-identity (IDENTITY_ENDPOINT)"},
		{"older platform", graphtest.Variables{"MSI_ENDPOINT": "http://localhost"}, file.Auth{}, "signs in by managed-identity (MSI_ENDPOINT)"},
		{"secret in a pod", graphtest.Variables{"AZURE_CLIENT_SECRET": graphtest.Secret, "AZURE_FEDERATED_TOKEN_FILE": "token"}, file.Auth{}, "signs in by secret (AZURE_CLIENT_SECRET)"},
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
			s, err := environment(c.env.Get).signIn(c.auth)
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
