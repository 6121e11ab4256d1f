// Package graphtest plays a tenant of Microsoft Graph for the tests of the exporter.
package graphtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"msgraph_security_exporter/graphclient/graphsim"
)

// What the simulated tenant accepts.
const (
	TenantID = "11111111-2222-3333-4444-555555555555"
	ClientID = "66666666-7777-8888-9999-000000000000"
	Secret   = "planted~Secret-8Q3x"
)

// A Graph is a simulated Graph, with what an exporter needs to read it.
type Graph struct {
	*graphsim.Sim
	URL        string
	SecretFile string
}

// New returns a simulated Graph without a listener, at an address that it does not
// listen on.
func New(t *testing.T, url string, cfg graphsim.Config) *Graph {
	t.Helper()
	cfg.TenantID, cfg.ClientID, cfg.ClientSecret = TenantID, ClientID, Secret
	g := &Graph{Sim: graphsim.New(cfg), URL: url, SecretFile: filepath.Join(t.TempDir(), "secret")}
	Write(t, g.SecretFile, Secret+"\n")
	return g
}

// Serve starts a simulated Graph behind a listener. wrap, if given, stands before it.
func Serve(t *testing.T, cfg graphsim.Config, wrap ...func(http.Handler) http.Handler) *Graph {
	t.Helper()
	g := New(t, "", cfg)
	handler := http.Handler(g.Sim)
	for _, w := range wrap {
		handler = w(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	g.URL = server.URL
	return g
}

// Flags are what an exporter of this tenant is started with. The ceiling is so high
// that no test waits for the limiter.
func (g *Graph) Flags(more ...string) []string {
	return append([]string{
		"--graph.tenant-id=" + TenantID,
		"--graph.client-id=" + ClientID,
		"--graph.client-secret-file=" + g.SecretFile,
		"--graph.endpoint=" + g.URL,
		"--graph.authority=" + g.URL,
		"--graph.requests-per-minute=100000",
		"--web.listen-address=127.0.0.1:0",
	}, more...)
}

// Entry returns a tenant of a configuration file that this Graph plays.
func (g *Graph) Entry(name string, more ...string) string {
	return fmt.Sprintf("  - name: %s\n    tenant_id: %s\n    client_id: %s\n    endpoint: %s\n    authority: %s\n"+
		"    requests_per_minute: 100000\n    min_refresh_interval: 0s\n    auth: {client_secret_file: %s}\n%s",
		name, TenantID, ClientID, g.URL, g.URL, g.SecretFile, strings.Join(more, ""))
}

// Configure writes a configuration file of tenants and returns its name.
func Configure(t *testing.T, entries ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yml")
	Write(t, path, "tenants:\n"+strings.Join(entries, ""))
	return path
}

// AddSome adds a few incidents.
func (g *Graph) AddSome() {
	for i := range 20 {
		g.Add(graphsim.Incident{Severity: []string{"low", "medium", "high"}[i%3], Score: new(5 * i)})
	}
}

// Write writes a file that only its owner reads.
func Write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Variables is an environment.
type Variables map[string]string

// Get returns the value of a variable, empty if it is not set.
func (v Variables) Get(name string) string { return v[name] }

// None is an empty environment.
func None(string) string { return "" }
