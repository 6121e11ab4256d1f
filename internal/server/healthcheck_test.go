package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/graphtest"
)

// TestHealthcheck asks servers of several kinds: the exporter itself, without a word about
// its tenant, and others that want a password, speak TLS, are not well, or not there.
func TestHealthcheck(t *testing.T) {
	t.Parallel()
	e := start(t, graphtest.None, "--demo", "--web.listen-address=127.0.0.1:0")
	answer := func(code int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/-/healthy" {
				code = http.StatusNotFound
			}
			w.WriteHeader(code)
		})
	}
	locked := httptest.NewServer(answer(http.StatusUnauthorized))
	ill := httptest.NewServer(answer(http.StatusServiceUnavailable))
	encrypted := httptest.NewTLSServer(answer(http.StatusOK))
	gone := httptest.NewServer(answer(http.StatusOK))
	gone.Close()
	for _, server := range []*httptest.Server{locked, ill, encrypted} {
		t.Cleanup(server.Close)
	}
	web := filepath.Join(t.TempDir(), "web.yml")
	graphtest.Write(t, web, "tls_server_config: {cert_file: server.crt, key_file: server.key}\n")
	passwords := filepath.Join(t.TempDir(), "web.yml")
	graphtest.Write(t, passwords, "basic_auth_users: {somebody: hashed}\n")
	for _, test := range []struct {
		url, config, want string // what the error holds, none if empty
	}{
		{e.url, "", ""},
		{locked.URL, passwords, ""},
		{encrypted.URL, web, ""},
		{ill.URL, "", "answered 503"},
		{encrypted.URL, "", "answered 400"},
		{gone.URL, "", "refused"},
		{e.url, web + ".missing", "no such file"},
		{"vsock://:1", "", "TCP addresses only"},
	} {
		args := []string{"--healthcheck", "--web.config.file=" + test.config}
		address := strings.TrimPrefix(strings.TrimPrefix(test.url, "http://"), "https://")
		cfg, err := config.Parse(append(args, "--web.listen-address="+address), graphtest.None, io.Discard)
		if err == nil {
			err = Healthcheck(t.Context(), cfg.Web)
		}
		if got := errorText(err); got != test.want && (test.want == "" || !strings.Contains(got, test.want)) {
			t.Errorf("%s with %q: got %q, want %q", test.url, test.config, got, test.want)
		}
	}
}

// TestHealthcheckAddress shows where an exporter is asked that listens on every address.
func TestHealthcheckAddress(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		":10365":         "http://localhost:10365/-/healthy",
		"0.0.0.0:1":      "http://localhost:1/-/healthy",
		"[::]:1":         "http://localhost:1/-/healthy",
		"[::1]:1":        "http://[::1]:1/-/healthy",
		"10.1.2.3:10365": "http://10.1.2.3:10365/-/healthy",
	} {
		cfg, err := config.Parse([]string{"--healthcheck", "--web.listen-address=" + given}, graphtest.None, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := healthURL(cfg.Web); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", given, got, err, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
