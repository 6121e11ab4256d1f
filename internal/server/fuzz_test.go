package server

import (
	"net/http"
	"strings"
	"testing"
)

// FuzzTarget asks for whatever one may: a target is a valid name or an error, which repeats nothing of
// the query.
func FuzzTarget(f *testing.F) {
	for _, query := range []string{"target=contoso", "target=", "target=a&target=b", "target=http://169.254.169.254/", "target=%zz", "a;b", "target=%00", "name[]=x"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		name, err := targetOf(query)
		switch {
		case err == nil && !tenantName.MatchString(name):
			t.Errorf("%q: %q", query, name)
		case err != nil && name != "":
			t.Errorf("%q: %q and %v", query, name, err)
		case err != nil && len(query) > 40 && strings.Contains(err.Error(), query):
			t.Errorf("%q is repeated: %v", query, err)
		}
	})
}

// FuzzRefreshTimeout gives a header whatever one may: a pull waits for a second to two minutes, less
// what is kept for writing.
func FuzzRefreshTimeout(f *testing.F) {
	for _, value := range []string{"", "10", "0.1", "-1", "1e300", "NaN", "Inf", "0x10", "10s"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		h := http.Header{"X-Prometheus-Scrape-Timeout-Seconds": {value}}
		if d := refreshTimeout(h); d < minTimeout-minTimeout/10 || d > maxTimeout {
			t.Errorf("%q: %s", value, d)
		}
	})
}
