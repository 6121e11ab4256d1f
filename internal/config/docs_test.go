package config

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

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
