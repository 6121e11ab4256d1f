package containers

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCompose starts what deploy/compose describes, but for Grafana, whose image is not to be had
// here: the first alert reaches a webhook, by the shipped rules or by one that counts whatever is open
// (the demo's team may keep all of its promises for a while), a container that dies comes back, and what was stored
// outlives the containers.
func TestCompose(t *testing.T) {
	makes(t, root, "image")
	alerts := make(chan []string, 100)
	hook := webhook(t, alerts)
	compose := composer(t, hook)
	t.Cleanup(func() {
		compose(t, "down", "--volumes")
	})
	begun := time.Now()
	compose(t, "up", "--detach", "--no-build", "exporter", "prometheus", "alertmanager")
	select {
	case names := <-alerts:
		t.Logf("first alert %s after up: %v", time.Since(begun).Round(time.Second), names)
	case <-time.After(patience):
		t.Fatalf("no alert at the webhook within %s\n%s", patience, compose(t, "logs", "--tail=20"))
	}
	prometheus := "http://" + compose(t, "port", "prometheus", "9090")
	await(t, "Prometheus knows the exporter", func() error { return answers(prometheus, "msgraph_security_up == 1") })

	exporter := compose(t, "ps", "--quiet", "exporter")
	before := output(t, "docker", "inspect", "--format={{.RestartCount}}", exporter)
	dies(t, exporter)
	await(t, "the exporter is started again", func() error {
		if output(t, "docker", "inspect", "--format={{.RestartCount}}", exporter) == before {
			return errors.New("not restarted")
		}
		return nil
	})

	stored := time.Now().Unix()
	compose(t, "down")
	compose(t, "up", "--detach", "--no-build", "prometheus")
	prometheus = "http://" + compose(t, "port", "prometheus", "9090")
	await(t, "Prometheus has what it had", func() error {
		return answers(prometheus, "max_over_time(msgraph_security_up[10m])", "time", stamp(stored))
	})
}

// webhook takes the alerts of an Alertmanager in a container, at the host's address among them.
func webhook(t *testing.T, alerts chan<- []string) string {
	t.Helper()
	bridge, err := net.InterfaceByName("docker0")
	if err != nil {
		t.Fatal(err)
	}
	addresses, err := bridge.Addrs()
	if err != nil || len(addresses) == 0 {
		t.Fatal("docker0 has no address", err)
	}
	host, _, err := net.ParseCIDR(addresses[0].String())
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host.String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var message struct {
			Alerts []struct{ Labels map[string]string }
		}
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
			t.Errorf("a webhook's body: %v", err)
		}
		var names []string
		for _, a := range message.Alerts {
			names = append(names, a.Labels["alertname"])
		}
		alerts <- names
	}))
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

// anyOpen is a group of rules beside the shipped ones.
const anyOpen = `
  - name: any
    rules:
      - alert: AnyOpen
        expr: sum(msgraph_security_open_incidents) > 0
`

// composer returns what runs Compose on the files of deploy/compose: with free ports, and with
// the example for Alertmanager, whose receivers are replaced.
func composer(t *testing.T, hook string) func(*testing.T, ...string) string {
	t.Helper()
	example, err := os.ReadFile(filepath.Join(root, "deploy/alerts/alertmanager.yml"))
	if err != nil {
		t.Fatal(err)
	}
	config := strings.ReplaceAll(string(example), "http://127.0.0.1:9", hook)
	if !strings.Contains(config, hook) {
		t.Fatal("the example for Alertmanager has no receiver to replace")
	}
	folder := t.TempDir()
	for _, f := range []string{folder, filepath.Dir(folder)} { // nobody, in the container, reads it
		if err := os.Chmod(f, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	shipped, err := os.ReadFile(filepath.Join(root, "deploy/alerts/rules.yml"))
	if err != nil {
		t.Fatal(err)
	}
	file, rules := filepath.Join(folder, "alertmanager.yml"), filepath.Join(folder, "rules.yml")
	for name, text := range map[string]string{file: config, rules: string(shipped) + anyOpen} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return func(t *testing.T, args ...string) string {
		t.Helper()
		command := exec.Command("docker-compose", append([]string{"--file", filepath.Join(root, "deploy/compose/compose.yml"),
			"--project-name", "msgraph-security-exporter-e2e"}, args...)...)
		command.Env = append(os.Environ(), "ALERTMANAGER_CONFIG="+file, "PROMETHEUS_RULES="+rules,
			"EXPORTER_PORT=0", "PROMETHEUS_PORT=0", "ALERTMANAGER_PORT=0", "GRAFANA_PORT=0")
		out, err := command.Output()
		if err != nil {
			var failed *exec.ExitError
			errors.As(err, &failed)
			t.Fatalf("%s: %v\n%s%s", command, err, out, failed.Stderr)
		}
		return strings.TrimSpace(string(out))
	}
}
