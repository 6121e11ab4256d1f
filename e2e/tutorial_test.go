package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTutorial goes the way of docs/tutorial.md, with the configuration and the rules that
// stand there: the alert on incidents fires, and the one on blindness once the demo ends.
// Only the addresses and the intervals are others.
func TestTutorial(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)\n```yaml\n(.*?)\n```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 2 || !strings.Contains(string(page), "\ngo run . --demo\n") {
		t.Fatalf("the page has %d files", len(blocks))
	}
	demo := start(t, exporter, "--demo", "--web.listen-address=127.0.0.1:0")
	folder := t.TempDir()
	config := filepath.Join(folder, "prometheus.yml")
	faster := strings.NewReplacer("localhost:10365", demo.address(t), "10s", "1s", "9s", "1s")
	for name, text := range map[string]string{config: faster.Replace(blocks[0][1]), filepath.Join(folder, "first-alert.yml"): blocks[1][1]} {
		if err := os.WriteFile(name, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, tools+"prometheus", "--config.file="+config, "--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address=127.0.0.1:0")
	address := p.address(t)
	await(t, "the first alert", func() error { return fires(address, "IncidentUnassigned") })
	if err := fires(address, "Blind"); err == nil {
		t.Error("Blind fires while the demo runs")
	}
	demo.stop(t)
	await(t, "the alert on blindness", func() error { return fires(address, "Blind") })
}

// fires returns an error unless an alert fires in a Prometheus.
func fires(address, alert string) error {
	text, err := get("http://" + address + "/api/v1/alerts")
	if err != nil {
		return err
	}
	var answer struct {
		Data struct {
			Alerts []struct {
				Labels map[string]string
				State  string
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return err
	}
	for _, a := range answer.Data.Alerts {
		if a.Labels["alertname"] == alert && a.State == "firing" {
			return nil
		}
	}
	return fmt.Errorf("%s does not fire: %s", alert, text)
}
