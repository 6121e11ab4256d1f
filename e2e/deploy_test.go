package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestCompose: what the demo of deploy/compose mounts is there, what Prometheus asks for has the
// name of a service, and Grafana gets every dashboard. The package containers starts it.
func TestCompose(t *testing.T) {
	t.Parallel()
	const folder = "../deploy/compose/"
	var compose struct {
		Services map[string]struct {
			Image, Build string
			Volumes      []string
		}
		Volumes map[string]any
	}
	parse := func(name string, to any) string {
		t.Helper()
		text, err := os.ReadFile(folder + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(text, to); err != nil {
			t.Fatal(name, err)
		}
		return string(text)
	}
	parse("compose.yml", &compose)
	mounted := map[string]bool{}
	for name, s := range compose.Services {
		if s.Build != "" {
			if _, err := os.Stat(folder + s.Build + "/Dockerfile"); err != nil {
				t.Error(name, err)
			}
		} else if _, tag, pinned := strings.Cut(s.Image, ":"); !pinned || tag == "latest" {
			t.Errorf("%s: image %s is not pinned", name, s.Image)
		}
		for _, v := range s.Volumes {
			v = regexp.MustCompile(`^\$\{\w+:-(.*?)\}`).ReplaceAllString(v, "$1")
			parts := strings.Split(v, ":")
			if _, named := compose.Volumes[parts[0]]; named {
				continue
			}
			if info, err := os.Stat(folder + parts[0]); err != nil || info.IsDir() || parts[len(parts)-1] != "ro" {
				t.Errorf("%s: %s: %v", name, v, err)
			}
			mounted[filepath.Base(parts[0])] = true
		}
	}
	dashboards, err := filepath.Glob("../dashboards/*.json")
	if err != nil || len(dashboards) < 3 {
		t.Errorf("%d dashboards, %v", len(dashboards), err)
	}
	for _, d := range dashboards {
		if !mounted[filepath.Base(d)] {
			t.Errorf("%s is not mounted", d)
		}
	}
	var ignored any
	for name, services := range map[string][]string{"prometheus.yml": {"exporter:10365", "alertmanager:9093"}, "grafana/datasources.yml": {"prometheus:9090"}, "grafana/dashboards.yml": nil} {
		text := parse(name, &ignored)
		for _, s := range services {
			if service, _, _ := strings.Cut(s, ":"); !strings.Contains(text, s) || compose.Services[service].Image+compose.Services[service].Build == "" {
				t.Errorf("%s asks for %s", name, s)
			}
		}
	}
}

// TestDocumentedConfigurations has promtool read every configuration and every rule that the
// documentation shows.
func TestDocumentedConfigurations(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, page := range append(pages, "../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range regexp.MustCompile("(?s)\n```yaml\n(.*?)\n```").FindAllStringSubmatch(string(text), -1) {
			kind, _, _ := strings.Cut(block[1], ":")
			check, known := map[string]string{"scrape_configs": "config", "groups": "rules"}[kind]
			if !known {
				continue
			}
			kinds[kind]++
			path := filepath.Join(t.TempDir(), "config.yml")
			if err := os.WriteFile(path, []byte(block[1]+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(tools+"promtool", "check", check, path).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s\n%s", page, err, block[1], out)
			}
		}
	}
	if kinds["scrape_configs"] < 4 || kinds["groups"] < 1 {
		t.Errorf("checked only %v", kinds)
	}
}
