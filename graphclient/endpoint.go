package graphclient

import (
	"fmt"
	"net"
	"net/url"
)

// A Cloud is one of Microsoft's sovereign environments.
type Cloud struct{ Authority, Endpoint string }

var clouds = map[string]Cloud{
	"public":    {"https://login.microsoftonline.com", "https://graph.microsoft.com"},
	"usgov":     {"https://login.microsoftonline.us", "https://graph.microsoft.us"},
	"usgov-dod": {"https://login.microsoftonline.us", "https://dod-graph.microsoft.us"},
}

// CloudNamed returns the cloud of that name: public (also GCC), usgov (GCC High)
// or usgov-dod.
func CloudNamed(name string) (Cloud, error) {
	if c, ok := clouds[name]; ok {
		return c, nil
	}
	if name == "china" {
		return Cloud{}, fmt.Errorf("cloud %q: Microsoft Graph operated by 21Vianet has no security incidents", name)
	}
	return Cloud{}, fmt.Errorf("cloud %q: want public, usgov or usgov-dod", name)
}

// ParseEndpoint parses the root of a service: https, or http to a literal
// loopback address or to localhost, without user, path, query or fragment.
func ParseEndpoint(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("endpoint %q: not a URL", s)
	}
	switch {
	case u.User != nil:
		return nil, fmt.Errorf("endpoint of host %q: must not carry a user", u.Host)
	case u.Hostname() == "":
		return nil, fmt.Errorf("endpoint %q: no host", s)
	case u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/":
		return nil, fmt.Errorf("endpoint %q: want scheme and host only", s)
	case u.Scheme == "https":
	case u.Scheme == "http" && loopback(u.Hostname()):
	default:
		return nil, fmt.Errorf("endpoint %q: want https, or http to a loopback address", s)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// loopback reports whether a host is this machine beyond doubt, without asking a
// name server.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
