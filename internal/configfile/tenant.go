package configfile

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

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

// Limits bound what a tenant costs. The block "defaults" of the file sets them for every tenant
// that does not set them itself.
type Limits struct {
	RequestsPerMinute  int
	SweepInterval      time.Duration
	MaxAge             time.Duration
	MinRefreshInterval time.Duration // 0: every pull refreshes
	IncidentInfo       int           // how many incidents are shown one by one
	Tags               []string      // custom tags that are counted, sorted
}

// Equal reports whether two tenants have the same configuration, so that the stack of one can
// go on serving the other.
func (t Tenant) Equal(u Tenant) bool { return reflect.DeepEqual(t, u) }

// The bounds are those of the flags.
const (
	shortestInterval = "10s"
	longestInterval  = "24h"
	minRequests      = 10 // what pulls need, whatever gives way to them
	maxRequests      = 100_000
	maxIncidentInfo  = 100
	maxTags          = 20
	maxTag           = 100 // characters
)

var (
	guid   = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	domain = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?(\.[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?)+$`)
)

// IsGUID reports whether a text is a GUID.
func IsGUID(s string) bool { return guid.MatchString(s) }

// IsDomain reports whether a text is the name of a domain.
func IsDomain(s string) bool { return domain.MatchString(s) }

// tenants reads the list of tenants.
func (r *reader) tenants(at place, base Limits) []Tenant {
	var all []Tenant
	names := names{}
	r.list(at, true, func(at place) {
		all = append(all, r.tenant(at, base, names))
	})
	return all
}

// tenant reads a tenant, whose limits are base unless it sets them.
func (r *reader) tenant(at place, base Limits, names names) Tenant {
	t := Tenant{Cloud: "public", Auth: Auth{Method: MethodAuto}, Limits: base}
	known := r.limits(&t.Limits)
	known["name"] = r.unique(names, &t.Name)
	known["tenant_id"] = r.text(&t.TenantID, "want the directory (tenant) id, a GUID, or a domain of the tenant such as contoso.onmicrosoft.com", guid, domain)
	known["client_id"] = r.text(&t.ClientID, "want the application (client) id, the GUID on the overview page of the app registration", guid)
	known["cloud"] = r.cloud(&t.Cloud)
	known["endpoint"] = r.endpoint(&t.Endpoint)
	known["authority"] = r.endpoint(&t.Authority)
	known["auth"] = func(at place) { t.Auth = r.auth(at) }
	known["secret_expires"] = r.date(&t.SecretExpires)
	given := r.mapping(at, known)
	r.require(at, given, "name", "tenant_id")
	r.checkAges(given, t.Limits)
	r.checkClient(at, given, t.Auth.Method)
	return t
}

// checkClient checks the fields that depend on the method.
func (r *reader) checkClient(at place, given map[string]place, method Method) {
	if method != MethodManagedIdentity && method != MethodAzureCLI {
		r.require(at, given, "client_id")
	}
	if end, ok := given["secret_expires"]; ok && method != MethodAuto && method != MethodSecret {
		r.wrong(end, "not with method %s, which has no client secret", method)
	}
}

// limits returns the fields that defaults and tenants share.
func (r *reader) limits(l *Limits) fields {
	return fields{
		"requests_per_minute":  r.number(&l.RequestsPerMinute, minRequests, maxRequests),
		"sweep_interval":       r.duration(&l.SweepInterval, shortestInterval, longestInterval),
		"max_age":              r.duration(&l.MaxAge, shortestInterval, longestInterval),
		"min_refresh_interval": r.duration(&l.MinRefreshInterval, "0s", longestInterval),
		"incident_info":        r.number(&l.IncidentInfo, 0, maxIncidentInfo),
		"tags":                 func(at place) { l.Tags = r.tags(at) },
	}
}

// checkAges compares two limits if one of them is given. If neither is, they come from the
// defaults, where they have been compared.
func (r *reader) checkAges(given map[string]place, l Limits) {
	for _, name := range []string{"min_refresh_interval", "max_age"} {
		if at, ok := given[name]; ok && l.MinRefreshInterval >= l.MaxAge {
			r.wrong(at, "want min_refresh_interval to be less than max_age")
			return
		}
	}
}

// tags reads custom tags of incidents. Users of Defender choose them freely.
func (r *reader) tags(at place) []string {
	if len(at.node.Content) > maxTags && at.node.Kind == yaml.SequenceNode {
		r.wrong(at, "want at most %d", maxTags)
		return nil
	}
	var all []string
	r.list(at, false, func(at place) {
		tag, ok := r.scalar(at)
		if !ok {
			return
		}
		same := func(other string) bool { return strings.EqualFold(other, tag) }
		switch {
		case len([]rune(tag)) > maxTag:
			r.wrong(at, "want at most %d characters", maxTag)
		case slices.ContainsFunc(all, same):
			r.wrong(at, "is given twice")
		}
		all = append(all, tag)
	})
	slices.Sort(all)
	return all
}
