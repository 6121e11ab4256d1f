package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"msgraph_security_exporter/graphclient/graphsim"
)

// A pair is a certificate with its key, as PEM.
type pair struct {
	public           any
	certificate, key []byte
}

func newPair(t *testing.T, ends time.Time) pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: ends.AddDate(-2, 0, 0), NotAfter: ends}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{
		public:      &key.PublicKey,
		certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}),
		key:         pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
	}
}

// signed accepts assertions that were signed with the key of a pair.
func (p pair) signed(assertion string) error {
	_, err := jwt.Parse(assertion, func(*jwt.Token) (any, error) { return p.public, nil }, jwt.WithValidMethods([]string{"PS256"}))
	return err
}

// tenantFlags are the flags of a tenant, without anything to sign in with.
func (g *graph) tenantFlags() []string {
	return []string{
		"--graph.tenant-id=" + tenantID, "--graph.client-id=" + clientID, "--graph.endpoint=" + g.url, "--graph.authority=" + g.url,
		"--graph.requests-per-minute=100000", "--web.listen-address=127.0.0.1:0", "--collector.min-refresh-interval=0s",
	}
}

const expiry = "msgraph_security_credential_expiry_timestamp_seconds"

// TestRotatedCertificate shows that a certificate is replaced in a running exporter: no pull
// fails while its file is half written, and the metric tells when the new one ends.
func TestRotatedCertificate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		old, next := newPair(t, time.Unix(2_000_000_000, 0)), newPair(t, time.Unix(2_100_000_000, 0))
		var accepted atomic.Pointer[pair]
		accepted.Store(&old)
		g := inProcess(t, "http://127.0.0.1:1", graphsim.Config{TokenLifetime: 5 * time.Minute, CheckAssertion: func(a string) error {
			return accepted.Load().signed(a)
		}})
		write(t, g.secret, string(old.certificate)+string(old.key))
		log := newJournal()
		f := inBubble(t, configure(t, strings.Replace(g.entry("contoso"), "client_secret_file", "client_certificate_file", 1)), log, g)
		f.pull(t, "contoso", "10")
		// good pulls for as long as three tokens live.
		good := func(want float64) {
			t.Helper()
			g.ForgetRequests()
			var got page
			for range 90 {
				time.Sleep(10 * time.Second)
				got, _ = f.pull(t, "contoso", "10")
				got.expect(t, "msgraph_security_up", 1)
			}
			got.expect(t, expiry+`{kind="certificate"}`, want)
			if n := signIns(g); n < 3 {
				t.Errorf("got %d sign-ins, want some of each state of the file", n)
			}
		}
		good(2_000_000_000)
		write(t, g.secret, string(next.certificate)+string(next.key)[:900])
		good(2_000_000_000)
		write(t, g.secret, string(next.certificate)+string(next.key))
		good(2_100_000_000) // which is read, but not accepted yet
		accepted.Store(&next)
		good(2_100_000_000)
		if text, _ := log.read(); !strings.Contains(text, "The credential is of no use as it is now") {
			t.Errorf("does not tell of the file that is half written:\n%s", text)
		}
	})
}

// TestCredentialFiles shows that what cannot be signed in with is known before anything is
// served, whatever the method, with the file's name and nothing that is in it.
func TestCredentialFiles(t *testing.T) {
	t.Parallel()
	p := newPair(t, time.Unix(2_000_000_000, 0))
	g := serveGraph(t, graphsim.Config{})
	path := filepath.Join(t.TempDir(), "file")
	certificate, token := "--graph.client-certificate-file", "AZURE_FEDERATED_TOKEN_FILE"
	for _, c := range []struct{ name, text, source, want string }{
		{"no key", string(p.certificate), certificate, "holds no private key"},
		{"no certificate", string(p.key), certificate, "holds no certificate"},
		{"half of it", string(p.certificate) + string(p.key)[:500], certificate, "the last PEM block is cut short"},
		{"neither", secret, certificate, "is neither PEM nor PFX, or is cut short"},
		{"no token", "\n", token, "is empty"},
	} {
		write(t, path, c.text)
		args, env := g.tenantFlags(), variables{}
		if c.source == token {
			env[token] = path
		} else {
			args = append(args, c.source+"="+path)
		}
		err := run(t.Context(), args, env.get, newJournal(), newJournal())
		if want := c.source + `="` + path + `": ` + c.want; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", c.name, err, want)
		}
	}
}

// TestManagedIdentityFlags shows that an identity of the platform needs no client id, and that
// the program says where it found it.
func TestManagedIdentityFlags(t *testing.T) {
	t.Parallel()
	env := variables{"IDENTITY_ENDPOINT": "http://127.0.0.1:1", "AZURE_TENANT_ID": tenantID, "AZURE_AUTHORITY_HOST": "https://login.example/"}
	cfg, err := parse(nil, env.get, os.Stdout)
	if err != nil {
		t.Fatal(errors.Unwrap(err), err)
	}
	if got, want := cfg.own.signIn.String(), "signs in by managed-identity (IDENTITY_ENDPOINT)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := cfg.own.Authority, "https://login.example/"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	env["AZURE_AUTHORITY_HOST"] = "http://login.example"
	if _, err := parse(nil, env.get, os.Stdout); err == nil {
		t.Error("an authority in the clear is accepted")
	}
	if cfg, err := parse([]string{"--graph.cloud=usgov"}, env.get, os.Stdout); err != nil || cfg.own.Authority != "https://login.microsoftonline.us" {
		t.Errorf("the variable prevails over a cloud that is named: %v", err)
	}
}
