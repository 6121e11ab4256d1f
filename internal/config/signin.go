package config

import (
	"errors"
	"fmt"
	"strings"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/configfile"
	"msgraph_security_exporter/internal/credential"
)

// An environment looks up a variable. It returns an empty text for one that is not set.
type environment func(name string) string

// secret returns the value of a variable that holds a secret, without the line ends after it.
func (e environment) secret(name string) graphclient.Secret {
	return graphclient.Secret(strings.TrimRight(e(name), "\r\n"))
}

// available holds the credentials from which auto chooses. Each file comes with the name of
// the flag or the variable that names it.
type available struct {
	secretFile, certificateFile, tokenFile setting
	secret, password                       graphclient.Secret
	platform                               string // name of the variable by which the platform offers a managed identity
	fabric                                 bool   // the platform is Service Fabric
}

// A setting is a value, with the name of the flag or variable that it is from.
type setting struct{ name, value string }

// The variables are those of Azure's own libraries, and one for a file with the secret: a file
// is safer than a variable.
const (
	secretFileVariable  = "AZURE_CLIENT_SECRET_FILE"
	secretVariable      = "AZURE_CLIENT_SECRET"
	certificateVariable = "AZURE_CLIENT_CERTIFICATE_PATH"
	passwordVariable    = "AZURE_CLIENT_CERTIFICATE_PASSWORD"
	tokenVariable       = "AZURE_FEDERATED_TOKEN_FILE"
	fabricVariable      = "IDENTITY_SERVER_THUMBPRINT" // of Service Fabric
	authorityVariable   = "AZURE_AUTHORITY_HOST"
)

// credentials returns the credentials that the environment offers.
func (e environment) credentials() available {
	o := available{
		secretFile:      setting{secretFileVariable, e(secretFileVariable)},
		certificateFile: setting{certificateVariable, e(certificateVariable)},
		tokenFile:       setting{tokenVariable, e(tokenVariable)},
		secret:          e.secret(secretVariable),
		password:        e.secret(passwordVariable),
	}
	o.fabric = e(fabricVariable) != ""
	for _, name := range []string{"IDENTITY_ENDPOINT", "MSI_ENDPOINT"} {
		if o.platform == "" && e(name) != "" {
			o.platform = name
		}
	}
	return o
}

// signInFor returns how to sign in to a tenant of a file: as the file says, or by the
// environment if the file leaves it open.
func (e environment) signInFor(auth configfile.Auth) (credential.SignIn, error) {
	if auth.Method == configfile.MethodAuto || auth.Method == configfile.MethodWorkloadIdentity && auth.FederatedTokenFile == "" {
		return e.credentials().choose(auth.Method, "auth.method")
	}
	s := credential.SignIn{Auth: auth}
	for _, f := range []setting{
		{"client_secret_file", auth.ClientSecretFile},
		{"client_certificate_file", auth.ClientCertificateFile},
		{"client_key_file", auth.ClientKeyFile},
		{"certificate_password_file", auth.CertificatePasswordFile},
		{"federated_token_file", auth.FederatedTokenFile},
	} {
		if f.value != "" {
			s.Sources = append(s.Sources, f.name)
		}
	}
	if s.Sources == nil {
		s.Sources = []string{"auth.method"}
	}
	return s, nil
}

// choose returns how to sign in. The method is the one asked for, by the flag or field of that
// name, or for auto the one that the credentials belong to. It does not try what works: that
// takes time, and may differ from one start to the next.
func (a available) choose(asked configfile.Method, by string) (credential.SignIn, error) {
	method, err := a.method(asked)
	if err != nil {
		return credential.SignIn{}, err
	}
	s := credential.SignIn{Auth: configfile.Auth{Method: method}}
	switch method {
	case configfile.MethodSecret:
		return a.withSecret(s)
	case configfile.MethodCertificate:
		return a.withCertificate(s)
	case configfile.MethodWorkloadIdentity:
		s.FederatedTokenFile, s.Sources = a.tokenFile.value, []string{a.tokenFile.name}
		if s.FederatedTokenFile == "" {
			return s, fmt.Errorf("%s: missing", a.tokenFile.name)
		}
		return s, nil
	case configfile.MethodManagedIdentity:
		if a.fabric {
			return s, errServiceFabric
		}
	}
	s.Sources = []string{by}
	if asked == configfile.MethodAuto {
		s.Sources = []string{a.platform}
	}
	return s, nil
}

// method returns the method asked for, or for auto the one that the credentials belong to. A
// secret or a certificate, which a person has given, takes precedence over what a platform
// offers by itself.
func (a available) method(asked configfile.Method) (configfile.Method, error) {
	secret, certificate := a.secretFile.value != "" || a.secret != "", a.certificateFile.value != ""
	switch {
	case asked != configfile.MethodAuto:
		return asked, nil
	case secret && certificate:
		names := []string{a.secretName(), a.certificateFile.name}
		return "", fmt.Errorf("%s belong to different methods, keep one", strings.Join(names, " and "))
	case secret:
		return configfile.MethodSecret, nil
	case certificate:
		return configfile.MethodCertificate, nil
	case a.tokenFile.value != "":
		return configfile.MethodWorkloadIdentity, nil
	case a.platform != "":
		return configfile.MethodManagedIdentity, nil
	}
	return "", errNoCredential
}

// errServiceFabric is the error of the one platform whose identities are not supported: its service
// has a certificate of its own, which nobody has signed.
var errServiceFabric = errors.New("managed identities of Service Fabric (" + fabricVariable + ") are not supported, sign in with a certificate there")

var errNoCredential = errors.New("nothing to sign in with")

// secretName returns the name of the flag or variable that the secret is from.
func (a available) secretName() string {
	if a.secretFile.value != "" {
		return a.secretFile.name
	}
	return secretVariable
}

func (a available) withSecret(s credential.SignIn) (credential.SignIn, error) {
	s.ClientSecretFile, s.Secret, s.Sources = a.secretFile.value, a.secret, []string{a.secretName()}
	switch {
	case s.ClientSecretFile != "" && s.Secret != "":
		return s, fmt.Errorf("%s and %s are both set, keep one of the two", a.secretFile.name, secretVariable)
	case s.Secret != "" && strings.TrimSpace(string(s.Secret)) == "":
		return s, fmt.Errorf("%s: is blank", secretVariable)
	case s.ClientSecretFile == "" && s.Secret == "":
		return s, fmt.Errorf("%s or %s: missing", a.secretFile.name, secretVariable)
	}
	return s, nil
}

func (a available) withCertificate(s credential.SignIn) (credential.SignIn, error) {
	s.ClientCertificateFile, s.Password, s.Sources = a.certificateFile.value, a.password, []string{a.certificateFile.name}
	if s.ClientCertificateFile == "" {
		return s, fmt.Errorf("%s: missing", a.certificateFile.name)
	}
	if s.Password != "" {
		s.Sources = append(s.Sources, passwordVariable)
	}
	return s, nil
}

// methods returns the names of the methods.
func methods() []string {
	var names []string
	for _, m := range []configfile.Method{
		configfile.MethodAuto, configfile.MethodSecret, configfile.MethodCertificate, configfile.MethodWorkloadIdentity, configfile.MethodManagedIdentity, configfile.MethodAzureCLI,
	} {
		names = append(names, string(m))
	}
	return names
}
