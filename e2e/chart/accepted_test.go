package chart

import (
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// A manifest is an object as the chart renders it, with the fields that matter here.
type manifest struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
	Spec     struct {
		Replicas int
		Template struct{ Spec pod }
	}
}

type pod struct {
	Containers []struct {
		Args []string
		Env  []struct{ Name, Value string }
	}
}

func parse(t *testing.T, text string) []manifest {
	t.Helper()
	var all []manifest
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var raw map[string]any
		err := d.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, text)
		}
		if kind := raw["kind"]; kind != "Deployment" && kind != "StatefulSet" && kind != "ConfigMap" {
			continue
		}
		again, err := yaml.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		var m manifest
		if err := yaml.Unmarshal(again, &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
}

// Where the chart mounts what it mounts, and the file for the tenants that another writes.
const (
	mounted = "/etc/msgraph_security_exporter"
	tenants = `tenants:
  - {name: contoso, tenant_id: contoso.onmicrosoft.com, client_id: 66666666-7777-8888-9999-000000000000, auth: {client_secret_file: ` + mounted + `/credentials/k}}
`
)

// accepted gives the arguments of the chart's pods to the exporter, with --config.check, and what
// they name in a folder in place of the mounted one.
func accepted(t *testing.T, name string, manifests []manifest) {
	t.Helper()
	folder := t.TempDir()
	signed := pair()
	for file, text := range map[string]string{
		"web/web.yml": "", "config/config.yml": strings.ReplaceAll(tenants, mounted, folder), "token": "token",
		"credentials/k": "secret", "credentials/client-secret": "secret", "credentials/contoso": "secret", "credentials/fabrikam": "secret", "credentials/contoso.pem": signed, "credentials/pem": signed,
	} {
		put(t, filepath.Join(folder, file), text)
	}
	pods := []string{""}
	i := slices.IndexFunc(manifests, func(m manifest) bool { return m.Kind == "Deployment" || m.Kind == "StatefulSet" })
	if i < 0 {
		t.Fatalf("%s: no deployment", name)
	}
	if workload := manifests[i]; workload.Kind == "StatefulSet" {
		pods = nil
		for n := range workload.Spec.Replicas {
			pods = append(pods, workload.Metadata.Name+"-"+strconv.Itoa(n))
		}
	}
	for _, m := range manifests {
		for file, text := range m.Data {
			if strings.HasSuffix(file, ".yml") {
				put(t, filepath.Join(folder, "config", file), strings.ReplaceAll(text, mounted, folder))
			}
		}
	}
	for _, pod := range pods {
		starts(t, name, manifests[i], folder, pod)
	}
}

// starts gives the exporter what a pod of the workload gives it; folder has the pod's volumes.
func starts(t *testing.T, name string, workload manifest, folder, pod string) {
	t.Helper()
	container := workload.Spec.Template.Spec.Containers[0]
	args := []string{"--config.check"}
	for _, a := range container.Args {
		args = append(args, strings.NewReplacer(mounted, folder, "$(SHARD)", pod).Replace(a))
	}
	command := exec.Command(exporter, args...)
	// What the webhook of workload identity adds.
	command.Env = []string{"AZURE_FEDERATED_TOKEN_FILE=" + folder + "/token", "AZURE_TENANT_ID=11111111-2222-3333-4444-555555555555",
		"AZURE_CLIENT_ID=66666666-7777-8888-9999-000000000000", "AZURE_AUTHORITY_HOST=https://login.microsoftonline.com/"}
	for _, e := range container.Env {
		command.Env = append(command.Env, e.Name+"="+e.Value)
	}
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %v\n%s", name, args, err, out)
	}
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// leaves returns the paths of all values.
func leaves(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(home + "/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	var visit func(string, map[string]any)
	visit = func(above string, section map[string]any) {
		for _, name := range slices.Sorted(maps.Keys(section)) {
			path := strings.TrimPrefix(above+"."+name, ".")
			if inner, ok := section[name].(map[string]any); ok && len(inner) > 0 {
				visit(path, inner)
				continue
			}
			found[path] = true
		}
	}
	visit("", values)
	return found
}
