package chart

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestShards shows that each tenant is in the file of one pod, that Prometheus asks that pod for it, and
// that one pod more takes tenants from all others and moves no tenant between them.
func TestShards(t *testing.T) {
	const tenants = 60
	three, four := shares(t, tenants, 3), shares(t, tenants, 4)
	moved := 0
	for tenant, pod := range four {
		switch {
		case pod == three[tenant]:
		case strings.HasSuffix(pod, "-3"):
			moved++
		default:
			t.Errorf("%s moved from %s to %s, which were there before", tenant, three[tenant], pod)
		}
	}
	if moved < tenants/8 || moved > tenants/2 {
		t.Errorf("%d of %d tenants moved to the fourth pod", moved, tenants)
	}
}

// shares renders the chart for so many tenants and pods, and returns the pod of each tenant.
func shares(t *testing.T, tenants, shards int) map[string]string {
	t.Helper()
	var values strings.Builder
	fmt.Fprintf(&values, "shards: %d\nserviceMonitor: {enabled: true}\nconfig:\n  tenants:\n", shards)
	for i := range tenants {
		fmt.Fprintf(&values, "    - {name: tenant-%d, tenant_id: contoso.onmicrosoft.com, client_id: 66666666-7777-8888-9999-000000000000, auth: {client_secret_file: ../credentials/k}}\n", i)
	}
	file := filepath.Join(t.TempDir(), "values.yaml")
	put(t, file, values.String())
	text := render(t, "--values", file)
	manifests := parse(t, text)
	accepted(t, fmt.Sprintf("%d shards", shards), manifests)
	pods := map[string]string{}
	for _, m := range manifests {
		for file, text := range m.Data {
			var config struct{ Tenants []struct{ Name string } }
			if err := yaml.Unmarshal([]byte(text), &config); err != nil {
				t.Fatal(err)
			}
			for _, one := range config.Tenants {
				if other, twice := pods[one.Name]; twice {
					t.Errorf("%s is in %s and in %s", one.Name, other, file)
				}
				pods[one.Name] = strings.TrimSuffix(file, ".yml")
			}
		}
	}
	asked := map[string]string{}
	endpoint := regexp.MustCompile(`target:\n +- (\S+)\n(?: +\S.*\n)*? +regex: "(\S+)"\n +action: keep\n`)
	for _, found := range endpoint.FindAllStringSubmatch(text, -1) {
		asked[found[1]] = found[2]
	}
	if len(pods) != tenants || len(asked) != tenants {
		t.Fatalf("%d tenants are in files and %d are asked for, want %d", len(pods), len(asked), tenants)
	}
	for tenant, pod := range pods {
		if asked[tenant] != pod {
			t.Errorf("%s is in the file of %s, and %s is asked for it", tenant, pod, asked[tenant])
		}
	}
	return pods
}
