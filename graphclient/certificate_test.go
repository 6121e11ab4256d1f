package graphclient

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	gocmp "github.com/google/go-cmp/cmp"
	"software.sslmate.com/src/go-pkcs12"

	"msgraph_security_exporter/graphclient/graphsim"
)

// rsaKey makes a key; the same one for the same number, since making one takes its time.
var rsaKey = func() func(n int) *rsa.PrivateKey {
	var mu sync.Mutex
	made := map[int]*rsa.PrivateKey{}
	return func(n int) *rsa.PrivateKey {
		mu.Lock()
		defer mu.Unlock()
		if made[n] == nil {
			made[n], _ = rsa.GenerateKey(rand.Reader, 2048)
		}
		return made[n]
	}
}()

// certify makes a certificate for a key, signed by itself.
func certify(t testing.TB, public, private any, ends time.Time) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "exporter"}, NotBefore: ends.AddDate(-1, 0, 0), NotAfter: ends}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func pemOf(kind string, raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})
}

func pkcs8(t testing.TB, key any) []byte {
	t.Helper()
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pemOf("PRIVATE KEY", raw)
}

// TestParseCertificate: a certificate and its key are found in every form that people have
// them in; of what is wrong with them one line tells, without any of it.
func TestParseCertificate(t *testing.T) {
	ends := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	key, other := rsaKey(1), rsaKey(2)
	leaf := certify(t, &key.PublicKey, key, ends)
	issuer := certify(t, &other.PublicKey, other, ends.AddDate(1, 0, 0))
	curve, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	curveRaw, _ := x509.MarshalECPrivateKey(curve)
	onCurve := pemOf("CERTIFICATE", certify(t, &curve.PublicKey, curve, ends).Raw)
	certificate, chain := pemOf("CERTIFICATE", leaf.Raw), pemOf("CERTIFICATE", issuer.Raw)
	pkcs1, modern := pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)), pkcs8(t, key)
	pfx := func(e *pkcs12.Encoder, password string) []byte {
		raw, err := e.Encode(key, leaf, []*x509.Certificate{issuer}, password)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	locked := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("x")})
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, []byte("\n")) }
	for _, tc := range []struct {
		name             string
		certificate, key []byte
		password         Secret
		err              string
	}{
		{name: "one file", certificate: join(certificate, modern)},
		{name: "key first", certificate: join(modern, certificate)},
		{name: "PKCS1", certificate: join(certificate, pkcs1)},
		{name: "with remarks", certificate: join([]byte("Bag Attributes\n  friendlyName: x"), certificate, []byte("Key Attributes"), modern)},
		{name: "two files", certificate: certificate, key: modern},
		{name: "chain", certificate: join(chain, certificate), key: modern},
		{name: "PFX", certificate: pfx(pkcs12.Modern, "a password"), password: "a password"},
		{name: "old PFX", certificate: pfx(pkcs12.Legacy, "a password"), password: "a password"},
		{name: "PFX without password", certificate: pfx(pkcs12.Passwordless, "")},
		{name: "PFX password missing", certificate: pfx(pkcs12.Modern, "a password"), err: "has a password, which is missing"},
		{name: "PFX password wrong", certificate: pfx(pkcs12.Modern, "a password"), password: "another", err: "the password is wrong"},
		{name: "PFX cut", certificate: pfx(pkcs12.Modern, "a password")[:900], password: "a password", err: "is neither PEM nor PFX, or is cut short"},
		{name: "PFX and key", certificate: pfx(pkcs12.Modern, ""), key: modern, err: "a PFX file holds its key itself"},
		{name: "empty", certificate: nil, err: "is neither PEM nor PFX"},
		{name: "text", certificate: []byte("hello"), err: "is neither PEM nor PFX"},
		{name: "no key", certificate: certificate, err: "holds no private key"},
		{name: "no certificate", certificate: modern, err: "holds no certificate"},
		{name: "another's key", certificate: certificate, key: pkcs8(t, other), err: "the key does not belong to the certificate"},
		{name: "curve", certificate: join(onCurve, pemOf("EC PRIVATE KEY", curveRaw)), err: "want an RSA key"},
		{name: "locked", certificate: join(certificate, locked), err: "has a password, which is supported in PFX files only"},
		{name: "locked PKCS8", certificate: join(certificate, pemOf("ENCRYPTED PRIVATE KEY", []byte("x"))), err: "has a password"},
		{name: "key cut", certificate: join(certificate, modern[:800]), err: "the last PEM block is cut short"},
		{name: "certificate cut", certificate: certificate[:400], key: modern, err: "the last PEM block is cut short"},
		{name: "bad certificate", certificate: join(pemOf("CERTIFICATE", leaf.Raw[:99]), modern), err: "the certificate cannot be parsed"},
		{name: "bad key", certificate: join(certificate, pemOf("PRIVATE KEY", []byte("x"))), err: "the key cannot be parsed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := ParseCertificate(tc.certificate, tc.key, tc.password)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("got %v, want %s", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !c.leaf.Equal(leaf) || !c.key.Equal(key) || !c.Ends().Equal(ends) {
				t.Errorf("got the certificate of %s until %s", c.leaf.Subject, c.Ends())
			}
		})
	}
}

// TestEveryCut: a PEM or PFX file that is half written is never taken for a whole one, wherever
// it ends.
func TestEveryCut(t *testing.T) {
	key := rsaKey(1)
	leaf := certify(t, &key.PublicKey, key, time.Now().AddDate(1, 0, 0))
	pfx, err := pkcs12.Modern.Encode(key, leaf, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	text := append(pemOf("CERTIFICATE", leaf.Raw), pkcs8(t, key)...)
	for name, whole := range map[string][]byte{"PEM": bytes.TrimSpace(text), "PFX": pfx} {
		step := max(1, len(whole)/97)
		for n := 0; n < len(whole); n += step {
			if _, err := ParseCertificate(whole[:n], nil, ""); err == nil {
				t.Errorf("%s: the first %d of %d bytes are taken for the whole", name, n, len(whole))
			}
		}
	}
}

// strict judges assertions as the sign-in service does, by the clock of the test.
func strict(audience, application string, c *x509.Certificate) func(string) error {
	used := map[string]bool{}
	return func(text string) error {
		claims := jwt.MapClaims{}
		parser := jwt.NewParser(jwt.WithValidMethods([]string{"PS256"}), jwt.WithAudience(audience), jwt.WithIssuer(application),
			jwt.WithSubject(application), jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(time.Now))
		token, err := parser.ParseWithClaims(text, claims, func(*jwt.Token) (any, error) { return c.PublicKey, nil })
		if err != nil {
			return err
		}
		sum := sha256.Sum256(c.Raw)
		if token.Header["x5t#S256"] != base64.RawURLEncoding.EncodeToString(sum[:]) || token.Header["typ"] != "JWT" || len(token.Header) != 3 {
			return fmt.Errorf("header %v", token.Header)
		}
		id, _ := claims["jti"].(string)
		exp, _ := claims.GetExpirationTime()
		nbf, _ := claims.GetNotBefore()
		if life := exp.Sub(nbf.Time); life > 10*time.Minute || len(id) < 16 || used[id] {
			return fmt.Errorf("lifetime %s, id %q", life, id)
		}
		used[id] = true
		return nil
	}
}

// TestCertificate: the assertion that a certificate signs stands up to a service that checks all
// of it, and that of a new certificate is sent at the next sign-in; while the new one is not
// known to the service, or is half written, the old one serves.
func TestCertificate(t *testing.T) {
	first, second := rsaKey(1), rsaKey(2)
	bubble(t, func(t *testing.T) {
		ends := time.Now().AddDate(1, 0, 0)
		old, next := certify(t, &first.PublicKey, first, ends), certify(t, &second.PublicKey, second, ends)
		var refused []error
		accept := func(c *x509.Certificate) func(string) error {
			return strict("https://"+loginHost+"/contoso.example/oauth2/v2.0/token", "app", c)
		}
		check := accept(old)
		sim := graphsim.New(graphsim.Config{CheckAssertion: func(a string) error {
			err := check(a)
			if err != nil {
				refused = append(refused, err)
			}
			return err
		}})
		now, failure := &Certificate{leaf: old, key: first}, error(nil)
		client := connect(t, sim, unlimited, func(c *Config) {
			c.Credential = ClientCertificate(func() (*Certificate, error) { return now, failure })
		})
		read := func(what string, refusals int) {
			t.Helper()
			if _, _, err := list(t.Context(), client, Query{}); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if len(refused) != refusals {
				t.Errorf("%s: refused %q", what, refused)
			}
			refused = nil
			time.Sleep(2 * time.Hour)
		}
		read("the first", 0)
		read("again", 0)
		failure = errors.New("the last PEM block is cut short")
		read("half written", 0)
		now, failure = &Certificate{leaf: next, key: second}, nil
		read("not known yet", 1)
		check = accept(next)
		read("known", 0)
	})
}

// TestCertificateShowsNothing: nothing prints the key.
func TestCertificateShowsNothing(t *testing.T) {
	key := rsaKey(1)
	c, err := ParseCertificate(append(pemOf("CERTIFICATE", certify(t, &key.PublicKey, key, time.Now()).Raw), pkcs8(t, key)...), nil, "")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		if text := fmt.Sprintf(verb, c); strings.Contains(text, key.D.String()) || strings.Contains(text, fmt.Sprintf("%x", key.D)) {
			kinds[verb]++
		}
	}
	if diff := gocmp.Diff([]string(nil), slices.Sorted(maps.Keys(kinds))); diff != "" {
		t.Errorf("the key is shown by %s", diff)
	}
}
