package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// adapt writes a file of deploy/ into a folder, with changes of what it must hold, and returns its path.
func adapt(t *testing.T, dir, name string, changes ...string) string {
	t.Helper()
	text := readFile(t, "../deploy/"+name)
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			t.Fatalf("%s: holds no %s", name, changes[i])
		}
	}
	path := filepath.Join(dir, filepath.Base(name))
	if err := os.WriteFile(path, []byte(strings.NewReplacer(changes...).Replace(text)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// manned starts an Alertmanager as deploy/ configures it, but for the pace, that calls a pager, and returns its address.
func manned(t *testing.T, p *pager) string {
	t.Helper()
	dir := t.TempDir()
	config := adapt(t, dir, "alerts/alertmanager.yml", "http://127.0.0.1:9", p.url, "group_interval: 5m", "group_interval: 2s")
	return start(t, tools+"alertmanager", "--config.file="+config, "--storage.path="+dir, "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=").address(t)
}

// A watcher is a Prometheus that can be started anew with what it has.
type watcher struct {
	*prometheus
	*process
	dir, config string
}

// watching starts a Prometheus with the rules, as deploy/ configures it, but for the addresses, the pace, and how long
// alerts wait and go on after they are over. It returns when the exporter is seen.
func watching(t *testing.T, exporter, alertmanager string, changes ...string) *watcher {
	t.Helper()
	w := &watcher{dir: t.TempDir()}
	rules := filepath.Join(w.dir, "rules.yml")
	text := render(t, "std.manifestYamlDoc(((import 'mixin.libsonnet') + {_config+:: {blindFor: '10s', keepFiringFor: '5s', scoresWithin: '3s'}}).prometheusAlerts)")
	if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w.config = adapt(t, w.dir, "compose/prometheus.yml", append(changes, "exporter:10365", exporter, "alertmanager:9093", alertmanager, "/etc/prometheus/rules.yml", rules,
		"scrape_interval: 10s", "scrape_interval: 1s", "scrape_timeout: 9s", "scrape_timeout: 1s", "evaluation_interval: 10s", "evaluation_interval: 1s")...)
	w.start(t)
	await(t, "the exporter to be seen", func() error {
		values, err := w.byTenant("msgraph_security_up == 1")
		if err == nil && len(values) == 0 {
			err = errors.New("not yet")
		}
		return err
	})
	return w
}

// start starts the server, or starts it anew.
func (w *watcher) start(t *testing.T) {
	t.Helper()
	w.process = start(t, tools+"prometheus", "--config.file="+w.config, "--storage.tsdb.path="+filepath.Join(w.dir, "data"), "--web.listen-address=127.0.0.1:0")
	w.prometheus = &prometheus{url: "http://" + w.address(t)}
}

// firing returns the alerts of on call that fire, or an error if the rules have not been evaluated yet.
func (w *watcher) firing() ([]string, error) {
	text, err := get(w.url + "/api/v1/rules?type=alert")
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Groups []struct {
				EvaluationTime float64
				Rules          []struct {
					Name   string
					Labels map[string]string
					Alerts []struct {
						State  string
						Labels map[string]string
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return nil, err
	}
	if g := answer.Data.Groups; len(g) != 1 || g[0].EvaluationTime == 0 {
		return nil, errors.New("not evaluated yet")
	}
	var all []string
	for _, r := range answer.Data.Groups[0].Rules {
		for _, a := range r.Alerts {
			if r.Labels["severity"] == "critical" && a.State == "firing" {
				all = append(all, strings.TrimSpace(strings.TrimPrefix(r.Name, "MsgraphSecurity")+" "+a.Labels["reached"]))
			}
		}
	}
	return all, nil
}

// sees waits until these alerts of on call fire and no others.
func (w *watcher) sees(t *testing.T, want ...string) {
	t.Helper()
	await(t, fmt.Sprintf("%q to fire", want), func() error {
		got, err := w.firing()
		if err == nil && strings.Join(got, ", ") != strings.Join(want, ", ") {
			err = fmt.Errorf("%q do", got)
		}
		return err
	})
}
