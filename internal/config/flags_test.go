package config

import (
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/buildinfo"
	"msgraph_security_exporter/internal/graphtest"
)

// TestMistakes gives every kind of wrong flag and variable. Each is reported on
// a line that names it, all of them at once, and the secret never.
func TestMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		graphtest.Write(t, path, text)
		return path
	}
	good := file("good", graphtest.Secret+"\n")
	empty, blank, long := file("empty", ""), file("blank", " \n"), file("long", strings.Repeat("x", 64<<10+1))
	webConfig := file("web.yml", "no_such_key: 1\n")
	objectives := file("objectives.yml", "objectives:\n  - name: a\n    resolve_within: soon\n  - {severities: [urgent], acknowledge_within: 1h}\n")
	tenants := file("tenants.yml", "tenants:\n  - {name: contoso, tenant_id: "+graphtest.TenantID+", client_id: "+graphtest.ClientID+"}\n")
	in := ", tenant_id: " + graphtest.TenantID + ", client_id: " + graphtest.ClientID + ", auth: "
	secrets := file("secrets.yml", "tenants:\n  - {name: contoso"+in+"{client_secret_file: none}}\n"+
		"  - {name: fabrikam"+in+"{client_secret_file: good}}\n  - {name: northwind"+in+"{client_certificate_file: good}}\n")
	tenant := []string{"--graph.tenant-id=" + graphtest.TenantID, "--graph.client-id=" + graphtest.ClientID}
	and := func(given []string, more ...string) []string { return slices.Concat(given, more) }
	valid := and(tenant, "--graph.client-secret-file="+good)

	cases := []struct {
		name string
		args []string
		env  graphtest.Variables
		want []string
	}{
		{"nothing at all", nil, nil, []string{
			"--graph.tenant-id or AZURE_TENANT_ID: missing; --demo needs no account",
			"--graph.client-secret-file, --graph.client-certificate-file, their variables or --graph.auth-method: missing",
			"--graph.client-id or AZURE_CLIENT_ID: missing",
		}},
		{"everything wrong at once", []string{
			"--graph.tenant-id=contoso", "--graph.client-id=exporter", "--graph.client-secret-file=" + empty,
			"--graph.cloud=gcc", "--graph.requests-per-minute=9", "--collector.sweep-interval=9s", "--collector.max-age=soon",
			"--collector.min-refresh-interval=-1s", "--log.level=loud", "--log.format=xml", "--web.config.file=" + dir + "/none",
		}, nil, []string{
			`--graph.tenant-id="contoso": want the directory (tenant) id, a GUID, or a domain of the tenant such as contoso.onmicrosoft.com`,
			`--graph.client-id="exporter": want the application (client) id, the GUID on the overview page of the app registration`,
			`--graph.client-secret-file="` + empty + `": is empty`,
			`--graph.cloud: cloud "gcc": want one of public, usgov, usgov-dod`,
			`--graph.requests-per-minute="9": want a whole number from 10 to 100000`,
			`--collector.sweep-interval="9s": want a time from 10s to 24h, such as 90s or 10m`,
			`--collector.max-age="soon": want a time from 10s to 24h, such as 90s or 10m`,
			`--collector.min-refresh-interval="-1s": want a time from 0s to 24h, such as 90s or 10m`,
			`--log.level="loud": want one of debug, info, warn, error`,
			`--log.format="xml": want one of logfmt, json`,
			`--web.config.file="` + dir + `/none": no such file or directory`,
		}},
		{"variables", nil, graphtest.Variables{
			"AZURE_TENANT_ID": "common", "AZURE_CLIENT_ID": "{" + graphtest.ClientID + "}", "AZURE_CLIENT_SECRET_FILE": dir,
		}, []string{
			`AZURE_TENANT_ID="common": want the directory (tenant) id, a GUID, or a domain of the tenant such as contoso.onmicrosoft.com`,
			`AZURE_CLIENT_ID=(38 characters, not shown): want the application (client) id, the GUID on the overview page of the app registration`,
			`AZURE_CLIENT_SECRET_FILE="` + dir + `": is a directory`,
		}},
		{"secret given twice", valid, graphtest.Variables{"AZURE_CLIENT_SECRET": graphtest.Secret}, []string{
			`--graph.client-secret-file and AZURE_CLIENT_SECRET are both set, keep one of the two`,
		}},
		{"no secret file", and(tenant, "--graph.client-secret-file="+dir+"/none"), nil, []string{
			`--graph.client-secret-file="` + dir + `/none": no such file or directory`,
		}},
		{"blank secret file", and(tenant, "--graph.client-secret-file="+blank), nil, []string{
			`--graph.client-secret-file="` + blank + `": is empty`,
		}},
		{"long secret file", and(tenant, "--graph.client-secret-file="+long), nil, []string{
			`--graph.client-secret-file="` + long + `": is longer than 64 KiB`,
		}},
		{"device as secret file", and(tenant, "--graph.client-secret-file=/dev/zero"), nil, []string{
			`--graph.client-secret-file="/dev/zero": is not a regular file, which could be read anew at each sign-in`,
		}},
		{"cloud without incidents", and(valid, "--graph.cloud=china"), nil, []string{
			`--graph.cloud: cloud "china": Microsoft Graph operated by 21Vianet has no security incidents`,
		}},
		{"roots", and(valid, "--graph.endpoint=http://graph.example", "--graph.authority=https://me:"+graphtest.Secret+"@login.example"), nil, []string{
			`--graph.endpoint: endpoint "http://graph.example": want https, or http to a loopback address or localhost`,
			`--graph.authority: endpoint of host "login.example": must not carry a user`,
		}},
		{"refresh rarer than the age", and(valid, "--collector.min-refresh-interval=5m"), nil, []string{
			`--collector.min-refresh-interval="5m": want less than --collector.max-age`,
		}},
		{"demo of a tenant", and(valid, "--demo", "--graph.cloud=usgov", "--graph.endpoint=https://x", "--graph.authority=https://x"), nil, []string{
			"--graph.tenant-id: not with --demo, which serves a simulated tenant",
			"--graph.client-id: not with --demo, which serves a simulated tenant",
			"--graph.client-secret-file: not with --demo, which serves a simulated tenant",
			"--graph.cloud: not with --demo, which serves a simulated tenant",
			"--graph.endpoint: not with --demo, which serves a simulated tenant",
			"--graph.authority: not with --demo, which serves a simulated tenant",
		}},
		{"web configuration", and(valid, "--web.config.file="+webConfig), nil, []string{
			`--web.config.file="` + webConfig + `": yaml: unmarshal errors: line 1: field no_such_key not found in type web.Config`,
		}},
		{"objectives", and(valid, "--config.file="+objectives, "--collector.max-age=soon"), nil, []string{
			`--collector.max-age="soon": want a time from 10s to 24h, such as 90s or 10m`,
			objectives + `:3: objectives.a.resolve_within: "soon": want a time from 1s to 180d, such as 90s or 10m`,
			objectives + `:4: objectives[1].severities[0]: want one of unknown, informational, low, medium, high, other`,
			objectives + `:4: objectives[1].name: missing`,
		}},
		{"on demand", and(valid, "--collector.tags=a,,b", "--collector.incident-info=101"), nil, []string{
			`--collector.incident-info="101": want a whole number from 0 to 100`,
			`--collector.tags="a,,b": want different tags of 1 to 100 characters, with commas between`,
		}},
		{"tags", and(valid, "--collector.tags=lab, Lab"), nil, []string{`--collector.tags=(8 characters, not shown): want different tags of 1 to 100 characters, with commas between`}},
		{"flags of a tenant beside tenants", and(tenant, "--config.file="+tenants, "--collector.max-age=1m", "--demo"), graphtest.Variables{"AZURE_TENANT_ID": "x"}, []string{
			`--graph.tenant-id: not with --config.file="` + tenants + `", which holds tenants`,
			`--graph.client-id: not with --config.file="` + tenants + `", which holds tenants`,
			`--collector.max-age: not with --config.file="` + tenants + `", which holds tenants`,
			`--demo: not with --config.file="` + tenants + `", which holds tenants`,
			tenants + `: tenants.contoso.auth: nothing to sign in with`,
		}},
		{"mistakes in a file, and nothing else", []string{"--config.file=" + objectives + "x"}, nil, []string{
			objectives + "x: no such file or directory",
		}},
		{"files that a file names", []string{"--config.check", "--config.file=" + secrets}, nil, []string{
			secrets + ": tenants.contoso.auth: client secret file " + dir + "/none: no such file or directory",
			secrets + ": tenants.northwind.auth: client certificate file " + good + ": is neither PEM nor PFX, or is cut short",
		}},
		{"method unknown", and(valid, "--graph.auth-method=password"), nil, []string{
			`--graph.auth-method="password": want one of auto, secret, certificate, workload-identity, managed-identity, azure-cli`,
		}},
		{"method of another file", and(valid, "--graph.auth-method=certificate"), nil, []string{
			"--graph.client-secret-file: not with --graph.auth-method=certificate",
			"--graph.client-certificate-file or AZURE_CLIENT_CERTIFICATE_PATH: missing",
		}},
		{"two methods", and(valid, "--graph.client-certificate-file="+good), nil, []string{
			"--graph.client-secret-file and --graph.client-certificate-file belong to different methods, keep one",
		}},
		{"no such file", and(valid, "--config.file="+dir+"/none"), nil, []string{
			dir + "/none: no such file or directory",
		}},
		{"secret as a flag", []string{"--graph.client-secret=" + graphtest.Secret}, nil, []string{"unknown long flag '--graph.client-secret'; did you mean --graph.client-secret-file? --help lists all flags"}},
		{"flag given twice", and(tenant, "--graph.tenant-id=contoso.example"), nil, []string{"flag 'graph.tenant-id' cannot be repeated"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(c.args, c.env.Get, io.Discard)
			if err == nil {
				t.Fatal("got no error")
			}
			if diff := cmp.Diff(c.want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if strings.Contains(err.Error(), graphtest.Secret) {
				t.Errorf("shows the secret: %v", err)
			}
		})
	}
}

// TestPrecedence shows that a flag goes before a variable, and what is found where.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	graphtest.Write(t, path, graphtest.Secret)
	env := graphtest.Variables{
		"AZURE_TENANT_ID": "other.example", "AZURE_CLIENT_ID": graphtest.ClientID, "AZURE_CLIENT_SECRET": graphtest.Secret + "\r\n",
	}
	cfg, err := Parse([]string{"--graph.tenant-id=contoso.onmicrosoft.com", "--graph.cloud=usgov-dod"}, env.Get, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{cfg.flagTenant.TenantID, cfg.flagTenant.ClientID, cfg.flagTenant.Endpoint, cfg.flagTenant.Authority, string(cfg.flagTenant.SignIn.Method), cfg.flagTenant.SignIn.Sources[0]}
	want := []string{"contoso.onmicrosoft.com", graphtest.ClientID, "https://dod-graph.microsoft.us", "https://login.microsoftonline.us", "secret", "AZURE_CLIENT_SECRET"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if s := cfg.flagTenant.SignIn.Secret; string(s) != graphtest.Secret {
		t.Error("got another secret")
	}
	env = graphtest.Variables{"AZURE_TENANT_ID": graphtest.TenantID, "AZURE_CLIENT_ID": graphtest.ClientID, "AZURE_CLIENT_SECRET_FILE": path}
	if cfg, err = Parse(nil, env.Get, io.Discard); err != nil || cfg.flagTenant.SignIn.Sources[0] != "AZURE_CLIENT_SECRET_FILE" {
		t.Errorf("got %v, %v", cfg, err)
	}
}

// TestHelp shows that --help and --version answer, and start nothing.
func TestHelp(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{
		"--help":    "--graph.client-secret-file",
		"-h":        "--web.listen-address",
		"--version": buildinfo.Program + ", version",
	} {
		var out strings.Builder
		if cfg, err := Parse([]string{flag}, graphtest.None, &out); cfg != nil || err != nil {
			t.Errorf("%s: got %v, %v", flag, cfg, err)
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: got %q, want it to hold %q", flag, out.String(), want)
		}
	}
}

// TestCheckContract shows that the questions about the contract come with a check, and not with the demo.
func TestCheckContract(t *testing.T) {
	t.Parallel()
	g := graphtest.New(t, "http://127.0.0.1:1", graphsim.Config{})
	for flag, contract := range map[string]bool{"--check.contract": true, "--check": false} {
		cfg, err := Parse(g.Flags(flag), graphtest.None, io.Discard)
		if err != nil || !cfg.Check || cfg.CheckContract != contract {
			t.Errorf("%s: got %+v, %v", flag, cfg, err)
		}
	}
	_, err := Parse([]string{"--demo", "--check.contract"}, graphtest.None, io.Discard)
	if want := "--check.contract: not with --demo, which has nothing to check"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestCheckFormat shows that another form than the two is a mistake, and that the demo has
// nothing to be checked.
func TestCheckFormat(t *testing.T) {
	t.Parallel()
	_, err := Parse([]string{"--demo", "--check", "--check.format=xml"}, graphtest.None, io.Discard)
	want := "--check: not with --demo, which has nothing to check\n--check.format=\"xml\": want one of text, json"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
