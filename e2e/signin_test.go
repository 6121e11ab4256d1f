package e2e

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"software.sslmate.com/src/go-pkcs12"

	"msgraph_security_exporter/graphclient/graphsim"
)

// A keyPair is a certificate and its key, in the forms that people have them in.
type keyPair struct {
	leaf             *x509.Certificate
	certificate, key string // PEM
	pfx              []byte // with a password
}

const pfxPassword = "planted~password.7Jq"

func newKeyPair(t *testing.T) *keyPair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	p := &keyPair{}
	if p.leaf, err = x509.ParseCertificate(raw); err != nil {
		t.Fatal(err)
	}
	if p.pfx, err = pkcs12.Modern.Encode(key, p.leaf, nil, pfxPassword); err != nil {
		t.Fatal(err)
	}
	block := func(kind string, raw []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}))
	}
	p.certificate, p.key = block("CERTIFICATE", raw), block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	return p
}

// An entra is a sign-in service that verifies all of an assertion, and says of none why.
type entra struct {
	mu       sync.Mutex
	audience string
	pair     *keyPair // whose assertions are accepted
	token    string   // of another issuer that is accepted as well
	used     map[string]bool
}

func (e *entra) check(assertion string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.token != "" && assertion == e.token {
		return nil
	}
	if e.pair == nil {
		return errors.New("not accepted")
	}
	claims := jwt.MapClaims{}
	token, err := jwt.NewParser(
		jwt.WithValidMethods([]string{"PS256"}), jwt.WithAudience(e.audience), jwt.WithIssuer(clientID), jwt.WithSubject(clientID),
		jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithIssuedAt(),
	).ParseWithClaims(assertion, claims, func(*jwt.Token) (any, error) { return e.pair.leaf.PublicKey, nil })
	if err != nil {
		return err
	}
	sum := sha256.Sum256(e.pair.leaf.Raw)
	exp, _ := claims.GetExpirationTime()
	nbf, _ := claims.GetNotBefore()
	id := fmt.Sprint(claims["jti"])
	if token.Header["x5t#S256"] != base64.RawURLEncoding.EncodeToString(sum[:]) || exp.Sub(nbf.Time) > 10*time.Minute || len(id) < 16 || e.used[id] {
		return fmt.Errorf("header %v, claims %v", token.Header, claims)
	}
	e.used[id] = true
	return nil
}

// TestSignIn signs the built exporter in by each method, and tells no secret: a service that
// verifies everything accepts it, and the incidents are there.
func TestSignIn(t *testing.T) {
	t.Parallel()
	pair := newKeyPair(t)
	const federated = "aaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbb.cccccccccccccccccccc"
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	both, one := file("both.pem", pair.key+pair.certificate), file("one.pem", pair.certificate)
	key, pfx, token := file("key.pem", pair.key), file("both.pfx", string(pair.pfx)), file("token", federated+"\n")
	password, secretFile := file("password", pfxPassword+"\n"), file("secret", secret+"\n")

	for _, c := range []struct {
		name      string
		method    string // that the log names
		flags     []string
		auth      string // of a configuration file, in place of flags
		variables []string
	}{
		{name: "secret", method: "secret", variables: []string{"AZURE_CLIENT_SECRET=" + secret}},
		{name: "secret in a file", method: "secret", variables: []string{"AZURE_CLIENT_SECRET_FILE=" + secretFile}},
		{name: "certificate", method: "certificate", flags: []string{"--graph.client-certificate-file=" + both}},
		{name: "PFX", method: "certificate", variables: []string{"AZURE_CLIENT_CERTIFICATE_PATH=" + pfx, "AZURE_CLIENT_CERTIFICATE_PASSWORD=" + pfxPassword}},
		{name: "two files", method: "certificate", auth: "{client_certificate_file: " + one + ", client_key_file: " + key + "}"},
		{name: "PFX and password", method: "certificate", auth: "{client_certificate_file: " + pfx + ", certificate_password_file: " + password + "}"},
		{name: "workload identity", method: "workload-identity", variables: []string{"AZURE_FEDERATED_TOKEN_FILE=" + token}},
		{name: "workload identity of a file", method: "workload-identity", auth: "{method: workload-identity, federated_token_file: " + token + "}"},
		{name: "managed identity", method: "managed-identity", variables: []string{"IDENTITY_HEADER=" + secret}},
		{name: "Azure CLI", method: "azure-cli", flags: []string{"--graph.auth-method=azure-cli"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			service := &entra{pair: pair, token: federated, used: map[string]bool{}}
			sim := tenant(graphsim.Config{CheckAssertion: service.check})
			sim.Add(graphsim.Incident{Created: time.Now().Add(-time.Hour), Severity: "high"})
			graph := httptest.NewServer(sim)
			t.Cleanup(graph.Close)
			service.audience = graph.URL + "/" + tenantID + "/oauth2/v2.0/token"
			args, path := append([]string{"--web.listen-address=127.0.0.1:0", "--log.level=debug"}, c.flags...), "/metrics"
			where := fmt.Sprintf("tenant_id: %s, client_id: %s, endpoint: %q, authority: %q", tenantID, clientID, graph.URL, graph.URL)
			if c.auth != "" {
				config := filepath.Join(t.TempDir(), "config.yml")
				if err := os.WriteFile(config, []byte("tenants:\n  - {name: contoso, "+where+", auth: "+c.auth+"}\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				args, path = append(args, "--config.file="+config), "/probe?target=contoso"
			} else {
				args = append(args, "--graph.tenant-id="+tenantID, "--graph.client-id="+clientID, "--graph.endpoint="+graph.URL, "--graph.authority="+graph.URL)
			}
			variables := append(platform(t, graph.URL), c.variables...)
			e := startIn(t, variables, exporter, args...)
			url := "http://" + e.address(t) + path
			await(t, "the incident", func() error {
				page, err := get(url)
				if err == nil && !strings.Contains(page, `severity="high",status="active"} 1`) {
					err = errors.New("not there")
				}
				return err
			})
			if !strings.Contains(e.log.String(), " auth_method="+c.method+" ") {
				t.Errorf("not by %s:\n%s", c.method, last(e.log.String(), 9))
			}
			for _, hidden := range append(sim.Tokens(), secret, federated, pfxPassword) {
				if strings.Contains(e.log.String(), hidden) {
					t.Errorf("the log holds %q", hidden)
				}
			}
		})
	}
}

// platform returns the variables of a machine that offers an identity, and has a command az: both
// sign in with the secret for whoever asks.
func platform(t *testing.T, graph string) []string {
	t.Helper()
	token := func() string {
		resp, err := http.PostForm(graph+"/"+tenantID+"/oauth2/v2.0/token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret}, "scope": {graph + "/.default"},
		})
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		var answer struct {
			Token string `json:"access_token"`
		}
		body, _ := io.ReadAll(resp.Body)
		_ = json.Unmarshal(body, &answer)
		return answer.Token
	}
	ends := fmt.Sprint(time.Now().Add(time.Hour).Unix())
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-IDENTITY-HEADER") != secret || r.URL.Query().Get("resource") != graph || r.URL.Query().Get("client_id") != clientID {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"access_token": token(), "expires_on": ends, "token_type": "Bearer", "resource": graph})
	}))
	t.Cleanup(service.Close)
	bin := t.TempDir()
	answer, _ := json.Marshal(map[string]string{"accessToken": token(), "expiresOn": time.Now().Add(time.Hour).Format("2006-01-02 15:04:05.000000")})
	if err := os.WriteFile(filepath.Join(bin, "az"), fmt.Appendf(nil, "#!/bin/sh\necho '%s'\n", answer), 0o700); err != nil {
		t.Fatal(err)
	}
	return []string{"IDENTITY_ENDPOINT=" + service.URL + "/token", "PATH=" + bin + ":/usr/bin:/bin"}
}
