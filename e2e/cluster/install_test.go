package cluster

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ask sends a request to the API server.
func (c cluster) ask(method, path, body string) (string, error) {
	request, err := http.NewRequest(method, c.url+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer administrator")
	request.Header.Set("Content-Type", "application/yaml")
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s\n%s", method, path, answer.Status, text)
	}
	return string(text), err
}

// lists are where the objects of each kind that the chart renders are.
var lists = []string{
	"/apis/apps/v1/%sdeployments", "/apis/apps/v1/%sstatefulsets", "/api/v1/%sservices", "/api/v1/%sserviceaccounts", "/api/v1/%sconfigmaps", "/api/v1/%ssecrets", "/api/v1/%spods",
	"/apis/networking.k8s.io/v1/%snetworkpolicies", "/apis/policy/v1/%spoddisruptionbudgets",
	"/apis/monitoring.coreos.com/v1/%sservicemonitors", "/apis/monitoring.coreos.com/v1/%sprobes", "/apis/monitoring.coreos.com/v1/%sprometheusrules",
}

// objects returns what is in the namespace, but for Helm's own records.
func (c cluster) objects() []string {
	c.Helper()
	var all []string
	for _, list := range lists {
		text, err := c.ask("GET", fmt.Sprintf(list, "namespaces/monitoring/"), "")
		if err != nil {
			c.Fatal(err)
		}
		var found struct {
			Kind  string
			Items []struct{ Metadata struct{ Name string } }
		}
		if err := json.Unmarshal([]byte(text), &found); err != nil {
			c.Fatal(err)
		}
		for _, i := range found.Items {
			if !strings.HasPrefix(i.Metadata.Name, "sh.helm.release.") {
				all = append(all, found.Kind+"/"+i.Metadata.Name)
			}
		}
	}
	slices.Sort(all)
	return all
}

// prepare makes the namespace and the kinds of the operator.
func (c cluster) prepare() {
	c.Helper()
	if _, err := c.ask("POST", "/api/v1/namespaces", "{apiVersion: v1, kind: Namespace, metadata: {name: monitoring}}"); err != nil {
		c.Fatal(err)
	}
	folder := c.TempDir()
	command := exec.Command("go", "run", ".", "-definitions", folder)
	command.Dir = root + "/tools/cluster"
	if out, err := command.CombinedOutput(); err != nil {
		c.Fatalf("%v\n%s", err, out)
	}
	definitions, err := filepath.Glob(folder + "/*.yaml")
	if err != nil || len(definitions) != 3 {
		c.Fatalf("%d definitions, %v", len(definitions), err)
	}
	for _, d := range definitions {
		text, err := os.ReadFile(d)
		if err != nil {
			c.Fatal(err)
		}
		if _, err := c.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", string(text)); err != nil {
			c.Fatal(err)
		}
	}
	for _, list := range lists {
		c.await(list, func() error { _, err := c.ask("GET", fmt.Sprintf(list, ""), ""); return err })
	}
}

// TestInstall installs the chart with each of its examples, upgrades it from each to each other,
// rolls back, and uninstalls it: the same objects are there by whatever way, and none in the end.
func TestInstall(t *testing.T) {
	c := run(t)
	c.prepare()
	if before := c.objects(); len(before) > 0 {
		t.Fatalf("there is already %v", before)
	}
	want := map[string][]string{}
	all := examples(t)
	for _, example := range all {
		c.must("install", "release", home, "--values="+example)
		want[example] = c.objects()
		t.Logf("%s: %d objects", filepath.Base(example), len(want[example]))
		c.uninstall()
	}
	for _, from := range all {
		c.must("install", "release", home, "--values="+from)
		for _, to := range all {
			if from == to {
				continue
			}
			c.must("upgrade", "release", home, "--values="+to)
			c.expect(filepath.Base(from)+" upgraded to "+filepath.Base(to), want[to])
			c.must("rollback", "release")
			c.expect(filepath.Base(to)+" rolled back to "+filepath.Base(from), want[from])
		}
		c.uninstall()
	}
}

func (c cluster) expect(what string, want []string) {
	c.Helper()
	if got := c.objects(); !slices.Equal(got, want) {
		c.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// uninstall removes the release, of which nothing stays.
func (c cluster) uninstall() {
	c.Helper()
	c.must("uninstall", "release")
	if left := c.objects(); len(left) > 0 {
		c.Errorf("after the uninstallation there is %v", left)
	}
}

// TestRefused shows that this API server would find a mistake: one field that it does not know.
func TestRefused(t *testing.T) {
	c := run(t)
	c.prepare()
	out, err := c.helm("install", "release", home, "--set=demo=true", "--set-json", `podSecurityContext={"runAsUserr":1}`)
	if err == nil && !strings.Contains(out, "unknown field") {
		t.Errorf("accepted without a word: %s", out)
	}
}
