package config

import (
	"cmp"
	"errors"
	"fmt"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/configfile"
	"msgraph_security_exporter/internal/credential"
)

// A Tenant is a tenant as it is to be read: where it is, what it may cost, and
// how the exporter signs in there.
type Tenant struct {
	configfile.Tenant // without a name if it is the one of the flags
	SignIn            credential.SignIn
}

// A Plan is which tenants are served, and the objectives that their incidents are
// held against: what a reload replaces.
type Plan struct {
	Tenants    []*Tenant
	Objectives []configfile.Objective // empty: those that a team has by default
}

// Many reports whether the tenants are those of a file, each of which has a page of
// its own.
func (p *Plan) Many() bool { return p.Tenants[0].Name != "" }

// A Loader is where plans come from. Flags and environment stay what they are for as
// long as the process lives: only the file is read again.
type Loader struct {
	path        string   // of the configuration file; empty: none
	flagTenant  *Tenant  // of the flags and the environment; nil: they name none
	tenantFlags []string // flags given that are about that one tenant
	environment environment
}

// Load returns the plan as the file has it now. The error has a line for each
// mistake, and shows no secret.
func (l *Loader) Load() (*Plan, error) {
	f, err := l.read()
	if err != nil {
		return nil, err
	}
	return l.combine(f)
}

// read reads the configuration file, which may be none.
func (l *Loader) read() (*configfile.File, error) {
	if l.path == "" {
		return &configfile.File{}, nil
	}
	return configfile.Load(l.path)
}

// combine returns the plan that a file makes, together with the flags if it holds no
// tenants.
func (l *Loader) combine(f *configfile.File) (*Plan, error) {
	p := &Plan{Objectives: f.Objectives}
	var err error
	switch {
	case len(f.Tenants) > 0:
		p.Tenants, err = l.fileTenants(f.Tenants)
	case l.flagTenant == nil:
		err = fmt.Errorf("%s: holds no tenants, and the flags name none", l.path)
	default:
		p.Tenants = []*Tenant{l.flagTenant}
	}
	return p, err
}

// fileTenants returns the tenants of a file with how to sign in to each.
func (l *Loader) fileTenants(tenants []configfile.Tenant) ([]*Tenant, error) {
	var mistakes []error
	for _, flag := range l.tenantFlags {
		mistakes = append(mistakes, fmt.Errorf("%s: not with --config.file=%q, which holds tenants", flag, l.path))
	}
	all := make([]*Tenant, len(tenants))
	for i, t := range tenants {
		in, err := l.environment.signInFor(t.Auth)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: tenants.%s.auth: %w", l.path, t.Name, err))
		}
		all[i] = &Tenant{Tenant: withCloud(t), SignIn: in}
	}
	return all, errors.Join(mistakes...)
}

// withCloud returns the tenant with the roots of its cloud where it has none of its
// own.
func withCloud(t configfile.Tenant) configfile.Tenant {
	for _, c := range graphclient.Clouds() {
		if c.Name == t.Cloud {
			t.Endpoint, t.Authority = cmp.Or(t.Endpoint, c.Endpoint), cmp.Or(t.Authority, c.Authority)
		}
	}
	return t
}
