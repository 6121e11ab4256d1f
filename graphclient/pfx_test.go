package graphclient

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// TestPFXIterations: a file that asks for more work than any honest one is refused at once, in the
// MAC and in both kinds of encryption, whatever the password; one of 600,000 iterations is read.
func TestPFXIterations(t *testing.T) {
	key := rsaKey(1)
	leaf := certify(t, &key.PublicKey, key, time.Now().AddDate(1, 0, 0))
	encode := func(e *pkcs12.Encoder, n int) []byte {
		raw, err := e.WithIterations(n).Encode(key, leaf, nil, "a password")
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	for name, encoder := range map[string]*pkcs12.Encoder{"PBE": pkcs12.LegacyDES, "PBES2": pkcs12.Modern2023, "PBMAC1": pkcs12.Modern2026} {
		raw := encode(encoder, 70_000)
		if _, err := ParseCertificate(raw, nil, "a password"); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		few, _ := asn1.Marshal(70_000)
		found := 0
		for at := 0; ; at++ {
			i := bytes.Index(raw[at:], few)
			if i < 0 {
				break
			}
			found++
			at += i
			damaged := bytes.Clone(raw)
			damaged[at+2] = 0x7f // 8,327,536 and more
			began := cpuTime()
			_, err := ParseCertificate(damaged, nil, "a password")
			if d := cpuTime() - began; err == nil || !strings.Contains(err.Error(), "iterations to derive its keys") || d > 100*time.Millisecond {
				t.Errorf("%s, count %d: %v after %s", name, found, err, d)
			}
		}
		if found < 2 {
			t.Errorf("%s: %d counts", name, found)
		}
	}
	if _, err := ParseCertificate(encode(pkcs12.Modern2023, 600_000), nil, "a password"); err != nil {
		t.Errorf("600,000 iterations: %v", err)
	}
}

// TestSeveralCertificatesOfOneKey: of several certificates for one key the one in force that ends
// last is taken, wherever it is in the file; one that has ended only if there is no other.
func TestSeveralCertificatesOfOneKey(t *testing.T) {
	key, now := rsaKey(1), time.Now().Truncate(time.Second)
	ended := certify(t, &key.PublicKey, key, now.AddDate(0, 0, -1))
	short := certify(t, &key.PublicKey, key, now.AddDate(0, 1, 0))
	long := certify(t, &key.PublicKey, key, now.AddDate(0, 6, 0))
	future := certify(t, &key.PublicKey, key, now.AddDate(3, 0, 0))
	for _, tc := range []struct {
		name string
		all  []*x509.Certificate
		want *x509.Certificate
	}{
		{"ended first", []*x509.Certificate{ended, short, long}, long},
		{"longest first", []*x509.Certificate{long, short, ended}, long},
		{"not in force yet", []*x509.Certificate{future, short}, short},
		{"ended only", []*x509.Certificate{ended}, ended},
	} {
		var text []byte
		for _, c := range tc.all {
			text = append(text, pemOf("CERTIFICATE", c.Raw)...)
		}
		got, err := ParseCertificate(text, pkcs8(t, key), "")
		if err != nil || !got.Ends().Equal(tc.want.NotAfter) {
			t.Errorf("%s: ends %v, want %v, %v", tc.name, got.Ends(), tc.want.NotAfter, err)
		}
	}
}

// TestPFXDepth: a file is searched for iterations to a depth that no honest one has, and no deeper.
func TestPFXDepth(t *testing.T) {
	var nested []byte
	for depth := range maxDepth + 2 {
		if _, err := iterations(nested, 0); err != nil {
			t.Errorf("%d values within each other: %v", depth, err)
		}
		var err error
		if nested, err = asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: nested}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := iterations(nested, 0); !errors.Is(err, errNoPFX) {
		t.Errorf("%d values within each other: %v", maxDepth+2, err)
	}
}
