package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/config/file"
	"msgraph_security_exporter/internal/credential"
)

// An account is a tenant as it is to be read: where it is, what it may cost, and
// how the exporter signs in there.
type account struct {
	file.Tenant // without a name if it is the one of the flags
	signIn      credential.SignIn
}

// A plan is which tenants are served, and the objectives that their incidents are
// held against: what a reload replaces.
type plan struct {
	accounts   []*account
	objectives []collector.Objective
}

// many reports whether the tenants are those of a file, each of which has a page of
// its own.
func (p *plan) many() bool { return p.accounts[0].Name != "" }

// describe writes what is to be served, a line for each tenant.
func (p *plan) describe(w io.Writer) error {
	for _, a := range p.accounts {
		if _, err := fmt.Fprintf(w, "tenant %s: %s\n", cmp.Or(a.Name, a.TenantID, "of the demo"), a.signIn); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "tenants: %d, objectives: %d, no mistakes\n", len(p.accounts), len(p.objectives))
	return err
}

// A source is where plans come from. Flags and environment stay what they are for as
// long as the process lives: only the file is read again.
type source struct {
	path        string   // of the configuration file; empty: none
	own         *account // of the flags and the environment; nil: they name none
	ofTenant    []string // flags given that are about that one tenant
	environment environment
}

// load returns the plan as the file has it now. The error has a line for each
// mistake, and shows no secret.
func (s *source) load() (*plan, error) {
	f, err := s.read()
	if err != nil {
		return nil, err
	}
	return s.plan(f)
}

// read reads the configuration file, which may be none.
func (s *source) read() (*file.File, error) {
	if s.path == "" {
		return &file.File{}, nil
	}
	return file.Load(s.path)
}

// plan returns the plan that a file makes, together with the flags if it holds no
// tenants. Without objectives in it there are those that a team has by default.
func (s *source) plan(f *file.File) (*plan, error) {
	p := &plan{objectives: collector.DefaultObjectives()}
	if len(f.Objectives) > 0 {
		p.objectives = objectives(f.Objectives)
	}
	var err error
	switch {
	case len(f.Tenants) > 0:
		p.accounts, err = s.accounts(f.Tenants)
	case s.own == nil:
		err = fmt.Errorf("%s: holds no tenants, and the flags name none", s.path)
	default:
		p.accounts = []*account{s.own}
	}
	return p, err
}

// accounts returns the tenants of a file with how to sign in to each.
func (s *source) accounts(tenants []file.Tenant) ([]*account, error) {
	var mistakes []error
	for _, flag := range s.ofTenant {
		mistakes = append(mistakes, fmt.Errorf("%s: not with --config.file=%q, which holds tenants", flag, s.path))
	}
	all := make([]*account, len(tenants))
	for i, t := range tenants {
		in, err := s.environment.signIn(t.Auth)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: tenants.%s.auth: %w", s.path, t.Name, err))
		}
		all[i] = &account{Tenant: located(t), signIn: in}
	}
	return all, errors.Join(mistakes...)
}

// located returns the tenant with the roots of its cloud where it has none of its
// own.
func located(t file.Tenant) file.Tenant {
	for _, c := range graphclient.Clouds() {
		if c.Name == t.Cloud {
			t.Endpoint, t.Authority = cmp.Or(t.Endpoint, c.Endpoint), cmp.Or(t.Authority, c.Authority)
		}
	}
	return t
}
