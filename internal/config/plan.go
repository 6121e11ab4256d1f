package config

import (
	"cmp"
	"errors"
	"fmt"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/configfile"
	"msgraph_security_exporter/internal/credential"
	"msgraph_security_exporter/internal/show"
)

// A Tenant is a tenant to serve: where it is, its limits, and how the exporter signs in.
type Tenant struct {
	configfile.Tenant // the tenant of the flags has no name
	SignIn            credential.SignIn
}

// A Plan holds the tenants to serve and the objectives for their incidents. It is what a
// reload replaces; the rest of a [Config] stays.
type Plan struct {
	Tenants    []*Tenant
	Objectives []configfile.Objective // empty: the default ones
}

// Many reports whether the tenants are those of a file. Each of them has its own page.
func (p *Plan) Many() bool { return p.Tenants[0].Name != "" }

// A Loader loads plans. Flags and environment stay the same for the life of the process: only
// the file is read again.
type Loader struct {
	path        string   // of the configuration file, empty if there is none
	flagTenant  *Tenant  // nil if flags and environment name none
	tenantFlags []string // names of the given flags that describe it
	environment environment
}

// Load reads the file and returns its plan. The error has a line for each mistake, and shows
// no secret.
func (l *Loader) Load() (*Plan, error) {
	f, err := l.read()
	if err != nil {
		return nil, err
	}
	return l.combine(f)
}

// read reads the configuration file, if there is one.
func (l *Loader) read() (*configfile.File, error) {
	if l.path == "" {
		return &configfile.File{}, nil
	}
	return configfile.Load(l.path)
}

// combine returns the plan of a file. If the file holds no tenants, the plan has the tenant of
// the flags.
func (l *Loader) combine(f *configfile.File) (*Plan, error) {
	p := &Plan{Objectives: f.Objectives}
	var err error
	switch {
	case len(f.Tenants) > 0:
		p.Tenants, err = l.fileTenants(f.Tenants)
	case l.flagTenant == nil:
		err = fmt.Errorf("%s: holds no tenants, and the flags name none", show.Path(l.path))
	default:
		p.Tenants = []*Tenant{l.flagTenant}
	}
	return p, err
}

// fileTenants returns the tenants of a file, with the way to sign in to each.
func (l *Loader) fileTenants(tenants []configfile.Tenant) ([]*Tenant, error) {
	var mistakes []error
	for _, flag := range l.tenantFlags {
		mistakes = append(mistakes, fmt.Errorf("%s: not with --config.file=\"%s\", which holds tenants", flag, show.Path(l.path)))
	}
	all := make([]*Tenant, len(tenants))
	for i, t := range tenants {
		in, err := l.environment.signInFor(t.Auth)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: tenants.%s.auth: %w", show.Path(l.path), t.Name, err))
		}
		all[i] = &Tenant{Tenant: withCloud(t), SignIn: in}
	}
	return all, errors.Join(mistakes...)
}

// withCloud returns the tenant with the endpoints of its cloud where it names none.
func withCloud(t configfile.Tenant) configfile.Tenant {
	for _, c := range graphclient.Clouds() {
		if c.Name == t.Cloud {
			t.Endpoint, t.Authority = cmp.Or(t.Endpoint, c.Endpoint), cmp.Or(t.Authority, c.Authority)
		}
	}
	return t
}
