// Package file turns the configuration file into checked tenants and objectives. Every
// mistake in the file is reported at once, each with its line and its path.
package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"time"
)

// maxSize is the size of the longest file that is read, in bytes: room for thousands of
// tenants.
const maxSize = 1 << 20

// A File is what a configuration file says, checked, with every default filled in. It has
// tenants, objectives, or both.
type File struct {
	Tenants    []Tenant
	Objectives []Objective
}

// A Tenant is one Microsoft Entra tenant and how to read it.
type Tenant struct {
	Name      string // like a label of a host name, unique in the file
	TenantID  string // a GUID or a domain
	ClientID  string // a GUID; may be empty where Auth.Method needs none
	Cloud     string // public, usgov or usgov-dod
	Endpoint  string // root of Microsoft Graph, empty for the cloud's
	Authority string // root of the sign-in service, empty for the cloud's
	Auth      Auth
	// SecretExpires is the declared end of the client secret, in UTC, zero if none is.
	SecretExpires time.Time
	Limits
}

// Limits are what a tenant may cost. The block "defaults" of the file sets them for every
// tenant that does not say otherwise.
type Limits struct {
	RequestsPerMinute  int
	SweepInterval      time.Duration
	MaxAge             time.Duration
	MinRefreshInterval time.Duration // 0: every pull refreshes
	IncidentInfo       int           // most incidents that are shown one by one
	Tags               []string      // custom tags that are counted, sorted
}

// An Auth is how the exporter signs in. Paths that were relative in the file are relative
// to its folder. Whether the files exist is not looked at.
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

// The methods. Auto stands for what the environment offers; it remains only where the file
// names neither another method nor a file that belongs to one.
const (
	MethodAuto             Method = "auto"
	MethodSecret           Method = "secret"
	MethodCertificate      Method = "certificate"
	MethodWorkloadIdentity Method = "workload-identity"
	MethodManagedIdentity  Method = "managed-identity"
	MethodAzureCLI         Method = "azure-cli"
)

// An Objective is a time within which incidents are to be acknowledged or to be resolved:
// one of the two is set, the other is zero.
type Objective struct {
	Name              string
	Severities        []string // empty for all, else the mildest first
	Priorities        []string // empty for all, else the highest first
	AcknowledgeWithin time.Duration
	ResolveWithin     time.Duration
}

// Equal reports whether two tenants are the same in everything, so that a stack that serves
// one of them can go on serving the other.
func (t Tenant) Equal(u Tenant) bool { return reflect.DeepEqual(t, u) }

// Load reads a configuration file. The error has a line for each mistake.
func Load(path string) (*File, error) {
	text, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return Parse(path, text)
}

// Parse checks the text of a configuration file of that name. The error has a line for each
// mistake, such as "config.yml:12: tenants.contoso.client_id: missing", and shows no secret.
func Parse(name string, text []byte) (*File, error) {
	root, err := document(name, text)
	if err != nil {
		return nil, err
	}
	r := &reader{name: name}
	file := r.file(place{node: root})
	if err := r.err(); err != nil {
		return nil, err
	}
	return file, nil
}

// file reads the whole file.
func (r *reader) file(at place) *File {
	f := &File{}
	base := Limits{RequestsPerMinute: 120, SweepInterval: 10 * time.Minute, MaxAge: 5 * time.Minute, MinRefreshInterval: time.Second}
	var tenants place
	r.mapping(at, fields{
		"defaults":   func(at place) { r.checkAges(r.mapping(at, r.limits(&base)), base) },
		"tenants":    func(at place) { tenants = at }, // wherever the defaults stand
		"objectives": func(at place) { f.Objectives = r.objectives(at) },
	})
	if tenants.node != nil {
		f.Tenants = r.tenants(tenants, base)
	}
	if len(r.mistakes) == 0 && len(f.Tenants)+len(f.Objectives) == 0 {
		r.wrong(at, "has neither tenants nor objectives")
	}
	return f
}

// read returns what is in a regular file: another, such as a pipe, could not be read anew at
// each reload. A file that is too long is returned in part, which is too long as well.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, Cause(err)
	case info.IsDir():
		return nil, errors.New("is a directory")
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a regular file, which could be read anew at each reload")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, Cause(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	return text, Cause(err)
}

// Cause returns what was wrong with a file without its name, which the message around it
// gives.
func Cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
