// Package chart renders the Helm chart and holds what comes out against Kubernetes' own schemas,
// and against the exporter: the arguments of its pods are given to the binary.
package chart

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	root    = "../.."
	home    = root + "/deploy/chart/msgraph-security-exporter"
	tools   = root + "/.tools/bin/"
	schemas = root + "/.tools/schemas"
)

var update = flag.Bool("update", false, "write the goldens anew")

// exporter is the path of the binary.
var exporter string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flag.Parse()
	folder, err := os.MkdirTemp("", "chart")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	exporter = filepath.Join(folder, "exporter")
	if out, err := exec.Command("make", "-C", root, "build", "OUT="+exporter).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// render returns what the chart renders with files of values or settings.
func render(t *testing.T, args ...string) string {
	t.Helper()
	out, err := template(args...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

func template(args ...string) (string, error) {
	all := append([]string{"template", "release", home, "--namespace=monitoring", "--kube-version=1.37.0"}, args...)
	out, err := exec.Command(tools+"helm", all...).CombinedOutput()
	return string(out), err
}

// valid returns what kubeconform has against the manifests in a folder.
func valid(folder string) error {
	out, err := exec.Command(tools+"kubeconform", "-strict", "-schema-location",
		schemas+"/{{.ResourceKind}}{{.KindSuffix}}.json", folder).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// TestExamples renders the values of ci/: strictly linted, valid, as before, and with arguments
// that the exporter accepts.
func TestExamples(t *testing.T) {
	examples, err := filepath.Glob(home + "/ci/*-values.yaml")
	if err != nil || len(examples) < 6 {
		t.Fatalf("%d examples, %v", len(examples), err)
	}
	folder := t.TempDir()
	for _, example := range examples {
		name := strings.TrimSuffix(filepath.Base(example), "-values.yaml")
		if out, err := exec.Command(tools+"helm", "lint", "--strict", home, "--values", example).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		text := render(t, "--values", example)
		if err := os.WriteFile(filepath.Join(folder, name+".yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		manifests := parse(t, text)
		accepted(t, name, manifests)
		golden(t, name, shorten(text))
	}
	if err := valid(folder); err != nil {
		t.Error(err)
	}
}

// TestValidates shows that a manifest with a field that Kubernetes or the operator does not know
// is found.
func TestValidates(t *testing.T) {
	text := render(t, "--values", home+"/ci/secret-values.yaml")
	for _, field := range []string{"revisionHistoryLimit:", "scrapeTimeout:", "targetPort:", "- alert:"} {
		folder := t.TempDir()
		broken := strings.Replace(text, field, strings.TrimSuffix(field, ":")+"X:", 1)
		if err := os.WriteFile(filepath.Join(folder, "broken.yaml"), []byte(broken), 0o644); err != nil {
			t.Fatal(err)
		}
		if valid(folder) == nil {
			t.Errorf("%sX is valid", field)
		}
	}
}

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".yaml")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got, -update writes it):\n%s", file, diff)
	}
}

// shorten leaves out of a golden what has tests and reviews of its own: what rules and dashboards
// say.
func shorten(text string) string {
	documents := strings.Split(text, "\n---\n")
	for i, d := range documents {
		for _, kept := range []string{"\n  groups:\n", ".json: |-\n"} {
			if before, content, found := strings.Cut(d, kept); found {
				documents[i] = fmt.Sprintf("%s%s    # %s\n", before, kept, count(content))
			}
		}
	}
	return strings.Join(documents, "\n---\n")
}

// count names the alerts in a text.
func count(text string) string {
	var alerts []string
	for line := range strings.Lines(text) {
		if _, name, found := strings.Cut(line, "alert: "); found {
			alerts = append(alerts, strings.TrimSpace(name))
		}
	}
	if len(alerts) == 0 {
		return "a dashboard"
	}
	slices.Sort(alerts)
	return "with the alerts of deploy/alerts"
}

// TestFiles makes the files that follow from others anew: they are as they were committed.
func TestFiles(t *testing.T) {
	folder := t.TempDir()
	command := exec.Command("go", "run", ".", "../..", folder)
	command.Dir = root + "/tools/chart"
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, made := range []string{"README.md", "values.schema.json", "files"} {
		if out, err := exec.Command("diff", "-r", "-q", filepath.Join(home, made), filepath.Join(folder, made)).CombinedOutput(); err != nil {
			t.Errorf("%v: run \"make chart-files\"\n%s", err, out)
		}
	}
}

// TestVersion compares the chart's version with that of Chart.yaml's image.
func TestVersion(t *testing.T) {
	text, err := os.ReadFile(home + "/Chart.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\nappVersion: ") || !strings.Contains(render(t, "--set=demo=true"), "image: msgraph_security_exporter:") {
		t.Error("the chart names no version of the exporter")
	}
}
