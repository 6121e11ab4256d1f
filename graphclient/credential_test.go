package graphclient

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestHalfWritten: what a credential shows may be half written, unreadable or wrong for a while.
// As long as what was accepted before is accepted still, no pull notices. A file that is gone has
// been taken away.
func TestHalfWritten(t *testing.T) {
	const good = Secret("head.body.signature")
	for name, make := range map[string]func(func() (Secret, error)) Credential{
		"secret": ClientSecret, "federated token": FederatedToken,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var log logBook
				sim := graphsim.New(graphsim.Config{ClientSecret: string(good), TokenLifetime: time.Hour,
					CheckAssertion: func(got string) error {
						if got != string(good) {
							return errors.New("refused")
						}
						return nil
					}})
				now, failure := good, error(nil)
				client := connect(t, sim, unlimited, func(c *Config) {
					c.Logger = log.logger()
					c.Credential = make(func() (Secret, error) { return now, failure })
				})
				read := func(want Reason) {
					t.Helper()
					if _, _, err := list(t.Context(), client, Query{}); ReasonOf(err) != want {
						t.Errorf("got %v, want %q", err, want)
					}
					time.Sleep(2 * time.Hour) // every time is a new sign-in
				}
				read("")
				for _, half := range []Secret{"", "head.bo", "head.body.sig", "another.good.one"} {
					now = half
					read("")
				}
				now, failure = "", errors.New("permission denied")
				read("")
				failure = fmt.Errorf("secret file: %w", fs.ErrNotExist)
				read(ReasonCredential)
				now, failure = good, nil
				read("")
				if n := len(log.messages("WARN")); n != 5 {
					t.Errorf("%d warnings: %q", n, log.messages("WARN"))
				}
			})
		})
	}
}

// TestNothingToFallBackOn: when the last proof is of no use either, the error is that of the
// new one; when the sign-in service is in trouble, it is that.
func TestNothingToFallBackOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{ClientSecret: "the first secret"})
		secret, failure := Secret("the first secret"), error(nil)
		client := connect(t, sim, unlimited, func(c *Config) {
			c.Credential = ClientSecret(func() (Secret, error) { return secret, failure })
		})
		read := func(want string) {
			t.Helper()
			if _, _, err := list(t.Context(), client, Query{}); err == nil != (want == "") || want != "" && !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
			time.Sleep(2 * time.Hour)
		}
		read("")
		failure = errors.New("secret file: is empty")
		sim.Fault(graphsim.Fault{Match: graphsim.TokenOperation, AADSTS: 7000222})
		read("secret file: is empty")
		sim.ClearFaults()
		sim.Fault(graphsim.Fault{Match: graphsim.TokenOperation, Status: 503})
		read("server_error")
		sim.ClearFaults()
		read("")
	})
}

// TestFederatedToken: the token of another issuer is sent as it is found at each sign-in.
func TestFederatedToken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var sent []string
		sim := graphsim.New(graphsim.Config{CheckAssertion: func(a string) error { sent = append(sent, a); return nil }})
		token := Secret("a.b.c")
		client := connect(t, sim, unlimited, func(c *Config) {
			c.Credential = FederatedToken(func() (Secret, error) { return token, nil })
		})
		for _, token = range []Secret{"a.b.c", "d.e.f"} {
			if _, _, err := list(t.Context(), client, Query{}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Hour)
		}
		if want := []string{"a.b.c", "d.e.f"}; !slices.Equal(sent, want) {
			t.Errorf("sent %q, want %q", sent, want)
		}
	})
}

// TestWrongSecretBacksOff: a secret that is refused is shown ever more seldom, every five minutes in
// the end, and one that takes its place at once.
func TestWrongSecretBacksOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{ClientSecret: "the right one"})
		secret := Secret("a wrong one")
		client := connect(t, sim, unlimited, func(c *Config) {
			c.Credential = ClientSecret(func() (Secret, error) { return secret, nil })
		})
		pull := func() error {
			time.Sleep(15 * time.Second)
			_, _, err := list(t.Context(), client, Query{})
			return err
		}
		for range 24 * 60 * 4 { // a day
			if err := pull(); ReasonOf(err) != ReasonCredential || !strings.Contains(err.Error(), "AADSTS7000215") {
				t.Fatal(err)
			}
		}
		if n := operations(sim)[graphsim.TokenOperation]; n < 250 || n > 400 {
			t.Errorf("%d sign-ins on the first day", n)
		}
		if retry := time.Until(client.CredentialState().Retry); retry < -15*time.Second || retry > 5*time.Minute {
			t.Errorf("shown again in %s", retry)
		}
		secret = "another wrong one"
		before := operations(sim)[graphsim.TokenOperation]
		_, _ = pull(), pull()
		if n := operations(sim)[graphsim.TokenOperation] - before; n < 1 {
			t.Error("the other one was not shown")
		}
		secret = "the right one"
		if err := pull(); err != nil {
			t.Errorf("the right one: %v", err)
		}
		if state := client.CredentialState(); !state.Retry.IsZero() || state.Fallback {
			t.Errorf("got %+v", state)
		}
	})
}

// TestCredentialInUse: what is told of the credential is of the one in use, which is the last one
// that was accepted where the file holds one that is not; one that was taken away is not in use
// again when the file comes back unreadable.
func TestCredentialInUse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		key, other := rsaKey(1), rsaKey(2)
		first := certify(t, &key.PublicKey, key, time.Now().AddDate(0, 1, 0))
		second := certify(t, &other.PublicKey, other, time.Now().AddDate(1, 0, 0))
		uploaded := map[string]bool{(&Certificate{leaf: first}).thumbprint(): true}
		sim := graphsim.New(graphsim.Config{TokenLifetime: time.Hour, CheckAssertion: func(a string) error {
			token, _, err := jwt.NewParser().ParseUnverified(a, jwt.MapClaims{})
			if err != nil || !uploaded[token.Header["x5t#S256"].(string)] {
				return errors.New("not uploaded")
			}
			return nil
		}})
		now, failure := &Certificate{leaf: first, key: key}, error(nil)
		client := connect(t, sim, unlimited, func(c *Config) {
			c.Credential = ClientCertificate(func() (*Certificate, error) { return now, failure })
		})
		check := func(step string, reason Reason, ends time.Time, fallback bool) {
			t.Helper()
			_, _, err := list(t.Context(), client, Query{})
			if got := client.CredentialState(); ReasonOf(err) != reason || !got.Ends.Equal(ends) || got.Fallback != fallback {
				t.Errorf("%s: %+v, %v", step, got, err)
			}
			time.Sleep(2 * time.Hour)
		}
		if got := client.CredentialState(); got != (CredentialState{}) {
			t.Errorf("at first: %+v", got)
		}
		check("the first", "", first.NotAfter, false)
		now = &Certificate{leaf: second, key: other}
		check("not uploaded", "", first.NotAfter, true)
		now, failure = nil, errors.New("is empty")
		check("half written", "", first.NotAfter, true)
		now, failure = &Certificate{leaf: second, key: other}, nil
		uploaded[(&Certificate{leaf: second}).thumbprint()] = true
		check("uploaded", "", second.NotAfter, false)
		failure = fmt.Errorf("certificate file: %w", fs.ErrNotExist)
		check("taken away", ReasonCredential, time.Time{}, false)
		failure = errors.New("permission denied")
		check("back, unreadable", ReasonCredential, time.Time{}, false)
		failure = nil
		check("back", "", second.NotAfter, false)
	})
}

// TestCredentialThatCannotBeRead: a file that hangs, as on a network, costs each sign-in ten seconds
// and its reason; it is read once, however often it is wanted, and heals.
func TestCredentialThatCannotBeRead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release, reads := make(chan struct{}), 0
		client := connect(t, graphsim.New(graphsim.Config{}), unlimited, func(c *Config) {
			c.Credential = ClientSecret(func() (Secret, error) { reads++; <-release; return planted, nil })
		})
		for range 5 {
			_, _, err := list(t.Context(), client, Query{})
			if ReasonOf(err) != ReasonCredential || !strings.Contains(err.Error(), "has not ended within 10s") {
				t.Errorf("got %v", err)
			}
			time.Sleep(20 * time.Second)
		}
		close(release)
		if _, _, err := list(t.Context(), client, Query{}); err != nil || reads != 1 {
			t.Errorf("%d reads, %v", reads, err)
		}
	})
}
