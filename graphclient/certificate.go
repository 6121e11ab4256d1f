package graphclient

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// minKeyBits is the shortest RSA key that the sign-in service takes.
	minKeyBits = 2048
	// assertionAge is how old an assertion pretends to be, for clocks that differ, and
	// assertionLife how long it is valid after it was made: together less than the ten
	// minutes that Entra grants.
	assertionAge  = time.Minute
	assertionLife = 5 * time.Minute
)

// A Certificate is a certificate of an application with its private key, which nothing
// shows. It is immutable.
type Certificate struct {
	leaf     *x509.Certificate
	key      *rsa.PrivateKey
	password Secret // of the file that it is from
}

// Ends returns until when the certificate is valid.
func (c *Certificate) Ends() time.Time { return c.leaf.NotAfter }

// ParseCertificate reads a certificate and its key: PEM, with the key in the same file or
// in one of its own, or PFX (PKCS #12), which may have a password. Of a chain the
// certificate that fits the key is taken. Nothing of the key is in an error.
func ParseCertificate(certificate, key []byte, password Secret) (*Certificate, error) {
	if !bytes.Contains(certificate, []byte("-----BEGIN ")) {
		if len(key) > 0 {
			return nil, errors.New("is not PEM, and a PFX file holds its key itself")
		}
		return parsePFX(certificate, password)
	}
	var all blocks
	for _, text := range [][]byte{certificate, key} {
		if err := all.read(text); err != nil {
			return nil, err
		}
	}
	return pair(all.certificates, all.keys)
}

// blocks are what PEM files hold.
type blocks struct {
	certificates []*x509.Certificate
	keys         []any
}

func (b *blocks) read(text []byte) error {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		if err := b.add(block); err != nil {
			return err
		}
		text = rest
	}
	if bytes.Contains(text, []byte("-----BEGIN ")) {
		return errors.New("the last PEM block is cut short")
	}
	return nil
}

func (b *blocks) add(block *pem.Block) error {
	_, locked := block.Headers["DEK-Info"]
	switch {
	case locked || block.Type == "ENCRYPTED PRIVATE KEY":
		return errors.New("the key has a password, which is supported in PFX files only")
	case block.Type == "CERTIFICATE":
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return errors.New("the certificate cannot be parsed")
		}
		b.certificates = append(b.certificates, c)
		return nil
	}
	key, err := parseKey(block)
	if key != nil {
		b.keys = append(b.keys, key)
	}
	return err
}

// parseKey returns the key in a block, nil if it is none, such as parameters of a curve.
func parseKey(block *pem.Block) (key any, err error) {
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, errors.New("the key cannot be parsed")
	}
	return key, nil
}

// pair returns a certificate with the key that fits it. Of several for one key, as a file has that
// was renewed by adding to it, it is the one in force that ends last.
func pair(certificates []*x509.Certificate, keys []any) (*Certificate, error) {
	switch {
	case len(certificates) == 0:
		return nil, errors.New("holds no certificate")
	case len(keys) == 0:
		return nil, errors.New("holds no private key")
	}
	var best *Certificate
	for now := time.Now(); len(keys) > 0; keys = keys[1:] {
		key, err := usableKey(keys[0])
		if err != nil {
			return nil, err
		}
		for _, c := range certificates {
			if key.PublicKey.Equal(c.PublicKey) && (best == nil || preferred(c, best.leaf, now)) {
				best = &Certificate{leaf: c, key: key}
			}
		}
	}
	if best == nil {
		return nil, errors.New("the key does not belong to the certificate")
	}
	return best, nil
}

// usableKey returns a key that the sign-in service takes.
func usableKey(key any) (*rsa.PrivateKey, error) {
	k, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("want an RSA key, the sign-in service takes no other")
	}
	if bits := k.N.BitLen(); bits < minKeyBits {
		return nil, fmt.Errorf("want an RSA key of %d bits at least, not %d", minKeyBits, bits)
	}
	return k, nil
}

// preferred reports whether a serves better than b: in force rather than not, then longer.
func preferred(a, b *x509.Certificate, now time.Time) bool {
	inForce := func(c *x509.Certificate) bool { return !now.Before(c.NotBefore) && now.Before(c.NotAfter) }
	if inForce(a) != inForce(b) {
		return inForce(a)
	}
	return a.NotAfter.After(b.NotAfter)
}

// ClientCertificate returns the credential that is a certificate of an application. read is
// called at each sign-in, so that a rotated one is noticed.
func ClientCertificate(read func() (*Certificate, error)) Credential {
	return &rereadCredential{read: func() (clientAuth, error) {
		c, err := read()
		if err != nil {
			return clientAuth{}, err
		}
		return clientAuth{id: Secret(c.thumbprint()), password: c.password, ends: c.Ends(), params: func(audience, clientID string) (url.Values, error) {
			signed, err := c.sign(audience, clientID, time.Now())
			return assertion(signed), err
		}}, nil
	}}
}

// thumbprint is how the sign-in service knows which of an application's certificates it is.
func (c *Certificate) thumbprint() string {
	sum := sha256.Sum256(c.leaf.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// sign returns an assertion that its bearer is the application, for one token endpoint:
//
//	{"alg":"PS256","typ":"JWT","x5t#S256":"…"}.{"aud":"https://login…/oauth2/v2.0/token","iss":"…","sub":"…","jti":"…","nbf":…,"exp":…}
func (c *Certificate) sign(audience, clientID string, now time.Time) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodPS256, jwt.MapClaims{
		"aud": audience,
		"iss": clientID,
		"sub": clientID,
		"jti": rand.Text(),
		"iat": now.Add(-assertionAge).Unix(),
		"nbf": now.Add(-assertionAge).Unix(),
		"exp": now.Add(assertionLife).Unix(),
	})
	token.Header["x5t#S256"] = c.thumbprint()
	signed, err := token.SignedString(c.key)
	if err != nil {
		return "", fmt.Errorf("signing with the key of the certificate: %w", err)
	}
	return signed, nil
}
