package graphclient

import (
	"net/url"
	"strings"
	"testing"
)

// TestParseEndpoint: a token or secret is sent encrypted or not beyond this machine, whatever
// a name pretends.
func TestParseEndpoint(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"https://graph.microsoft.com", "https://graph.microsoft.com"},
		{"https://graph.microsoft.com/", "https://graph.microsoft.com"},
		{"HTTPS://Graph.Microsoft.COM:443", "https://graph.microsoft.com:443"},
		{"https://10.1.2.3:8443", "https://10.1.2.3:8443"},
		{"http://localhost:8080", "http://localhost:8080"},
		{"http://127.0.0.1", "http://127.0.0.1"},
		{"http://127.9.8.7:1", "http://127.9.8.7:1"},
		{"http://[::1]:8080", "http://[::1]:8080"},
		{"http://graph.microsoft.com", ""},
		{"http://localhost.evil.example", ""},
		{"http://evil.example/localhost", ""},
		{"http://LOCALHOST", ""},
		{"http://localhost.", ""},
		{"http://127.0.0.1.nip.io", ""},
		{"http://127.1", ""},
		{"http://2130706433", ""},
		{"http://0x7f.0.0.1", ""},
		{"http://0.0.0.0", ""},
		{"http://[::1%25lo]", ""},
		{"http://localhost@evil.example", ""},
		{"https://user:hunter2@graph.microsoft.com", ""},
		{"https://user:hunter2@graph.microsoft.com:x", ""},
		{"https:user:hunter2@graph.microsoft.com", ""},
		{"https://graph.microsoft.com/v1.0", ""},
		{"https://graph.microsoft.com?token=hunter2", ""},
		{"https://graph.microsoft.com#x", ""},
		{"https://graph.microsoft.com:0", ""},
		{"https://graph.microsoft.com:65536", ""},
		{"https://graph.microsoft.com:", ""},
		{"https:graph.microsoft.com", ""},
		{"https:///v1.0", ""},
		{"graph.microsoft.com", ""},
		{"ftp://localhost", ""},
		{"://", ""},
		{"https://a\nb", ""},
		{"", ""},
	} {
		got, err := ParseEndpoint(tc.in)
		switch {
		case err == nil && got.String() != tc.want:
			t.Errorf("%q: got %q, want %q", tc.in, got, tc.want)
		case err != nil && tc.want != "":
			t.Errorf("%q: %v", tc.in, err)
		case err != nil && (strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "hunter2")):
			t.Errorf("%q: error of several lines, or with a password: %v", tc.in, err)
		}
	}
}

// TestSameOrigin: only scheme, host and port decide where a token may go, and a default port
// is the same port when it is written out.
func TestSameOrigin(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"https://graph.test/a", "https://GRAPH.test/b?c", true},
		{"https://graph.test", "https://graph.test:443", true},
		{"http://localhost:80", "http://localhost", true},
		{"https://graph.test", "http://graph.test", false},
		{"https://graph.test", "https://graph.test:8443", false},
		{"https://graph.test", "https://sub.graph.test", false},
		{"https://graph.test", "https://graph.test.", false},
		{"https://graph.test", "https://graph.test.evil.example", false},
	} {
		a, _ := url.Parse(tc.a)
		b, _ := url.Parse(tc.b)
		if got := sameOrigin(a, b); got != tc.want {
			t.Errorf("%s and %s: got %t", tc.a, tc.b, got)
		}
	}
}

// TestClouds: each known cloud has roots that are accepted, and one without incidents says so.
func TestClouds(t *testing.T) {
	for _, want := range Clouds() {
		got, err := CloudNamed(want.Name)
		if err != nil || got != want {
			t.Errorf("%s: got %v, %v", want.Name, got, err)
		}
		for _, root := range []string{want.Authority, want.Endpoint} {
			if _, err := ParseEndpoint(root); err != nil {
				t.Error(err)
			}
		}
	}
	for name, want := range map[string]string{
		"china": `cloud "china": Microsoft Graph operated by 21Vianet has no security incidents`,
		"moon":  `cloud "moon": want one of public, usgov, usgov-dod`,
	} {
		if _, err := CloudNamed(name); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}
