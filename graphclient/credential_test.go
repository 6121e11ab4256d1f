package graphclient

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

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
