package configfile

import (
	"slices"
	"strings"
)

// An Auth is how the exporter signs in. Paths that are relative in the file are relative to
// its folder. The files themselves are not read.
type Auth struct {
	Method                  Method
	ClientSecretFile        string
	ClientCertificateFile   string
	ClientKeyFile           string
	CertificatePasswordFile string
	FederatedTokenFile      string
}

// A Method is a way to sign in.
type Method string

// The methods. Auto leaves the choice to the environment. An Auth has it only if the file names
// neither another method nor a file of one.
const (
	MethodAuto             Method = "auto"
	MethodSecret           Method = "secret"
	MethodCertificate      Method = "certificate"
	MethodWorkloadIdentity Method = "workload-identity"
	MethodManagedIdentity  Method = "managed-identity"
	MethodAzureCLI         Method = "azure-cli"
)

// methodFiles are the files of a way to sign in: the one that it needs, if any, and those
// that it may have.
type methodFiles struct {
	name   Method
	needs  string
	allows []string
}

var methodFileTable = []methodFiles{
	{MethodAuto, "", authFiles},
	{MethodSecret, "client_secret_file", nil},
	{MethodCertificate, "client_certificate_file", []string{"client_key_file", "certificate_password_file"}},
	{MethodWorkloadIdentity, "", []string{"federated_token_file"}},
	{MethodManagedIdentity, "", nil},
	{MethodAzureCLI, "", nil},
}

func (r *reader) auth(at place) Auth {
	a := Auth{Method: MethodAuto}
	given := r.mapping(at, fields{
		"method":                    r.choice((*string)(&a.Method), methodNames()),
		"client_secret_file":        r.path(&a.ClientSecretFile),
		"client_certificate_file":   r.path(&a.ClientCertificateFile),
		"client_key_file":           r.path(&a.ClientKeyFile),
		"certificate_password_file": r.path(&a.CertificatePasswordFile),
		"federated_token_file":      r.path(&a.FederatedTokenFile),
	})
	if a.Method == MethodAuto {
		a.Method = r.impliedMethod(at, given)
	}
	r.checkFiles(at, given, a.Method)
	return a
}

func methodNames() []string {
	var all []string
	for _, w := range methodFileTable {
		all = append(all, string(w.name))
	}
	return all
}

// impliedMethod returns the method that the files belong to. Files of two methods are a
// mistake: which of the two is meant could only be guessed.
func (r *reader) impliedMethod(at place, given map[string]place) Method {
	var found []Method
	var because []string
	for _, w := range methodFileTable[1:] {
		for _, name := range append([]string{w.needs}, w.allows...) {
			if _, ok := given[name]; ok && !slices.Contains(found, w.name) {
				found, because = append(found, w.name), append(because, name)
			}
		}
	}
	switch len(found) {
	case 0:
		return MethodAuto
	case 1:
		return found[0]
	}
	r.wrong(at, "%s belong to different methods, keep one", strings.Join(because, " and "))
	return MethodAuto
}

// checkFiles checks that a method has the files that it needs, and no others.
func (r *reader) checkFiles(at place, given map[string]place, method Method) {
	w := methodFileTable[slices.IndexFunc(methodFileTable, func(w methodFiles) bool { return w.name == method })]
	if w.needs != "" {
		r.require(at, given, w.needs)
	}
	for _, name := range authFiles {
		if file, ok := given[name]; ok && name != w.needs && !slices.Contains(w.allows, name) {
			r.wrong(file, "not with method %s", method)
		}
	}
}
