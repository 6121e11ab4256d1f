package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// serveMetrics answers with the tenant of the flags and what the exporter tells of
// itself; where tenants have pages of their own, with the latter alone.
func (f *fleet) serveMetrics(w http.ResponseWriter, r *http.Request) {
	e, release := f.acquire("")
	defer release()
	if e == nil {
		f.metrics.ServeHTTP(w, r)
		return
	}
	e.serve(w, r)
}

// serveProbe answers with the tenant of a file that the target names.
func (f *fleet) serveProbe(w http.ResponseWriter, r *http.Request) {
	name, err := targetOf(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e, release := f.acquire(name)
	defer release()
	if e == nil {
		http.Error(w, fmt.Sprintf("target: no tenant %s is configured", name), http.StatusBadRequest)
		return
	}
	e.serve(w, r)
}

// tenantName is how tenants are named in a configuration file.
var tenantName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// targetOf returns the name that a query asks for. What is not one is not repeated:
// it may be anything.
func targetOf(query string) (string, error) {
	values, err := url.ParseQuery(query)
	targets := values["target"]
	switch {
	case err != nil:
		return "", errors.New("target: the query cannot be read")
	case len(targets) > 1:
		return "", fmt.Errorf("target: given %d times, want it once", len(targets))
	case len(targets) == 0 || targets[0] == "":
		return "", errors.New("target: missing, want the name of a tenant: /probe?target=NAME")
	case strings.ContainsAny(targets[0], ":/."):
		return "", errors.New("target: want the name of a tenant as it is configured, not an address")
	case !tenantName.MatchString(targets[0]):
		return "", errors.New("target: want the name of a tenant as it is configured, of small letters, digits and hyphens")
	}
	return targets[0], nil
}

// A targetGroup is what Prometheus takes from an http_sd_config.
type targetGroup struct {
	Targets []string `json:"targets"`
}

// serveTargets lists every tenant of the file for Prometheus.
func (f *fleet) serveTargets(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	serving := f.serving
	f.mu.Unlock()
	if serving[""] != nil {
		http.Error(w, "no tenants are configured by name, the one of the flags is at /metrics", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode([]targetGroup{{Targets: slices.Sorted(maps.Keys(serving))}})
}
