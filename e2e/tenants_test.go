package e2e

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// shard is the configuration of one of two Prometheus servers that share the tenants of an
// exporter, as docs/tenants.md has it, but for the times.
const shard = `
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: msgraph_security
    metrics_path: /probe
    http_sd_configs:
      - {url: "http://%[1]s/sd", refresh_interval: 1s}
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: tenant}
      - {source_labels: [tenant], modulus: 2, target_label: __tmp_hash, action: hashmod}
      - {source_labels: [__tmp_hash], regex: "%[2]d", action: keep}
      - {target_label: __address__, replacement: "%[1]s"}
`

// A crowd is a configuration file of simulated tenants.
type crowd struct {
	path, secret string
	sims         map[string]*graphsim.Sim
	text         strings.Builder
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	dir := t.TempDir()
	c := &crowd{path: filepath.Join(dir, "tenants.yml"), secret: filepath.Join(dir, "secret"), sims: map[string]*graphsim.Sim{}}
	if err := os.WriteFile(c.secret, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.text.WriteString("tenants:\n")
	return c
}

// add adds a tenant of that many open incidents, and writes the file.
func (c *crowd) add(t *testing.T, name string, open int) {
	t.Helper()
	sim := tenant(graphsim.Config{})
	for i := range open {
		sim.Add(graphsim.Incident{Created: time.Now().Add(-time.Duration(i+1) * time.Hour), Severity: "high"})
	}
	graph := httptest.NewServer(sim)
	t.Cleanup(graph.Close)
	c.sims[name] = sim
	fmt.Fprintf(&c.text, "  - {name: %s, tenant_id: %s, client_id: %s, endpoint: %q, authority: %q, auth: {client_secret_file: secret}}\n",
		name, tenantID, clientID, graph.URL, graph.URL)
	if err := os.WriteFile(c.path, []byte(c.text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// byTenant returns the values of a query that has one for each tenant.
func (p *prometheus) byTenant(query string) (map[string]float64, error) {
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any // time, text
			}
		}
	}
	text, err := get(p.url + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for _, r := range answer.Data.Result {
		values[r.Metric["tenant"]], _ = strconv.ParseFloat(r.Value[1].(string), 64)
	}
	return values, nil
}

// TestTenants has two Prometheus servers find the tenants of one exporter and share them by
// hashmod. Each tenant's number is its own, in one of the two, also that of one that comes
// with a reload; one that hangs takes none of the others' time.
func TestTenants(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	want := map[string]float64{}
	for i := range 8 {
		name := fmt.Sprintf("tenant-%d", i)
		c.add(t, name, i+1)
		want[name] = float64(i + 1)
	}
	e := start(t, exporter, "--config.file="+c.path, "--web.listen-address=127.0.0.1:0")
	address := e.address(t)
	var shards []*prometheus
	for n := range 2 {
		shards = append(shards, watchWith(t, fmt.Sprintf(shard, address, n)))
	}
	agree := func(what string) {
		t.Helper()
		await(t, what, func() error {
			got, owners := map[string]float64{}, 0
			for _, p := range shards {
				values, err := p.byTenant(`sum by (tenant) (msgraph_security_open_incidents)`)
				if err != nil {
					return err
				}
				for name, v := range values {
					got[name] = v
					owners++
				}
			}
			if diff := cmp.Diff(want, got); diff != "" || owners != len(want) {
				return fmt.Errorf("%d owners, -want +got:\n%s", owners, diff)
			}
			return nil
		})
	}
	agree("every tenant's number")

	c.sims["tenant-3"].Fault(graphsim.Fault{Kind: graphsim.FaultHang})
	c.add(t, "tenant-new", 42)
	want["tenant-new"] = 42
	if err := e.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	agree("the new tenant's number")
	await(t, "the tenant that hangs, and no other, to be slow", func() error {
		for _, p := range shards {
			for _, query := range []string{`msgraph_security_up == 0`, `up == 0`, `scrape_duration_seconds > 0.5`} {
				values, err := p.byTenant(query)
				if err != nil {
					return err
				}
				delete(values, "tenant-3")
				if len(values) > 0 {
					return fmt.Errorf("%s: %v", query, values)
				}
			}
		}
		return nil
	})
	for name := range want {
		if n := strings.Count(e.log.String(), `msg="First synchronisation is complete" tenant=`+name+" "); n != 1 {
			t.Errorf("%s was synchronised %d times", name, n)
		}
	}
}
