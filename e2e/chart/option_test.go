package chart

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// An option is another value of something than its default, and what the chart renders of it.
type option struct {
	settings string // as helm's --set-json takes them, with a semicolon between
	want     string // in what is rendered
}

const (
	tenant  = `graph.tenantId="contoso.onmicrosoft.com";graph.clientId="66666666-7777-8888-9999-000000000000"`
	signIn  = `;credentials.existingSecret="s";credentials.clientSecretKey="k"`
	monitor = `demo=true;serviceMonitor.enabled=true`
	probes  = `tenants=["contoso"];existingConfigMap="c";probe.enabled=true`
	config  = `config={"tenants":[{"name":"contoso","tenant_id":"contoso.onmicrosoft.com","client_id":"66666666-7777-8888-9999-000000000000","auth":{"client_secret_file":"../credentials/k"}}]}`
	rules   = `demo=true;prometheusRule.enabled=true`
	boards  = `demo=true;dashboards.enabled=true`
	policy  = `demo=true;networkPolicy.enabled=true`
	budget  = `demo=true;podDisruptionBudget.enabled=true`
)

// options has every value of the chart at least once.
var options = []option{
	{`demo=true;image.repository="r"`, "image: r:"}, {`demo=true;image.tag="t"`, ":t"}, {`demo=true;image.pullPolicy="Always"`, "Policy: Always"},
	{`demo=true;image.digest="sha256:` + sixtyFour + `"`, "@sha256:" + sixtyFour}, {`demo=true;imagePullSecrets=[{"name":"p"}]`, "- name: p"},
	{`demo=true;nameOverride="n"`, `name: "release-n"`}, {`demo=true;fullnameOverride="f"`, `name: "f"`}, {`demo=true;replicas=3`, "replicas: 3"},
	{`shards=1;` + config, "kind: StatefulSet"}, {`shards=1;serviceMonitor.enabled=true;` + config, `regex: "release-msgraph-security-exporter-0"`},
	{`shards=1;probe.enabled=true;` + config, "url: release-msgraph-security-exporter-0.release-msgraph-security-exporter-shards.monitoring.svc:10365"},
	{`demo=true`, "- --demo"},
	{tenant + signIn, "--graph.tenant-id=contoso.onmicrosoft.com"}, {tenant + signIn, "--graph.client-id=6666"}, {tenant + signIn, `secretName: "s"`},
	{tenant + signIn, "--graph.client-secret-file=/etc/msgraph_security_exporter/credentials/k"},
	{tenant + signIn + `;graph.cloud="usgov-dod"`, "--graph.cloud=usgov-dod"}, {tenant + signIn + `;graph.authMethod="secret"`, "--graph.auth-method=secret"},
	{tenant + signIn + `;graph.requestsPerMinute=60`, "per-minute=60"}, {tenant + signIn + `;graph.endpoint="https://g.example"`, "--graph.endpoint=https://g.example"},
	{tenant + signIn + `;graph.authority="https://a.example"`, "--graph.authority=https://a.example"},
	{tenant + `;credentials.existingSecret="s";credentials.clientCertificateKey="pem"`, "--graph.client-certificate-file=/etc/msgraph_security_exporter/credentials/pem"},
	{tenant + `;credentials.csi={"driver":"d"};credentials.clientSecretKey="k"`, "driver: d"},
	{`demo=true;collector.sweepInterval="5m"`, "sweep-interval=5m"}, {`demo=true;collector.maxAge="7m"`, "max-age=7m"},
	{`demo=true;collector.minRefreshInterval="0s"`, "min-refresh-interval=0s"}, {`demo=true;collector.incidentInfo=9`, "incident-info=9"},
	{`demo=true;collector.tags=["VIP","Crown jewels"]`, `"--collector.tags=VIP,Crown jewels"`},
	{tenant + `;workloadIdentity.enabled=true`, `azure.workload.identity/use: "true"`}, {tenant + `;workloadIdentity.enabled=true;workloadIdentity.clientId="w"`, `client-id: "w"`},
	{tenant + `;workloadIdentity.enabled=true;workloadIdentity.tenantId="w"`, `tenant-id: "w"`},
	{`demo=true;config={"objectives":[{"name":"o","resolve_within":"4h"}]}`, "resolve_within: 4h"}, {`existingConfigMap="c";tenants=["contoso"]`, `name: "c"`},
	{`demo=true;web.existingSecret="w"`, "- --web.config.file="}, {monitor + `;web.tls=true`, "scheme: https"}, {`demo=true;web.enableLifecycle=true`, "- --web.enable-lifecycle"},
	{`demo=true;log.level="debug"`, "--log.level=debug"}, {`demo=true;log.format="json"`, "--log.format=json"}, {`demo=true;extraArgs=["--web.enable-pprof"]`, `- "--web.enable-pprof"`},
	{`demo=true;extraEnv=[{"name":"NO_PROXY","value":"x"}]`, "name: NO_PROXY"}, {`demo=true;extraEnvFrom=[{"secretRef":{"name":"e"}}]`, "secretRef:"},
	{`demo=true;extraVolumes=[{"name":"v","emptyDir":{}}];extraVolumeMounts=[{"name":"v","mountPath":"/v"}]`, "mountPath: /v"},
	{`demo=true;serviceAccount.create=false`, `serviceAccountName: "default"`}, {`demo=true;serviceAccount.name="a"`, `serviceAccountName: "a"`},
	{`demo=true;serviceAccount.annotations={"a":"b"}`, "a: b"}, {`demo=true;service.type="NodePort"`, "type: NodePort"}, {`demo=true;service.port=80`, "port: 80\n"},
	{`demo=true;service.headless=true`, "clusterIP: None"}, {`demo=true;service.annotations={"a":"b"}`, "a: b"}, {`demo=true;service.labels={"a":"b"}`, "a: b"},
	{monitor, "kind: ServiceMonitor"}, {monitor + `;serviceMonitor.namespace="n"`, `namespace: "n"`}, {monitor + `;serviceMonitor.interval="1m"`, "interval: 1m"},
	{monitor + `;serviceMonitor.scrapeTimeout="9s"`, "scrapeTimeout: 9s"}, {monitor + `;serviceMonitor.labels={"a":"b"}`, "a: b"}, {monitor + `;serviceMonitor.tenant="t"`, `replacement: "t"`},
	{monitor + `;serviceMonitor.relabelings=[{"action":"labeldrop","regex":"x"}]`, "regex: x"}, {monitor + `;serviceMonitor.metricRelabelings=[{"action":"labeldrop","regex":"x"}]`, "regex: x"},
	{monitor + `;serviceMonitor.tlsConfig={"insecureSkipVerify":true}`, "insecureSkipVerify: true"}, {monitor + `;serviceMonitor.basicAuth={"username":{"name":"n","key":"k"}}`, "basicAuth:"},
	{probes, "kind: Probe"}, {probes + `;probe.namespace="n"`, `namespace: "n"`}, {probes + `;probe.interval="1m"`, "interval: 1m"}, {probes + `;probe.scrapeTimeout="9s"`, "scrapeTimeout: 9s"},
	{probes + `;probe.labels={"a":"b"}`, "a: b"}, {rules, "kind: PrometheusRule"}, {rules + `;prometheusRule.namespace="n"`, `namespace: "n"`}, {rules + `;prometheusRule.labels={"a":"b"}`, "a: b"},
	{rules + `;prometheusRule.additionalRuleLabels={"team":"soc"}`, "team: soc"}, {rules + `;prometheusRule.runbookUrlPrefix="https://r.example/"`, "runbook_url: https://r.example/docs/runbooks/"},
	{rules + `;prometheusRule.groups=[{"name":"mine","rules":[{"alert":"Mine","expr":"1"}]}]`, "alert: Mine"},
	{boards, "kind: ConfigMap"}, {boards + `;dashboards.namespace="n"`, `namespace: "n"`}, {boards + `;dashboards.labels={"a":"b"}`, "a: b"}, {boards + `;dashboards.annotations={"a":"b"}`, "a: b"},
	{boards + `;dashboards.labels.grafana_dashboard="2"`, `grafana_dashboard: "2"`},
	{policy, "kind: NetworkPolicy"}, {policy + `;networkPolicy.ingressFrom=[{"podSelector":{}}]`, "from:"}, {tenant + signIn + `;networkPolicy.enabled=true`, "cidr: 0.0.0.0/0"},
	{tenant + signIn + `;networkPolicy.enabled=true;networkPolicy.egressTo=[{"ipBlock":{"cidr":"192.0.2.0/24"}}]`, "cidr: 192.0.2.0/24"},
	{policy + `;networkPolicy.dnsTo=[{"podSelector":{}}]`, "podSelector: {}"}, {policy + `;networkPolicy.extraEgress=[{"ports":[{"port":3128}]}]`, "port: 3128"},
	{budget, "minAvailable: 1"}, {budget + `;podDisruptionBudget.minAvailable=2`, "minAvailable: 2"}, {budget + `;podDisruptionBudget.maxUnavailable=0`, "maxUnavailable: 0"},
	{`demo=true;resources.limits.memory="1Gi"`, "memory: 1Gi"}, {`demo=true;resources.requests={"cpu":"1","memory":"1Gi"}`, `cpu: "1"`}, {`demo=true;podSecurityContext={"runAsUser":7}`, "runAsUser: 7"},
	{`demo=true;podSecurityContext={"runAsNonRoot":true,"runAsGroup":7,"fsGroup":7,"seccompProfile":{"type":"Unconfined"}}`, "Unconfined"},
	{`demo=true;securityContext={"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"capabilities":{"drop":["NET_RAW"]}}`, "NET_RAW"},
	{`demo=true;livenessProbe={"periodSeconds":7,"timeoutSeconds":7}`, "periodSeconds: 7"}, {`demo=true;readinessProbe={"periodSeconds":7,"timeoutSeconds":7}`, "timeoutSeconds: 7"},
	{`demo=true;terminationGracePeriodSeconds=7`, "PeriodSeconds: 7"}, {`demo=true;annotations={"a":"b"}`, "a: b"}, {`demo=true;podAnnotations={"a":"b"}`, "a: b"}, {`demo=true;podLabels={"a":"b"}`, "a: b"},
	{`demo=true;nodeSelector={"a":"b"}`, "a: b"}, {`demo=true;tolerations=[{"operator":"Exists"}]`, "operator: Exists"}, {`demo=true;affinity={"nodeAffinity":{}}`, "nodeAffinity: {}"},
	{`demo=true;topologySpreadConstraints=[{"maxSkew":1,"topologyKey":"k","whenUnsatisfiable":"DoNotSchedule"}]`, "maxSkew: 1"}, {`demo=true;priorityClassName="p"`, `priorityClassName: "p"`},
}

const sixtyFour = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// TestOptions turns everything on that can be: what is rendered shows it, is valid, and has
// arguments that the exporter accepts. An option that nothing turns on fails the test too.
func TestOptions(t *testing.T) {
	unset := leaves(t)
	folder := t.TempDir()
	for i, o := range options {
		var args []string
		for setting := range strings.SplitSeq(o.settings, ";") {
			args = append(args, "--set-json", setting)
			path, _, _ := strings.Cut(setting, "=")
			maps.DeleteFunc(unset, func(l string, _ bool) bool { return l == path || strings.HasPrefix(l, path+".") })
		}
		text := render(t, args...)
		if !strings.Contains(text, o.want) {
			t.Errorf("%s: %q is not in\n%s", o.settings, o.want, text)
		}
		accepted(t, o.settings, parse(t, text))
		if err := os.WriteFile(filepath.Join(folder, strconv.Itoa(i)+".yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, untested := range []string{"prometheusRule.disabled", "prometheusRule.overrides", "prometheusRule.severities", "prometheusRule.portalUrl"} { // by TestRules
		delete(unset, untested)
	}
	if len(unset) > 0 {
		t.Errorf("nothing sets %v", slices.Sorted(maps.Keys(unset)))
	}
	if err := valid(folder); err != nil {
		t.Error(err)
	}
}

// TestRefused gives values that make no sense, and are refused with a word why.
func TestRefused(t *testing.T) {
	for settings, want := range map[string]string{
		`graph.tenantID="x"`:                          "tenantID",
		`graph.cloud="china"`:                         "usgov-dod",
		`replicas="two"`:                              "got string, want integer",
		`image.digest="latest"`:                       "pattern",
		probes + `;replicas=2`:                        "mixes the counters",
		`demo=true;probe.enabled=true`:                "no tenants",
		`demo=true;shards=2`:                          "the tenants of config.tenants, and nothing else",
		`shards=2;` + probes:                          "the tenants of config.tenants, and nothing else",
		`shards=1;replicas=2;` + config:               "replicas has to be 1",
		`shards=2;` + config:                          "take fewer shards",
		rules + `;prometheusRule.disabled=["NoSuch"]`: "no alert NoSuch",
		rules + `;prometheusRule.overrides={"No":{}}`: "no alert No",
	} {
		var args []string
		for setting := range strings.SplitSeq(settings, ";") {
			args = append(args, "--set-json", setting)
		}
		if out, err := template(args...); err == nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v, want it refused for %q:\n%s", settings, err, want, out)
		}
	}
}

// TestDocumented renders the values that docs/kubernetes.md shows.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile(root + "/docs/kubernetes.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)\n```yaml\n(.*?)\n```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 2 {
		t.Errorf("only %d examples", len(blocks))
	}
	for i, block := range blocks {
		file := filepath.Join(t.TempDir(), "values.yaml")
		put(t, file, block[1]+"\n")
		accepted(t, strconv.Itoa(i), parse(t, render(t, "--values", file)))
	}
}
