// Package statuspage shows how the tenants stand to somebody with a browser.
//
// A page is made of an answer of the metrics: it shows no number that /metrics does not have, and each of
// one snapshot. A view never waits for Microsoft Graph; it asks for a refresh, which the next view shows.
package statuspage

import "github.com/prometheus/client_golang/prometheus"

// A Tenant is one that is shown.
type Tenant struct {
	Metrics prometheus.Gatherer // noted by the history, see [History.Observe]
	History *History
}

// A Fleet is the tenants to show. Its methods may be called at once.
type Fleet interface {
	// Names returns the names of the tenants, sorted; the only one of the flags has none.
	Names() []string
	// Acquire returns a tenant, which stays as it is until release is called.
	Acquire(name string) (t Tenant, release func(), ok bool)
	// Refresh has tenants brought up to date, and their metrics gathered then. It does not wait.
	Refresh(names []string)
}

// Options are what all pages say.
type Options struct {
	Version        string
	Demo, Profiles bool // whether the tenant is invented, and whether there are profiles of the process
}

// A page makes the views of the tenants.
type page struct {
	fleet   Fleet
	options Options
}
