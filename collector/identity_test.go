package collector

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestIdentity shows ids of all kinds: Graph's as they are, others bounded, in a few
// characters, and different ones differently.
func TestIdentity(t *testing.T) {
	long := strings.Repeat("a", maxIdentity)
	seen := map[string]string{}
	for id, want := range map[string]string{
		"924565":                  "924565",
		"da637551227677560813_-1": "da637551227677560813_-1",
		"":                        "",
		"alice@soc.example":       "alice%40soc.example",
		"a b":                     "a+b",
		"a+b":                     "a%2Bb",
		"\xff\n\"":                "%FF%0A%22",
		long:                      long,
		long + "a":                "", // any, as long as it differs
		long + "b":                "",
		long + "/":                "",
	} {
		got := identity(id)
		if len(id) <= maxIdentity && got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
		if n := utf8.RuneCountInString(got); n > maxIdentity+1 || !utf8.ValidString(got) {
			t.Errorf("%q: got %q of %d characters", id, got, n)
		}
		if other, taken := seen[got]; taken {
			t.Errorf("%q and %q are both shown as %q", id, other, got)
		}
		seen[got] = id
	}
}

func TestLink(t *testing.T) {
	for address, want := range map[string]string{
		"": "",
		"https://security.microsoft.com/incident2/7/overview?tid=x":        "https://security.microsoft.com/incident2/7/overview?tid=x",
		"http://security.microsoft.com/incident2/7":                        "",
		"javascript:alert(1)":                                              "",
		"https://alice:secret@security.microsoft.com/":                     "",
		"https://" + strings.Repeat("x", maxLink):                          "",
		"https://x/\x00":                                                   "",
		"https:///incident2/7":                                             "",
		"https:incident2":                                                  "",
		"//security.microsoft.com/incident2/7":                             "",
		"HTTPS://security.microsoft.com/ü":                                 "https://security.microsoft.com/%C3%BC",
		"https://security.microsoft.com/" + strings.Repeat("ü", maxLink/4): "",
	} {
		if got := link(address); got != want {
			t.Errorf("%q: got %q, want %q", address, got, want)
		}
	}
}
