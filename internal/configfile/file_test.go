package configfile

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the messages in testdata")

// planted is the secret in the files of testdata, in the spelling that most of them use.
const planted = "S3cr3t8Q"

// files returns the names of the files of a folder of testdata, without their ending.
func files(t testing.TB, folder string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.yml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files in %s, %v", folder, err)
	}
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(p, ".yml")
	}
	return paths
}

// TestWrong compares what is said of each broken file with the file beside it. No
// message tells the planted secret, and each is a line that names the file.
func TestWrong(t *testing.T) {
	t.Parallel()
	for _, path := range files(t, "wrong") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path + ".yml")
			if err != nil {
				t.Fatal(err)
			}
			file, err := Parse("config.yml", text)
			if err == nil {
				t.Fatalf("got %+v and no error", file)
			}
			got := err.Error() + "\n"
			if strings.Contains(got, planted) {
				t.Errorf("shows a secret:\n%s", got)
			}
			for line := range strings.Lines(got) {
				if !strings.HasPrefix(line, "config.yml:") {
					t.Errorf("got a line without the file: %q", line)
				}
			}
			if *update {
				if err := os.WriteFile(path+".err", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path + ".err")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// usual is a tenant of which the file says nothing that it need not.
func usual(name string) Tenant {
	return Tenant{
		Name: name, TenantID: "11111111-2222-3333-4444-555555555555", ClientID: "66666666-7777-8888-9999-000000000000",
		Cloud: "public", Auth: Auth{Method: MethodAuto},
		Limits: Limits{RequestsPerMinute: 120, SweepInterval: 10 * time.Minute, MaxAge: 5 * time.Minute, MinRefreshInterval: time.Second},
	}
}

// like returns a tenant changed.
func like(t Tenant, change func(*Tenant)) Tenant {
	change(&t)
	return t
}

// full is what testdata/good/full.yml says.
func full() *File {
	defaults := Limits{
		RequestsPerMinute: 60, SweepInterval: 30 * time.Minute, MaxAge: 10 * time.Minute,
		IncidentInfo: 5, Tags: []string{"Crown jewels", "VIP"},
	}
	return &File{
		Tenants: []Tenant{{
			Name: "contoso", TenantID: "11111111-2222-3333-4444-555555555555", ClientID: "66666666-7777-8888-9999-000000000000",
			Cloud: "usgov-dod", Endpoint: "https://graph.example", Authority: "http://127.0.0.1:8443",
			Auth: Auth{
				Method: MethodCertificate, ClientCertificateFile: "testdata/good/certs/contoso.pem",
				ClientKeyFile: "/run/secrets/contoso.key", CertificatePasswordFile: "testdata/password",
			},
			Limits: Limits{RequestsPerMinute: 100_000, SweepInterval: 24 * time.Hour, MaxAge: 90 * time.Minute, MinRefreshInterval: 1500 * time.Millisecond},
		}, {
			Name: "fabrikam", TenantID: "fabrikam.onmicrosoft.com", ClientID: "66666666-7777-8888-9999-000000000001",
			Cloud: "public", Auth: Auth{Method: MethodSecret, ClientSecretFile: "testdata/good/fabrikam"},
			SecretExpires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), Limits: defaults,
		}, {
			Name: "northwind-eu", TenantID: "11111111-2222-3333-4444-555555555557",
			Cloud: "public", Auth: Auth{Method: MethodManagedIdentity}, Limits: defaults,
		}},
		Objectives: []Objective{
			{Name: "high-ack", Severities: []string{"medium", "high"}, AcknowledgeWithin: 15 * time.Minute},
			{Name: "all-resolve", Priorities: []string{"high", "low"}, ResolveWithin: 7 * 24 * time.Hour},
		},
	}
}

// TestGood compares what is read of each sound file with what it says.
func TestGood(t *testing.T) {
	t.Parallel()
	contoso := usual("contoso")
	cli := like(contoso, func(t *Tenant) { t.Auth.Method, t.Tags = MethodAzureCLI, []string{"VIP"} })
	want := map[string]*File{
		"full":            full(),
		"objectives_only": {Objectives: []Objective{{Name: "a", ResolveWithin: 4 * time.Hour}}},
		"one_tenant":      {Tenants: []Tenant{contoso}},
		"bom":             {Tenants: []Tenant{contoso}},
		"end_marker":      {Tenants: []Tenant{contoso}},
		"crlf": {Tenants: []Tenant{like(contoso, func(t *Tenant) {
			t.Auth = Auth{Method: MethodSecret, ClientSecretFile: "testdata/good/s"}
		})}},
		"json": {Tenants: []Tenant{like(contoso, func(t *Tenant) {
			t.TenantID, t.RequestsPerMinute = "contoso.example", 30
		})}},
		"anchors":       {Tenants: []Tenant{cli, like(cli, func(t *Tenant) { t.Name = "b" })}},
		"digits":        {Tenants: []Tenant{like(usual("007"), func(t *Tenant) { t.SecretExpires = time.Date(2027, 1, 31, 16, 0, 0, 0, time.UTC) })}},
		"defaults_last": {Tenants: []Tenant{like(contoso, func(t *Tenant) { t.MaxAge = time.Hour })}},
	}
	for _, path := range files(t, "good") {
		got, err := Load(path + ".yml")
		if err != nil {
			t.Errorf("%s:\n%v", path, err)
			continue
		}
		if diff := cmp.Diff(want[filepath.Base(path)], got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", path, diff)
		}
	}
}

// TestTimes shows that times are written as in Prometheus or as for the flags.
func TestTimes(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for s, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "500ms": 500 * time.Millisecond, "90s": 90 * time.Second, "1.5h": 90 * time.Minute, "1h30m": 90 * time.Minute,
		"1d": day, "1d12h": 36 * time.Hour, "1w": 7 * day, "1y2w3d4h5m6s7ms": 382*day + 4*time.Hour + 5*time.Minute + 6007*time.Millisecond,
	} {
		if got, ok := parseDuration(s); !ok || got != want {
			t.Errorf("%s: got %s, %t, want %s", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "5", "d", "1h1d", "1d1w", "1d1d", "+1h", "-1h", "1d-1h", "1.5d", "1 h", "1H", "1M", "٣h", "100000d", "3000000h"} {
		if got, ok := parseDuration(s); ok {
			t.Errorf("%s: got %s, want none", s, got)
		}
	}
}

// TestEqual shows that a difference in any field is one, and that the order of tags, the
// spelling of times and a method that goes without saying are none.
func TestEqual(t *testing.T) {
	t.Parallel()
	const head = "tenants: [{name: a, tenant_id: a.example, client_id: 66666666-7777-8888-9999-000000000000, "
	read := func(rest string) Tenant {
		f, err := Parse("config.yml", []byte(head+rest+"}]"))
		if err != nil {
			t.Fatal(err)
		}
		return f.Tenants[0]
	}
	cases := []struct {
		a, b string
		want bool
	}{
		{"", "cloud: public", true},
		{"tags: [a, b]", "tags: [b, a]", true},
		{"tags: []", "", true},
		{"max_age: 1h", "max_age: 60m", true},
		{"auth: {client_secret_file: s}", "auth: {method: secret, client_secret_file: ./s}", true},
		{"secret_expires: 2027-01-31", "secret_expires: 2027-01-31T02:00:00+02:00", true},
		{"tags: [a, b]", "tags: [a]", false},
		{"max_age: 1h", "", false},
		{"auth: {client_secret_file: s}", "auth: {client_secret_file: t}", false},
		{"secret_expires: 2027-01-31", "secret_expires: 2027-02-28", false},
		{"cloud: usgov", "", false},
		{"incident_info: 1", "", false},
	}
	for _, c := range cases {
		if got := read(c.a).Equal(read(c.b)); got != c.want {
			t.Errorf("%q and %q: got %t, want %t", c.a, c.b, got, c.want)
		}
	}
}

// TestFiles shows what is said of a file that cannot be read.
func TestFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	long := filepath.Join(folder, "long.yml")
	if err := os.WriteFile(long, bytes.Repeat([]byte("#"), maxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(folder, "missing.yml")
	for path, want := range map[string]string{
		long:       "is longer than 1024 KiB",
		folder:     "is a directory",
		missing:    "no such file or directory",
		os.DevNull: "is not a regular file, which could be read anew at each reload",
	} {
		if _, err := Load(path); err == nil || err.Error() != path+": "+want {
			t.Errorf("got %v, want %s: %s", err, path, want)
		}
	}
	if _, err := Load(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want it to be a missing file", err)
	}
}

// TestBombs shows that no file of the permitted size takes long or much memory, whatever
// its aliases stand for.
func TestBombs(t *testing.T) {
	t.Parallel()
	var laughs strings.Builder
	laughs.WriteString("a0: &a0 [x]\n")
	for i := range 30 {
		fmt.Fprintf(&laughs, "a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 9))
	}
	square := "tenants:\n  - tags: &t [" + strings.Repeat("x,", 1<<17) + "]\n" + strings.Repeat("  - {tags: *t}\n", 1<<12)
	wide := "tenants:\n  - &t {" + strings.Repeat("x: y,", 1<<13) + "}\n" + strings.Repeat("  - *t\n", 1<<13)
	for name, text := range map[string]string{
		"billion laughs": laughs.String(),
		"in a list":      laughs.String() + "tenants: *a30\n",
		"square of tags": square,
		"square of keys": wide,
		"many tags":      "tenants:\n  - tags: [" + many(1<<15) + "]\n",
		"many fields":    "tenants:\n  - {" + many(1<<15) + "}\n",
		"many choices":   "objectives:\n  - severities: [" + many(1<<15) + "]\n",
		"deep":           "tenants: " + strings.Repeat("[", maxSize/2),
		"comments":       strings.Repeat("#\n-\n", maxSize/16),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("config.yml", []byte(text))
			if err == nil {
				t.Fatal("got no error")
			}
			if got := strings.Count(err.Error(), "\n"); got > 5*maxValues {
				t.Errorf("got %d mistakes, want few for each of the %d values that are read", got, maxValues)
			}
		})
	}
}

// many returns so many different words with commas between them.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "x%x,", i)
	}
	return b.String()
}

// TestOrder shows that mistakes come in the order of their lines.
func TestOrder(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/wrong/everything_at_once.yml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse("c", text)
	var lines []int
	for line := range strings.Lines(err.Error()) {
		var n int
		if _, err := fmt.Sscanf(line, "c:%d:", &n); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		lines = append(lines, n)
	}
	if !slices.IsSorted(lines) || len(lines) < 8 {
		t.Errorf("got the lines %v", lines)
	}
}
