package configfile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// FuzzParse shows that any text is either refused with lines that name the file, or makes
// a File that keeps every promise and that, written down, is read as the same again.
func FuzzParse(f *testing.F) {
	for _, folder := range []string{"good", "wrong"} {
		for _, path := range files(f, folder) {
			text, err := os.ReadFile(path + ".yml")
			if err != nil {
				f.Fatal(err)
			}
			if len(text) < 4096 { // long ones slow the search
				f.Add(text)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse("/etc/config.yml", text)
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "/etc/config.yml:") {
					t.Errorf("got a line without the file: %q", line)
				}
			}
			return
		}
		for _, broken := range promises(file) {
			t.Error(broken)
		}
		written := write(t, file)
		again, err := Parse("/etc/config.yml", written)
		if err != nil {
			t.Fatalf("written down:\n%s\n%v", written, err)
		}
		if diff := cmp.Diff(file, again); diff != "" {
			t.Errorf("read again: -first +second:\n%s", diff)
		}
	})
}

// promises returns those promises of the types' comments that a File breaks.
func promises(f *File) (broken []string) {
	check := func(holds bool, format string, args ...any) {
		if !holds {
			broken = append(broken, fmt.Sprintf(format, args...))
		}
	}
	names := map[string]bool{}
	check(len(f.Tenants)+len(f.Objectives) > 0, "there is nothing")
	for _, t := range f.Tenants {
		check(len(t.Name) > 0 && len(t.Name) < 64 && !names[t.Name] && t.Name == strings.ToLower(t.Name), "name %q", t.Name)
		names[t.Name] = true
		check(t.TenantID != "" && !strings.ContainsAny(t.TenantID, "/:?#@ "), "tenant id %q", t.TenantID)
		check(len(t.ClientID) == 36 || t.ClientID == "" && (t.Auth.Method == MethodManagedIdentity || t.Auth.Method == MethodAzureCLI), "client id %q", t.ClientID)
		check(slices.Contains(clouds, t.Cloud), "cloud %q", t.Cloud)
		for _, e := range []string{t.Endpoint, t.Authority} {
			check(e == "" || strings.HasPrefix(strings.ToLower(e), "http"), "endpoint %q", e)
		}
		check(t.RequestsPerMinute >= 1 && t.RequestsPerMinute <= 100_000, "requests %d", t.RequestsPerMinute)
		check(t.IncidentInfo >= 0 && t.IncidentInfo <= 100, "info %d", t.IncidentInfo)
		check(len(t.Tags) <= 20 && slices.IsSorted(t.Tags) && !slices.Contains(t.Tags, ""), "tags %q", t.Tags)
		for _, d := range []time.Duration{t.SweepInterval, t.MaxAge} {
			check(d >= 10*time.Second && d <= 24*time.Hour, "time %s", d)
		}
		check(t.MinRefreshInterval >= 0 && t.MinRefreshInterval < t.MaxAge, "ages %s %s", t.MinRefreshInterval, t.MaxAge)
		check(t.SecretExpires.IsZero() || t.SecretExpires.Year() >= 2000 && t.SecretExpires.Location() == time.UTC, "end %s", t.SecretExpires)
		a, secret, certificate := t.Auth, t.Auth.ClientSecretFile != "", t.Auth.ClientCertificateFile != ""
		for _, path := range []string{a.ClientSecretFile, a.ClientCertificateFile, a.ClientKeyFile, a.CertificatePasswordFile, a.FederatedTokenFile} {
			check(path == "" || filepath.IsAbs(path), "path %q", path)
		}
		check(secret == (a.Method == MethodSecret) && certificate == (a.Method == MethodCertificate), "auth %+v", a)
		check(certificate || a.ClientKeyFile+a.CertificatePasswordFile == "", "auth %+v", a)
		check(a.FederatedTokenFile == "" || a.Method == MethodWorkloadIdentity, "auth %+v", a)
		check(t.Equal(t), "not equal to itself: %+v", t)
	}
	clear(names)
	check(len(f.Objectives) <= 20, "%d objectives", len(f.Objectives))
	for _, o := range f.Objectives {
		check(label.MatchString(o.Name) && !names[o.Name], "name %q", o.Name)
		names[o.Name] = true
		d := o.AcknowledgeWithin + o.ResolveWithin
		check((o.AcknowledgeWithin == 0) != (o.ResolveWithin == 0) && d >= time.Second && d <= 180*24*time.Hour, "objective %+v", o)
		check(len(o.Severities) <= 6 && len(o.Priorities) <= 4, "objective %+v", o)
	}
	return broken
}

// write writes a File as a configuration file would say it.
func write(t *testing.T, f *File) []byte {
	t.Helper()
	tenants, objectives := []any{}, []any{}
	for _, t := range f.Tenants {
		auth := filled(map[string]any{
			"method": string(t.Auth.Method), "client_secret_file": t.Auth.ClientSecretFile,
			"client_certificate_file": t.Auth.ClientCertificateFile, "client_key_file": t.Auth.ClientKeyFile,
			"certificate_password_file": t.Auth.CertificatePasswordFile, "federated_token_file": t.Auth.FederatedTokenFile,
		})
		m := filled(map[string]any{
			"name": t.Name, "tenant_id": t.TenantID, "client_id": t.ClientID, "cloud": t.Cloud,
			"endpoint": t.Endpoint, "authority": t.Authority,
		})
		if !t.SecretExpires.IsZero() {
			m["secret_expires"] = t.SecretExpires.Format(time.RFC3339Nano)
		}
		m["auth"], m["tags"] = auth, t.Tags
		m["requests_per_minute"], m["incident_info"] = t.RequestsPerMinute, t.IncidentInfo
		m["sweep_interval"], m["max_age"] = t.SweepInterval.String(), t.MaxAge.String()
		m["min_refresh_interval"] = t.MinRefreshInterval.String()
		tenants = append(tenants, m)
	}
	for _, o := range f.Objectives {
		m := map[string]any{"name": o.Name, "severities": o.Severities, "priorities": o.Priorities}
		if o.AcknowledgeWithin > 0 {
			m["acknowledge_within"] = o.AcknowledgeWithin.String()
		} else {
			m["resolve_within"] = o.ResolveWithin.String()
		}
		objectives = append(objectives, m)
	}
	text, err := yaml.Dump(map[string]any{"tenants": tenants, "objectives": objectives})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// filled returns a mapping without its empty texts.
func filled(m map[string]any) map[string]any {
	for name, value := range m {
		if value == "" {
			delete(m, name)
		}
	}
	return m
}
