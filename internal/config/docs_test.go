package config

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/graphtest"
)

// doc returns a page of docs/.
func doc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDocumentedFilesPass shows that --config.check finds nothing wrong with the
// configuration files of the documentation, once the files that they name are there.
func TestDocumentedFilesPass(t *testing.T) {
	t.Parallel()
	pair := graphtest.NewPair(t, time.Now().Add(time.Hour))
	checked := 0
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(doc(t, "configuration.md")+doc(t, "tenants.md"), -1) {
		if strings.HasPrefix(m[1], "scrape_configs:") {
			continue
		}
		dir := t.TempDir()
		text := regexp.MustCompile(`(\w+_file): (\S+)`).ReplaceAllStringFunc(m[1], func(field string) string {
			name, path, _ := strings.Cut(field, ": ")
			certificate := string(pair.Certificate)
			if !strings.Contains(m[1], "client_key_file") {
				certificate += string(pair.Key)
			}
			content := map[string]string{"client_certificate_file": certificate, "client_key_file": string(pair.Key)}[name]
			if content == "" {
				content = graphtest.Secret
			}
			graphtest.Write(t, filepath.Join(dir, filepath.Base(path)), content)
			return name + ": " + filepath.Base(path)
		})
		path := filepath.Join(dir, "config.yml")
		graphtest.Write(t, path, text)
		args := []string{"--config.check", "--config.file=" + path}
		if !strings.Contains(text, "tenants:") {
			args = append(args, graphtest.New(t, "http://127.0.0.1:1", graphsim.Config{}).Flags()...)
		}
		if _, err := Parse(args, graphtest.None, io.Discard); err != nil {
			t.Errorf("%s\n%v", m[1], err)
		}
		checked++
	}
	if checked != 3 {
		t.Errorf("checked %d files, want 3", checked)
	}
}

// TestDocumentedFlags compares the tables of docs/flags.md with the flags that there are:
// their names, defaults and variables, in both directions.
func TestDocumentedFlags(t *testing.T) {
	t.Parallel()
	documented, declared := map[string]string{}, map[string]string{}
	row := regexp.MustCompile("(?m)^\\| `--([a-z.-]+)` \\| (.*?) ?\\| (.*?) \\| .+ \\|$")
	for _, m := range row.FindAllStringSubmatch(doc(t, "flags.md"), -1) {
		value := m[3]
		if !strings.HasPrefix(value, "`") {
			value = map[string]string{"on": "true", "off": "false"}[value] // any other word: no default
		}
		documented[m[1]] = strings.Trim(value, "`") + " " + variablesIn(m[2])
	}
	app, _ := application()
	for _, f := range app.Model().Flags {
		value := strings.Join(f.Default, ",")
		if f.IsBoolFlag() && value == "" {
			value = "false"
		}
		if !f.Hidden {
			declared[f.Name] = value + " " + variablesIn(f.Help)
		}
	}
	if diff := cmp.Diff(declared, documented); diff != "" {
		t.Errorf("docs/flags.md lists other flags (-declared +documented):\n%s", diff)
	}
}

// variablesIn returns the environment variables that a text names, sorted.
func variablesIn(text string) string {
	names := regexp.MustCompile(`AZURE_[A-Z_]+`).FindAllString(text, -1)
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}
