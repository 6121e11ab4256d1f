package credential

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/configfile"
	"msgraph_security_exporter/internal/graphtest"
)

// TestCheckFiles shows what is said of each file that cannot be signed in with. It names
// the file, and shows nothing of what is in it.
func TestCheckFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pair := graphtest.NewPair(t, time.Unix(2_000_000_000, 0))
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		graphtest.Write(t, path, text)
		return path
	}
	secret, empty, long := file("secret", graphtest.Secret+"\r\n"), file("empty", " \n"), file("long", strings.Repeat("x", maxFileSize+1))
	certificate, key := file("certificate", string(pair.Certificate)), file("key", string(pair.Key))
	_, missing := os.Stat(dir + "/none") // each system has its own words
	auth := func(method configfile.Method, change func(*configfile.Auth)) configfile.Auth {
		a := configfile.Auth{Method: method}
		change(&a)
		return a
	}
	secretFile := func(path string) configfile.Auth {
		return auth(configfile.MethodSecret, func(a *configfile.Auth) { a.ClientSecretFile = path })
	}
	certificateFiles := func(certificate, key, password string) configfile.Auth {
		return auth(configfile.MethodCertificate, func(a *configfile.Auth) {
			a.ClientCertificateFile, a.ClientKeyFile, a.CertificatePasswordFile = certificate, key, password
		})
	}
	for _, c := range []struct {
		auth configfile.Auth
		want string
	}{
		{secretFile(secret), ""},
		{secretFile(empty), "client secret file " + empty + ": is empty"},
		{secretFile(long), "client secret file " + long + ": is longer than 64 KiB"},
		{secretFile(dir), "client secret file " + dir + ": is a directory"},
		{secretFile(dir + "/none"), "client secret file " + dir + "/none: " + configfile.Cause(missing).Error()},
		{certificateFiles(certificate, key, ""), ""},
		{certificateFiles(certificate, "", ""), "client certificate file " + certificate + ": holds no private key"},
		{certificateFiles(certificate, dir, ""), "client key file " + dir + ": is a directory"},
		{certificateFiles(certificate, key, empty), "certificate password file " + empty + ": is empty"},
		{auth(configfile.MethodWorkloadIdentity, func(a *configfile.Auth) { a.FederatedTokenFile = empty }), "federated token file " + empty + ": is empty"},
		{configfile.Auth{Method: configfile.MethodManagedIdentity}, ""},
		{configfile.Auth{Method: configfile.MethodAzureCLI}, ""},
	} {
		got := ""
		if err := NewSource(SignIn{Auth: c.auth}, time.Time{}, nil).CheckFiles(); err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v: -want +got:\n%s", c.auth, diff)
		}
	}
}

// TestEnds shows when the end of a credential is known.
func TestEnds(t *testing.T) {
	t.Parallel()
	end := time.Unix(2_000_000_000, 0)
	pair := graphtest.NewPair(t, end)
	path := filepath.Join(t.TempDir(), "certificate")
	s := NewSource(SignIn{Auth: configfile.Auth{Method: configfile.MethodCertificate, ClientCertificateFile: path}}, time.Time{}, nil)
	if err := s.CheckFiles(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want that there is no file", err)
	}
	if got := s.Ends(graphclient.CredentialState{}); got != nil {
		t.Errorf("got %v before the certificate was read", got)
	}
	graphtest.Write(t, path, string(pair.Certificate)+string(pair.Key))
	if err := s.CheckFiles(); err != nil {
		t.Fatal(err)
	}
	if got := s.Ends(graphclient.CredentialState{})["certificate"]; !got.Equal(end) {
		t.Errorf("got %s, want %s", got, end)
	}
	declared := NewSource(SignIn{Auth: configfile.Auth{Method: configfile.MethodSecret}}, end, nil)
	inUse := end.Add(-time.Hour)
	if got := s.Ends(graphclient.CredentialState{Ends: inUse, Fallback: true})["certificate"]; !got.Equal(inUse) {
		t.Errorf("got %s, want the one in use, %s", got, inUse)
	}
	if got := declared.Ends(graphclient.CredentialState{Fallback: true}); got != nil {
		t.Errorf("got %v of a secret that nothing is declared of", got)
	}
	if got := declared.Ends(graphclient.CredentialState{})["secret"]; !got.Equal(end) {
		t.Errorf("got %s, want %s", got, end)
	}
}

// readableByAll is what is said of a file that everybody may read, on systems where its mode tells.
var readableByAll = map[bool]string{false: "every user of this host can read it"}[runtime.GOOS == "windows"]

// TestHints shows that a secret that looks wrong is used as it is, with one warning that says what is
// odd about it and shows nothing of it; another warning comes when that has changed.
func TestHints(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	var log bytes.Buffer
	s := NewSource(SignIn{Auth: configfile.Auth{Method: configfile.MethodSecret, ClientSecretFile: path}}, time.Time{}, slog.New(slog.NewTextHandler(&log, nil)))
	for _, c := range []struct {
		text, want string
		mode       os.FileMode
	}{
		{graphtest.Secret + "\n", "", 0o600},
		{graphtest.Secret + "\r\n", "", 0o640},
		{"\xef\xbb\xbf" + graphtest.Secret, "it begins with a byte order mark", 0o600},
		{"\xff\xfep\x00l\x00", "it looks like UTF-16", 0o600},
		{" " + graphtest.Secret, "it begins or ends with a blank", 0o600},
		{graphtest.Secret, "", 0o600},
		{graphtest.Secret + " \n", "it begins or ends with a blank", 0o600},
		{"one\n" + graphtest.Secret, "it has several lines", 0o600},
		{`"` + graphtest.Secret + `"`, "it is in quotes", 0o600},
		{graphtest.Secret, readableByAll, 0o644},
	} {
		graphtest.Write(t, path, c.text)
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		log.Reset()
		for range 3 {
			if got, err := s.clientSecret(); err != nil || string(got) != strings.TrimRight(c.text, "\r\n") {
				t.Errorf("%q: got another secret, or %v", c.text, err)
			}
		}
		got := log.String()
		if n := strings.Count(got, "looks wrong"); n > 1 || n == 0 != (c.want == "") || !strings.Contains(got, c.want) || strings.Contains(got, graphtest.Secret) {
			t.Errorf("%q: got %s, want %q once", c.text, got, c.want)
		}
	}
}

// TestReadersOfCertificates shows whose mode is warned of: that of a file with a private key, and not that
// of a certificate whose key lies elsewhere.
func TestReadersOfCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pair := graphtest.NewPair(t, time.Unix(2_000_000_000, 0))
	certificate, key, both := filepath.Join(dir, "certificate"), filepath.Join(dir, "key"), filepath.Join(dir, "both")
	for path, text := range map[string]string{certificate: string(pair.Certificate), key: string(pair.Key), both: string(pair.Certificate) + string(pair.Key)} {
		graphtest.Write(t, path, text)
	}
	for _, c := range []struct {
		certificate, key string
		open, want       string // the file that everybody may read, and the one that is warned of
	}{
		{certificate, key, certificate, ""},
		{certificate, key, key, key},
		{both, "", both, both},
	} {
		if err := os.Chmod(c.open, 0o644); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		s := NewSource(SignIn{Auth: configfile.Auth{Method: configfile.MethodCertificate, ClientCertificateFile: c.certificate, ClientKeyFile: c.key}}, time.Time{}, slog.New(slog.NewTextHandler(&log, nil)))
		if _, err := s.certificate(); err != nil {
			t.Error(err)
		}
		if got := log.String(); strings.Contains(got, "looks wrong") != (c.want != "" && readableByAll != "") || readableByAll != "" && !strings.Contains(got, c.want) {
			t.Errorf("%s is open to all, want a warning of %q: %s", c.open, c.want, got)
		}
		if err := os.Chmod(c.open, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
