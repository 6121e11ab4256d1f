package e2e

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"msgraph_security_exporter/graphclient/graphsim"
)

const (
	tenantID = "11111111-2222-3333-4444-555555555555"
	clientID = "66666666-7777-8888-9999-000000000000"
	secret   = "planted~secret.Q8h5"
	// title is in every text of every incident, and belongs nowhere else.
	title = "planted title"
)

// A stage is an exporter between a simulated Graph and a real Prometheus.
type stage struct {
	*prometheus
	sim      *graphsim.Sim
	graph    *gate
	server   *httptest.Server // in front of the gate
	exporter *process
	address  string // of the exporter
}

// A gate stands before the simulator: who holds its lock keeps all requests waiting.
type gate struct {
	http.Handler
	sync.RWMutex
	waiting atomic.Int64
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.waiting.Add(1)
	g.RLock()
	g.waiting.Add(-1)
	g.RUnlock()
	g.Handler.ServeHTTP(w, r)
}

// play sets a stage with everything on it.
func play(t *testing.T, sim *graphsim.Sim, others ...string) *stage {
	t.Helper()
	s := expose(t, sim, others...)
	s.prometheus = watch(t, s.address)
	return s
}

// expose sets a stage without a Prometheus. When the test ends the exporter must stop with code 0, must
// have asked Graph only what the contract allows, and must have kept its secrets.
func expose(t *testing.T, sim *graphsim.Sim, others ...string) *stage {
	t.Helper()
	s := &stage{sim: sim, graph: &gate{Handler: sim}}
	s.server = httptest.NewServer(s.graph)
	t.Cleanup(s.server.Close)
	t.Cleanup(func() {
		if code := s.exporter.stop(t); code != 0 {
			t.Errorf("the exporter ended with code %d", code)
		}
		s.checkRequests(t)
		s.checkSecrets(t, "log", s.exporter.log.String())
	})
	s.exporter = start(t, exporter, flags(t, s.server.URL, others...)...)
	s.address = s.exporter.address(t)
	return s
}

// stopHanging ends the faults and the requests that hang, which are tried again.
func (s *stage) stopHanging() {
	s.sim.ClearFaults()
	s.server.CloseClientConnections()
}

// tenant returns an empty tenant that only the exporter can sign in to.
func tenant(cfg graphsim.Config) *graphsim.Sim {
	cfg.TenantID, cfg.ClientID, cfg.ClientSecret = tenantID, clientID, secret
	return graphsim.New(cfg)
}

// flags returns those of an exporter for the tenant, other than the test has them.
func flags(t *testing.T, graph string, others ...string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := []string{
		"--graph.tenant-id=" + tenantID, "--graph.client-id=" + clientID, "--graph.client-secret-file=" + file,
		"--graph.endpoint=" + graph, "--graph.authority=" + graph, "--graph.requests-per-minute=100000",
		"--web.listen-address=127.0.0.1:0", "--web.enable-pprof", "--log.level=debug",
	}
	for _, other := range others {
		name, _, _ := strings.Cut(other, "=")
		all = slices.DeleteFunc(all, func(flag string) bool { return strings.HasPrefix(flag, name+"=") })
	}
	return append(all, others...)
}

// checkRequests holds what was asked of Graph against the contract.
func (s *stage) checkRequests(t *testing.T) {
	t.Helper()
	for _, r := range s.sim.Requests() {
		if r.Operation == graphsim.TokenOperation {
			continue
		}
		for _, option := range []string{"$expand", "$orderby", "$select"} {
			if r.Query.Has(option) {
				t.Fatalf("%s is asked for: %v", option, r.Query)
			}
		}
		top, err := strconv.Atoi(r.Query.Get("$top"))
		first := r.Operation == graphsim.ListOperation && !r.Query.Has("$skiptoken")
		if first && (err != nil || top < 1) || top > 50 {
			t.Fatalf("$top is not from 1 to 50: %v", r.Query)
		}
		if !r.Authorization || r.Prefer != "include-unknown-enum-members" || r.Encoding != "gzip" {
			t.Fatalf("a header is missing: %+v", r)
		}
	}
}

// checkSecrets looks for what must not be in a text.
func (s *stage) checkSecrets(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range append(s.sim.Tokens(), secret, title) {
		if strings.Contains(text, secret) {
			t.Errorf("%s: holds %q", what, secret)
		}
	}
}
