package e2e

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

var manyMinutes = flag.Int("many.minutes", 0, "how long to probe five hundred tenants, and to measure it")

// An estate is many simulated tenants behind one port, told apart by loopback addresses.
type estate struct {
	sims map[string]*graphsim.Sim // by host and port
	port int
	text strings.Builder // of the configuration file
}

func (e *estate) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.sims[r.Host].ServeHTTP(w, r) }

// newEstate returns so many tenants of so many open incidents, whose Graph takes 100 ms.
func newEstate(t *testing.T, tenants, open int) *estate {
	t.Helper()
	e := &estate{sims: map[string]*graphsim.Sim{}}
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: e, ReadHeaderTimeout: time.Minute}}
	e.port = listener.Addr().(*net.TCPAddr).Port
	e.text.WriteString("tenants:\n")
	for i := range tenants {
		sim := graphsim.New(graphsim.Config{Seed: uint64(i), Latency: 100 * time.Millisecond, KeepRequests: 10})
		rng := rand.New(rand.NewPCG(1, uint64(i)))
		for range open {
			age := time.Duration(rng.Int64N(int64(60 * 24 * time.Hour)))
			sim.Add(graphsim.Incident{Created: time.Now().Add(-age), Severity: pick(rng, severities...), Score: new(rng.IntN(100))})
		}
		host := fmt.Sprintf("127.1.%d.%d:%d", i/200, i%200+1, e.port)
		e.sims[host] = sim
		fmt.Fprintf(&e.text, "  - {name: t%d, tenant_id: %s, client_id: %s, endpoint: \"http://%s\", authority: \"http://%s\", auth: {client_secret_file: secret}}\n",
			i, tenantID, clientID, host, host)
	}
	server.Start()
	t.Cleanup(server.Close)
	return e
}

// TestManyTenants measures what five hundred tenants of two hundred open incidents cost, each probed
// every 30 s: with -many.minutes=5, how long probes take in each minute, and what memory there is.
// One tenant hangs after half of the time. It is for docs/performance.md; a busy machine says little.
func TestManyTenants(t *testing.T) {
	if *manyMinutes == 0 {
		return
	}
	const tenants = 500
	e := newEstate(t, tenants, 200)
	dir := t.TempDir()
	for name, text := range map[string]string{"secret": secret + "\n", "tenants.yml": e.text.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, exporter, "--config.file="+filepath.Join(dir, "tenants.yml"), "--web.listen-address=127.0.0.1:0", "--log.format=logfmt")
	address := p.address(t)
	var (
		mu      sync.Mutex
		took    []time.Duration
		probing sync.WaitGroup
	)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 50}}
	probe := func(i int) {
		began := time.Now()
		resp, err := client.Get(fmt.Sprintf("http://%s/probe?target=t%d", address, i))
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("t%d: %s, %v", i, resp.Status, err)
		}
		mu.Lock()
		defer mu.Unlock()
		if i > 0 { // the one that hangs is not measured
			took = append(took, time.Since(began))
		}
	}
	ticks := time.NewTicker(30 * time.Second / tenants)
	defer ticks.Stop()
	for minute := range *manyMinutes {
		if minute == *manyMinutes/2 {
			e.sims[fmt.Sprintf("127.1.0.1:%d", e.port)].Fault(graphsim.Fault{Kind: graphsim.FaultHang})
		}
		for i := range 2 * tenants {
			<-ticks.C
			probing.Go(func() { probe(i % tenants) })
		}
		mu.Lock()
		sorted := slices.Sorted(slices.Values(took))
		took = nil
		mu.Unlock()
		n := len(sorted)
		t.Logf("minute %d: %d probes, half within %s, 99 %% within %s, all within %s; %s",
			minute+1, n, sorted[n/2].Round(time.Millisecond), sorted[n*99/100].Round(time.Millisecond), sorted[n-1].Round(time.Millisecond), memory(t, p))
	}
	probing.Wait()
}

// memory returns what the kernel says of a process.
func memory(t *testing.T, p *process) string {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^Vm(HWM|RSS):\s+\d+ kB$`).FindAllString(string(status), -1)
	return strings.Join(strings.Fields(strings.Join(lines, " ")), " ")
}
