package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A prometheus is a server of that name that pulls one exporter every second.
type prometheus struct{ url string }

const pulls = `
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: e2e
    static_configs: [{targets: [%q]}]
%s`

// watch starts a Prometheus; more goes into its scrape configuration.
func watch(t *testing.T, exporter string, more ...string) *prometheus {
	t.Helper()
	return watchWith(t, fmt.Sprintf(pulls, exporter, strings.Join(more, "")))
}

// watchWith starts a Prometheus of that configuration.
func watchWith(t *testing.T, text string) *prometheus {
	t.Helper()
	folder := t.TempDir()
	config := filepath.Join(folder, "prometheus.yml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, tools+"prometheus", "--config.file="+config, "--storage.tsdb.path="+filepath.Join(folder, "data"),
		"--web.listen-address=127.0.0.1:0")
	return readyPrometheus(t, p)
}

// A scrape is what Prometheus holds of one pull, by name and labels. A pull that
// failed holds nothing but "up[]": 0 and its like.
type scrape map[string]float64

// series names a series as a [scrape] does.
func series(name string, labels map[string]string) string {
	return name + strings.TrimPrefix(fmt.Sprint(labels), "map")
}

// family returns the series of one name.
func (s scrape) family(name string) scrape {
	of := scrape{}
	for k, v := range s {
		if strings.HasPrefix(k, name+"[") {
			of[k] = v
		}
	}
	return of
}

// scrape asks Prometheus for its last pull: it shows either all of one or nothing.
func (p *prometheus) scrape() (scrape, error) {
	var answer struct {
		Error string
		Data  struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any // time, text
			}
		}
	}
	text, err := get(p.url + "/api/v1/query?query=" + url.QueryEscape(`{job="e2e"}`))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Error != "" {
		return nil, fmt.Errorf("%s: %w %s", p.url, err, answer.Error)
	}
	s := scrape{}
	for _, r := range answer.Data.Result {
		name := r.Metric["__name__"]
		for _, own := range []string{"__name__", "job", "instance"} {
			delete(r.Metric, own)
		}
		if s[series(name, r.Metric)], err = strconv.ParseFloat(r.Value[1].(string), 64); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// await waits for a pull with which ok finds no fault, and returns it.
func (p *prometheus) await(t *testing.T, what string, ok func(scrape) error) scrape {
	t.Helper()
	var found scrape
	await(t, what, func() error {
		s, err := p.scrape()
		if err != nil {
			return err
		}
		found = s
		return ok(s)
	})
	return found
}

func get(url string) (string, error) {
	resp, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, resp.Status, body)
	}
	return string(body), err
}

// readyPrometheus waits until a Prometheus answers queries, which is some time after it listens.
func readyPrometheus(t *testing.T, p *process) *prometheus {
	t.Helper()
	url := "http://" + p.address(t)
	await(t, "a Prometheus that is ready", func() error {
		_, err := get(url + "/-/ready")
		return err
	})
	return &prometheus{url: url}
}
