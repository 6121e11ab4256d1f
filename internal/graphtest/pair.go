package graphtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// A Pair is a certificate with its key, as PEM.
type Pair struct {
	public           any
	Certificate, Key []byte
}

// NewPair returns a pair whose certificate ends at a time.
func NewPair(t *testing.T, ends time.Time) Pair {
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
	return Pair{
		public:      &key.PublicKey,
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}),
		Key:         pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
	}
}

// Signed accepts assertions that were signed with the key of a pair.
func (p Pair) Signed(assertion string) error {
	_, err := jwt.Parse(assertion, func(*jwt.Token) (any, error) { return p.public, nil }, jwt.WithValidMethods([]string{"PS256"}))
	return err
}
