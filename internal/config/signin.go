package config

import (
	"errors"
	"fmt"
	"strings"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/configfile"
	"msgraph_security_exporter/internal/credential"
)

// An environment is where variables are looked up. Empty is not given.
type environment func(name string) string

// hidden returns the value of a variable that nobody may see.
func (e environment) hidden(name string) graphclient.Secret {
	return graphclient.Secret(strings.TrimRight(e(name), "\r\n"))
}

// An offer is what there is to sign in with, where nobody has said all of it. Each
// file comes with the name of the flag or the variable that names it.
type offer struct {
	secretFile, certificateFile, tokenFile given
	secret, password                       graphclient.Secret
	platform                               string // the variable by which one offers managed identities
}

// given is a value and where it is from.
type given struct{ name, value string }

// The variables are those of Azure's own libraries, and one more, since a file is
// better than a variable.
const (
	secretFileVariable  = "AZURE_CLIENT_SECRET_FILE"
	secretVariable      = "AZURE_CLIENT_SECRET"
	certificateVariable = "AZURE_CLIENT_CERTIFICATE_PATH"
	passwordVariable    = "AZURE_CLIENT_CERTIFICATE_PASSWORD"
	tokenVariable       = "AZURE_FEDERATED_TOKEN_FILE"
	authorityVariable   = "AZURE_AUTHORITY_HOST"
)

// offer returns what the environment offers.
func (e environment) offer() offer {
	o := offer{
		secretFile:      given{secretFileVariable, e(secretFileVariable)},
		certificateFile: given{certificateVariable, e(certificateVariable)},
		tokenFile:       given{tokenVariable, e(tokenVariable)},
		secret:          e.hidden(secretVariable),
		password:        e.hidden(passwordVariable),
	}
	for _, name := range []string{"IDENTITY_ENDPOINT", "MSI_ENDPOINT"} {
		if o.platform == "" && e(name) != "" {
			o.platform = name
		}
	}
	return o
}

// signIn returns how the tenant of a file signs in: as the file says, and by the
// environment where the file leaves it open.
func (e environment) signIn(a configfile.Auth) (credential.SignIn, error) {
	if a.Method == configfile.MethodAuto || a.Method == configfile.MethodWorkloadIdentity && a.FederatedTokenFile == "" {
		return e.offer().signIn(a.Method, "auth.method")
	}
	s := credential.SignIn{Auth: a}
	for _, f := range []given{
		{"client_secret_file", a.ClientSecretFile},
		{"client_certificate_file", a.ClientCertificateFile},
		{"client_key_file", a.ClientKeyFile},
		{"certificate_password_file", a.CertificatePasswordFile},
		{"federated_token_file", a.FederatedTokenFile},
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

// signIn returns how to sign in by the method that is asked for, by that name, or
// else by the one that the offer makes clear. It looks at the offer only: to try
// what works would take its time, and could change from one start to the next.
func (o offer) signIn(asked configfile.Method, by string) (credential.SignIn, error) {
	method, err := o.method(asked)
	if err != nil {
		return credential.SignIn{}, err
	}
	s := credential.SignIn{Auth: configfile.Auth{Method: method}}
	switch method {
	case configfile.MethodSecret:
		return o.withSecret(s)
	case configfile.MethodCertificate:
		return o.withCertificate(s)
	case configfile.MethodWorkloadIdentity:
		s.FederatedTokenFile, s.Sources = o.tokenFile.value, []string{o.tokenFile.name}
		if s.FederatedTokenFile == "" {
			return s, fmt.Errorf("%s: missing", o.tokenFile.name)
		}
		return s, nil
	}
	s.Sources = []string{by}
	if asked == configfile.MethodAuto {
		s.Sources = []string{o.platform}
	}
	return s, nil
}

// method returns the method that is asked for, or else the one that the offer makes
// clear. What a platform puts there unasked gives way to what a person does.
func (o offer) method(asked configfile.Method) (configfile.Method, error) {
	secret, certificate := o.secretFile.value != "" || o.secret != "", o.certificateFile.value != ""
	switch {
	case asked != configfile.MethodAuto:
		return asked, nil
	case secret && certificate:
		names := []string{o.secretName(), o.certificateFile.name}
		return "", fmt.Errorf("%s belong to different methods, keep one", strings.Join(names, " and "))
	case secret:
		return configfile.MethodSecret, nil
	case certificate:
		return configfile.MethodCertificate, nil
	case o.tokenFile.value != "":
		return configfile.MethodWorkloadIdentity, nil
	case o.platform != "":
		return configfile.MethodManagedIdentity, nil
	}
	return "", errNoOffer
}

var errNoOffer = errors.New("nothing to sign in with")

// secretName returns where the secret is from.
func (o offer) secretName() string {
	if o.secretFile.value != "" {
		return o.secretFile.name
	}
	return secretVariable
}

func (o offer) withSecret(s credential.SignIn) (credential.SignIn, error) {
	s.ClientSecretFile, s.Secret, s.Sources = o.secretFile.value, o.secret, []string{o.secretName()}
	switch {
	case s.ClientSecretFile != "" && s.Secret != "":
		return s, fmt.Errorf("%s and %s are both set, keep one of the two", o.secretFile.name, secretVariable)
	case s.ClientSecretFile == "" && s.Secret == "":
		return s, fmt.Errorf("%s or %s: missing", o.secretFile.name, secretVariable)
	}
	return s, nil
}

func (o offer) withCertificate(s credential.SignIn) (credential.SignIn, error) {
	s.ClientCertificateFile, s.Password, s.Sources = o.certificateFile.value, o.password, []string{o.certificateFile.name}
	if s.ClientCertificateFile == "" {
		return s, fmt.Errorf("%s: missing", o.certificateFile.name)
	}
	if s.Password != "" {
		s.Sources = append(s.Sources, passwordVariable)
	}
	return s, nil
}

// methods returns the names of the ways to sign in.
func methods() []string {
	var names []string
	for _, m := range []configfile.Method{
		configfile.MethodAuto, configfile.MethodSecret, configfile.MethodCertificate, configfile.MethodWorkloadIdentity, configfile.MethodManagedIdentity, configfile.MethodAzureCLI,
	} {
		names = append(names, string(m))
	}
	return names
}
