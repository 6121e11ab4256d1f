package configfile

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"msgraph_security_exporter/internal/show"
)

// clouds are the clouds that have security incidents.
var clouds = []string{"public", "usgov", "usgov-dod"}

// chinaNames are the usual names of 21Vianet's cloud, without hyphens.
var chinaNames = []string{"china", "cn", "azurechina", "azurechinacloud", "chinacloud", "mooncake", "21vianet"}

// cloud reads the name of a cloud.
func (r *reader) cloud(to *string) func(place) {
	return func(at place) {
		for _, c := range chinaNames {
			if at.node.Value != "" && normalized(at.node.Value) == c {
				r.wrong(at, "%s: Microsoft Graph operated by 21Vianet has no security incidents", show.Value(at.node.Value))
				return
			}
		}
		r.choice(to, clouds)(at)
	}
}

// endpoint reads the root of a service: https, or http to a literal loopback address or to
// exactly localhost, since neither a token nor a secret may cross a network in the clear.
func (r *reader) endpoint(to *string) func(place) {
	return func(at place) {
		s, ok := r.scalar(at)
		if !ok {
			return
		}
		if reason := endpointMistake(s); reason != "" {
			r.wrong(at, "%s", reason)
			return
		}
		*to = s
	}
}

// endpointMistake says why a text is not the root of a service. It does not quote the text,
// which may hold a password.
func endpointMistake(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "is not a URL"
	case u.User != nil || strings.Contains(u.Opaque, "@"):
		return "must not carry a user"
	case u.Hostname() == "" || !validPort(u):
		return "want scheme://host or scheme://host:port"
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return "want scheme and host only, no path or query"
	case u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
		return ""
	}
	return "want https, or http to a loopback address or localhost"
}

// validPort reports whether a URL has a valid port or none.
func validPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.Atoi(u.Port())
	return err == nil && n > 0 && n < 1<<16
}

// loopback reports whether a host is a literal loopback address or localhost.
func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
