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

// serveMetrics answers with the metrics of the exporter itself, and with those of the tenant
// of the flags if there is one.
func (f *fleet) serveMetrics(w http.ResponseWriter, r *http.Request) {
	e, release := f.acquire("")
	defer release()
	if e == nil {
		f.metrics.ServeHTTP(w, r)
		return
	}
	e.serve(w, r)
}

// serveProbe answers with the metrics of the tenant that the target names.
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

// tenantName matches the names that tenants have in a configuration file.
var tenantName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// targetOf returns the target of a query. Its errors do not repeat the query, which may hold
// anything.
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

// A targetGroup is a group of targets in the format of http_sd_configs.
type targetGroup struct {
	Targets []string `json:"targets"`
}

// serveTargets answers with the names of all tenants, for http_sd_configs.
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
