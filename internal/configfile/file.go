// Package configfile turns the configuration file into checked tenants and objectives. Every
// mistake in the file is reported at once, each with its line and its path.
package configfile

import (
	"fmt"
	"time"

	"msgraph_security_exporter/internal/show"
)

// A File is what a configuration file says, checked, with every default filled in. It has
// tenants, objectives, or both.
type File struct {
	Tenants    []Tenant
	Objectives []Objective
}

// Load reads a configuration file. The error has a line for each mistake.
func Load(path string) (*File, error) {
	text, _, err := ReadRegular(path, maxSize, "reload")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", show.Path(path), Cause(err))
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
		"tenants":    func(at place) { tenants = at }, // read last: the defaults may stand below
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
