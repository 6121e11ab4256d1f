package configfile

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// page returns docs/configuration.md.
func page(t *testing.T) string {
	t.Helper()
	return doc(t, "configuration.md")
}

func doc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDocumentedExamples reads the examples of the page and that of docs/tenants.md, whose
// others are for Prometheus.
func TestDocumentedExamples(t *testing.T) {
	t.Parallel()
	var got []string
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(page(t)+doc(t, "tenants.md"), -1) {
		if strings.HasPrefix(m[1], "scrape_configs:") {
			continue
		}
		f, err := Parse("config.yml", []byte(m[1]))
		if err != nil {
			t.Errorf("%s\n%v", m[1], err)
			continue
		}
		got = append(got, fmt.Sprintf("%d tenants, %d objectives", len(f.Tenants), len(f.Objectives)))
	}
	if diff := cmp.Diff([]string{"3 tenants, 1 objectives", "0 tenants, 3 objectives", "2 tenants, 0 objectives"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestDocumentedMistakes shows that the messages on the page are those of the program.
func TestDocumentedMistakes(t *testing.T) {
	t.Parallel()
	_, err := Parse("config.yml", []byte(`
tenants:

  - name: contoso
    tenant_id: contoso.example
  - name: fabrikam
    tenant_id: fabrikam.example
    client_id: 66666666-7777-8888-9999-000000000000
    cloud: china
    auth:
      method: auto
    sweepInterval: 10m
`))
	if err == nil || !strings.Contains(page(t), "```\n"+err.Error()+"\n```") {
		t.Errorf("the page does not show\n%v", err)
	}
}

// TestDocumentedFields compares the tables of the page with the fields of the types, whose
// names are the same words.
func TestDocumentedFields(t *testing.T) {
	t.Parallel()
	documented := map[string][]string{}
	section := ""
	for line := range strings.Lines(page(t)) {
		if m := regexp.MustCompile("^## `?([^`\n]+)").FindStringSubmatch(line); m != nil {
			section = m[1]
		}
		if m := regexp.MustCompile("^\\| `([a-z_]+)`").FindStringSubmatch(line); m != nil {
			documented[section] = append(documented[section], m[1])
		}
	}
	want := map[string][]string{
		"tenants": slices.DeleteFunc(words(Tenant{}), func(w string) bool { return w == "limits" }), "defaults": words(Limits{}),
		"auth": words(Auth{}), "objectives": words(Objective{}),
	}
	if diff := cmp.Diff(want, documented); diff != "" {
		t.Errorf("docs/configuration.md lists other fields (-are +documented):\n%s", diff)
	}
}

// words returns the names of the fields of a struct as the file spells them.
func words(v any) []string {
	var all []string
	for field := range reflect.TypeOf(v).Fields() {
		name := strings.ReplaceAll(field.Name, "ID", "Id")
		name = regexp.MustCompile("([a-z])([A-Z])").ReplaceAllString(name, "${1}_$2")
		all = append(all, strings.ToLower(name))
	}
	return all
}

// TestDocumentedDefaults compares the defaults on the page with those of the program.
func TestDocumentedDefaults(t *testing.T) {
	t.Parallel()
	parse := func(fields string) *File {
		f, err := Parse("config.yml", []byte("tenants: [{name: a, tenant_id: a.example, client_id: 66666666-7777-8888-9999-000000000000"+fields+"}]"))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	var said strings.Builder
	for _, name := range append(words(Limits{}), "auth", "cloud") {
		row := regexp.MustCompile("\\| `" + name + "` \\| `(.*?)` \\|").FindStringSubmatch(page(t))
		if row == nil {
			t.Errorf("%s has no default on the page", name)
			continue
		}
		said.WriteString(", " + name + ": " + row[1])
	}
	if diff := cmp.Diff(parse(""), parse(said.String())); diff != "" {
		t.Errorf("docs/configuration.md says other defaults (-are +documented):\n%s", diff)
	}
}
