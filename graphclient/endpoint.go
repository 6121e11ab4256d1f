package graphclient

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"msgraph_security_exporter/internal/show"
)

// A Cloud is one of Microsoft's environments that has security incidents.
type Cloud struct {
	Name      string
	Authority string // root of the sign-in service
	Endpoint  string // root of Microsoft Graph, without a version
}

// Clouds returns the known clouds, the usual one first.
func Clouds() []Cloud {
	return []Cloud{
		{"public", "https://login.microsoftonline.com", "https://graph.microsoft.com"}, // also GCC
		{"usgov", "https://login.microsoftonline.us", "https://graph.microsoft.us"},    // GCC High, L4
		{"usgov-dod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"},
	}
}

// CloudNamed returns the cloud of that name.
func CloudNamed(name string) (Cloud, error) {
	var names []string
	for _, c := range Clouds() {
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	if name == "china" {
		return Cloud{}, fmt.Errorf("cloud %s: Microsoft Graph operated by 21Vianet has no security incidents", show.Value(name))
	}
	return Cloud{}, fmt.Errorf("cloud %s: want one of %s", show.Value(name), strings.Join(names, ", "))
}

// ParseEndpoint parses the root of a service: https, or http to a literal loopback address
// or to exactly localhost, since neither a token nor a secret may cross a network in the
// clear. User, path, query and fragment are refused. The error is one line and does not
// show what may be a password.
func ParseEndpoint(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil && strings.Contains(s, "@"):
		return nil, fmt.Errorf("endpoint: not a URL")
	case err != nil:
		return nil, fmt.Errorf("endpoint %s: not a URL", show.Host(s))
	case u.User != nil || strings.Contains(u.Opaque, "@"):
		return nil, fmt.Errorf("endpoint of host %s: must not carry a user", show.Value(u.Hostname()))
	case u.Hostname() == "" || !validPort(u):
		return nil, fmt.Errorf("endpoint %s: want scheme://host or scheme://host:port", show.Host(s))
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("endpoint of host %s: want scheme and host only, no path or query", show.Value(u.Hostname()))
	case u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
		return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, nil
	}
	return nil, fmt.Errorf("endpoint %s: want https, or http to a loopback address or localhost", show.Host(s))
}

// validPort reports whether a port, if there is one, is a number that can be one.
func validPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.Atoi(u.Port())
	return err == nil && n > 0 && n < 1<<16
}

// loopback reports whether a host is this machine beyond doubt: no name server is asked,
// and localhost.example is not localhost.
func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// sameOrigin reports whether two URLs lead to one scheme, host and port.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && equalASCII(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
