package main

import (
	"fmt"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/graphclient"
	file "msgraph_security_exporter/internal/config"
)

// An account is a tenant as it is to be read: where it is, what it may cost, and
// how the exporter signs in there.
type account struct {
	file.Tenant // without a name if it is the one of the flags
	method      string
	secret      func() (graphclient.Secret, error)
}

// A plan is which tenants are served, and the objectives that their incidents are
// held against: what a reload replaces.
type plan struct {
	accounts   []*account
	objectives []collector.Objective
}

// A source is where plans come from.
type source struct {
	path string   // of the configuration file; empty: none
	own  *account // of the flags
}

// load reads the configuration file. Without objectives in one there are those that
// a team has by default.
func (s *source) load() (*plan, error) {
	p := &plan{accounts: []*account{s.own}, objectives: collector.DefaultObjectives()}
	if s.path == "" {
		return p, nil
	}
	f, err := file.Load(s.path)
	if err != nil {
		return nil, err
	}
	if len(f.Tenants) > 0 {
		return nil, fmt.Errorf("--config.file=%q: tenants of a file cannot be served yet, only its objectives", s.path)
	}
	if len(f.Objectives) > 0 {
		p.objectives = objectives(f.Objectives)
	}
	return p, nil
}
