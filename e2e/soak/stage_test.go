package soak

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// A stage is an exporter and the Graphs of its tenants.
type stage struct {
	*testing.T
	folder, url string
	command     *exec.Cmd
	client      *http.Client
	ended       chan struct{}
	log         *os.File
	tenants     []*tenant
}

// A tenant is one that the soak plays.
type tenant struct {
	name, url string
	sim       *graphsim.Sim
	rate      int // requests a minute in the configuration, which reloads change
	open      []string
}

func set(t *testing.T, rng *rand.Rand) *stage {
	t.Helper()
	s := &stage{T: t, folder: t.TempDir(), client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 8}}, ended: make(chan struct{})}
	for i := range *tenants {
		sim := graphsim.New(graphsim.Config{Seed: *seed + uint64(i), TenantID: tenantID, ClientID: clientID, ClientSecret: secret, KeepRequests: 10, Latency: 20 * time.Millisecond})
		graph := httptest.NewServer(sim)
		t.Cleanup(graph.Close)
		one := &tenant{name: fmt.Sprintf("t%d", i), url: graph.URL, sim: sim, rate: 1000}
		for range 100 {
			age := time.Duration(rng.Int64N(int64(60 * 24 * time.Hour)))
			one.open = append(one.open, sim.Add(graphsim.Incident{Created: time.Now().Add(-age), Severity: "low"}))
		}
		s.tenants = append(s.tenants, one)
	}
	s.write("secret", secret+"\n")
	s.configure()
	binary := filepath.Join(s.folder, "exporter")
	if out, err := exec.Command("make", "-C", root, "build", "OUT="+binary).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.start(binary)
	return s
}

// start starts the exporter at a free port, which its log tells.
func (s *stage) start(binary string) {
	path := filepath.Join(s.folder, "log")
	var err error
	if s.log, err = os.Create(path); err != nil {
		s.Fatal(err)
	}
	s.command = exec.Command(binary, "--config.file="+filepath.Join(s.folder, "tenants.yml"), "--web.listen-address=127.0.0.1:0")
	s.command.Stderr, s.command.Env = s.log, []string{"HOME=" + s.folder}
	if err := s.command.Start(); err != nil {
		s.Fatal(err)
	}
	go func() {
		defer close(s.ended)
		_ = s.command.Wait()
	}()
	s.Cleanup(func() {
		_ = s.command.Process.Kill()
		<-s.ended
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		text, _ := os.ReadFile(path)
		if found := regexp.MustCompile(`msg="Listening on".* address=(\S+)`).FindSubmatch(text); found != nil {
			s.url = "http://" + string(found[1])
			return
		}
		if time.Now().After(deadline) {
			s.Fatalf("it does not listen:\n%s", text)
		}
	}
}

func (s *stage) write(name, text string) {
	if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600); err != nil {
		s.Error(err)
	}
}

// configure writes the file of the tenants.
func (s *stage) configure() {
	var b strings.Builder
	b.WriteString("defaults: {sweep_interval: 5m}\ntenants:\n")
	for _, t := range s.tenants {
		fmt.Fprintf(&b, "  - {name: %s, tenant_id: %s, client_id: %s, endpoint: %q, authority: %[4]q, auth: {client_secret_file: secret}, requests_per_minute: %d}\n", t.name, tenantID, clientID, t.url, t.rate)
	}
	s.write("tenants.yml", b.String())
}

func (s *stage) reload() { _ = s.command.Process.Signal(syscall.SIGHUP) }

// get returns a page.
func (s *stage) get(ctx context.Context, path string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		return "", err
	}
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "5")
	resp, err := s.client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, resp.Status)
	}
	return string(body), err
}

// value returns a series of a page.
func value(page, name string) float64 {
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(page)
	if found == nil {
		return 0
	}
	v, _ := strconv.ParseFloat(found[1], 64)
	return v
}

// pulls asks for the pages of all tenants in turn, at the rate, until ctx ends. It returns how many
// were answered, and how many not.
func (s *stage) pulls(ctx context.Context) (answered, failed int) {
	var mu sync.Mutex
	var waiting sync.WaitGroup
	ticks := time.NewTicker(time.Second / time.Duration(*rate))
	defer ticks.Stop()
	for i := 0; ; i++ {
		select {
		case <-ticks.C:
		case <-ctx.Done():
			waiting.Wait()
			return answered, failed
		}
		name := s.tenants[i%len(s.tenants)].name
		waiting.Go(func() {
			_, err := s.get(context.WithoutCancel(ctx), "/probe?target="+name)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				answered++
			} else {
				failed++
			}
		})
	}
}
