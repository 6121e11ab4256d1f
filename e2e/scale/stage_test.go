package scale

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// A stage is all of it, running.
type stage struct {
	*testing.T
	folder    string
	exporters []*exec.Cmd
	addresses []string               // of the exporters
	servers   []string               // addresses of the Prometheus servers
	processes map[string][]*exec.Cmd // by the name of their program
	messages  *messages
}

// messages are those that Alertmanager has sent.
type messages struct {
	mu  sync.Mutex
	all []message
}

// A message is what one notification holds.
type message struct {
	Receiver, Status string
	Alerts           []struct{ Labels, Annotations map[string]string }
}

func (m *messages) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	var one message
	if json.NewDecoder(r.Body).Decode(&one) == nil {
		m.mu.Lock()
		m.all = append(m.all, one)
		m.mu.Unlock()
	}
}

// take returns the messages since it was last called.
func (m *messages) take() []message {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.all
	m.all = nil
	return all
}

// set starts everything.
func set(t *testing.T) *stage {
	t.Helper()
	s := &stage{T: t, folder: t.TempDir(), messages: &messages{}, processes: map[string][]*exec.Cmd{}}
	binary := filepath.Join(s.folder, "exporter")
	if out, err := exec.Command("make", "-C", root, "build", "OUT="+binary).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.put("secret", "secret\n")
	for e := range exporters {
		port := s.provider(e)
		var file strings.Builder
		file.WriteString("tenants:\n")
		for i := e; i < *tenants; i += exporters {
			fmt.Fprintf(&file, "  - {name: %s, tenant_id: %s, client_id: %s, endpoint: \"http://%[4]s:%[5]s\", authority: \"http://%[4]s:%[5]s\", auth: {client_secret_file: secret}}\n",
				name(i), tenantID, clientID, host(i), port)
		}
		address := free(t)
		s.exporters = append(s.exporters, s.start(binary, nil, "--config.file="+s.put(fmt.Sprintf("tenants%d.yml", e), file.String()), "--web.listen-address="+address))
		s.addresses = append(s.addresses, address)
	}
	alertmanager := s.alertmanager()
	for n := range servers {
		s.prometheus(n, alertmanager)
	}
	return s
}

// provider starts what plays Graph for one exporter, and returns its port.
func (s *stage) provider(exporter int) string {
	s.Helper()
	binary, err := os.Executable()
	if err != nil {
		s.Fatal(err)
	}
	p := exec.Command(binary, fmt.Sprintf("-scale.tenants=%d", *tenants), fmt.Sprintf("-scale.open=%d", *open))
	p.Env = append(os.Environ(), fmt.Sprintf("SCALE_PROVIDER=%d", exporter))
	out, err := p.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	s.run(p)
	line, err := bufio.NewReader(out).ReadString('\n')
	found := regexp.MustCompile(`port (\d+)`).FindStringSubmatch(line)
	if err != nil || found == nil {
		s.Fatalf("the provider says %q, %v", line, err)
	}
	return found[1]
}

func (s *stage) alertmanager() string {
	s.Helper()
	hook := httptest.NewServer(s.messages)
	s.Cleanup(hook.Close)
	example, err := os.ReadFile(root + "/deploy/alerts/alertmanager.yml")
	if err != nil {
		s.Fatal(err)
	}
	address := free(s.T)
	s.start(tools+"alertmanager", nil, "--config.file="+s.put("alertmanager.yml", strings.ReplaceAll(string(example), "http://127.0.0.1:9", hook.URL)),
		"--storage.path="+filepath.Join(s.folder, "alertmanager"), "--web.listen-address="+address, "--cluster.listen-address=")
	return address
}

// prometheus starts one of the servers, which keeps the tenants whose names hash to it.
func (s *stage) prometheus(n int, alertmanager string) {
	s.Helper()
	rules, err := filepath.Abs(root + "/deploy/alerts/rules.yml")
	if err != nil {
		s.Fatal(err)
	}
	var lists strings.Builder
	for _, a := range s.addresses {
		fmt.Fprintf(&lists, "      - {url: \"http://%s/sd\", refresh_interval: 30s}\n", a)
	}
	config := fmt.Sprintf(`global: {scrape_interval: 60s, scrape_timeout: 50s, evaluation_interval: 30s}
rule_files: [%q]
alerting:
  alertmanagers: [{static_configs: [{targets: [%q]}]}]
scrape_configs:
  - job_name: msgraph_security
    metrics_path: /probe
    http_sd_configs:
%s    relabel_configs:
      - {source_labels: [__address__], action: hashmod, modulus: %d, target_label: __tmp_server}
      - {source_labels: [__tmp_server], action: keep, regex: "%d"}
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__address__], target_label: tenant}
      - {source_labels: [__meta_url], regex: "http://([^/]+)/sd", target_label: __address__}
`, rules, alertmanager, lists.String(), servers, n)
	address := free(s.T)
	s.start(tools+"prometheus", nil, "--config.file="+s.put(fmt.Sprintf("prometheus%d.yml", n), config),
		"--storage.tsdb.path="+filepath.Join(s.folder, fmt.Sprintf("prometheus%d", n)), "--web.listen-address="+address)
	s.servers = append(s.servers, address)
}

// start starts a program until the test ends.
func (s *stage) start(program string, env []string, args ...string) *exec.Cmd {
	s.Helper()
	p := exec.Command(program, args...)
	p.Env = append([]string{"HOME=" + s.folder}, env...)
	log, err := os.Create(filepath.Join(s.folder, fmt.Sprintf("%s-%d.log", filepath.Base(program), len(s.exporters)+len(s.servers))))
	if err != nil {
		s.Fatal(err)
	}
	p.Stdout, p.Stderr = log, log
	s.run(p)
	return p
}

func (s *stage) run(p *exec.Cmd) {
	s.Helper()
	if err := p.Start(); err != nil {
		s.Fatalf("%v; do you need \"make tools\"?", err)
	}
	kind := filepath.Base(p.Path)
	s.processes[kind] = append(s.processes[kind], p)
	s.Cleanup(func() {
		_ = p.Process.Kill()
		_ = p.Wait()
	})
}

func (s *stage) put(name, text string) string {
	s.Helper()
	path := filepath.Join(s.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
	return path
}

// free returns an address where nobody listens.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
