package graphclient

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestSecretHidesItself: no way of printing shows a secret.
func TestSecretHidesItself(t *testing.T) {
	secret := Secret(planted)
	holder := struct{ Secret Secret }{secret}
	asJSON, err := json.Marshal(map[string]any{"a": []any{holder, &secret}})
	if err != nil {
		t.Fatal(err)
	}
	var log logBook
	log.logger().Info("m", "a", secret, "b", holder, "c", slog.GroupValue(slog.Any("d", secret)))
	out := []string{
		string(asJSON), log.String(), secret.String(), secret.GoString(), fmt.Sprint(secret, holder, &holder, []Secret{secret}),
		fmt.Sprintf("%s %q %v %+v %#v %x %X %d %10.3s", secret, secret, secret, secret, secret, secret, secret, secret, secret),
		fmt.Errorf("with %s: %w", secret, errors.New("x")).Error(),
	}
	leaks(t, strings.Join(out, "\n"), planted)
}

// leaks fails the test if text shows one of the words in any spelling.
func leaks(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		asJSON, _ := json.Marshal(word)
		for _, spelling := range []string{
			word, url.QueryEscape(word), url.PathEscape(word), strings.Trim(string(asJSON), `"`), fmt.Sprintf("%x", word),
			base64.StdEncoding.EncodeToString([]byte(word)), word[:len(word)/2], word[len(word)/2:],
		} {
			if at := strings.Index(text, spelling); at >= 0 {
				t.Errorf("%q leaks in …%s…", spelling, text[max(0, at-200):min(len(text), at+200)])
				return
			}
		}
	}
}

// An echo is a hostile or careless server and network: it answers in every way, and puts what
// it was sent wherever a client might show it.
func echo(status int, kind string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		var sent strings.Builder
		if r.Body != nil {
			_ = r.ParseForm()
			sent.WriteString(r.PostForm.Get("client_secret") + " " + r.PostForm.Encode())
		}
		sent.WriteString(" " + strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") + " ")
		all := sent.String()
		quoted, _ := json.Marshal(all)
		padding, _ := json.Marshal(strings.Repeat("x", 280) + all)
		headers := []string{
			"Request-Id: " + all, "X-Ms-Request-Id: " + all, "Retry-After: 1", "Location: https://" + url.PathEscape(all) + ".example/" + url.PathEscape(all),
		}
		switch kind {
		case "transport":
			return nil, fmt.Errorf("lost: %s %v", all, r.Header)
		case "graph":
			return answer(r, status, fmt.Sprintf(`{"error":{"code":%s,"message":%s,"innerError":{"request-id":%s}}}`, quoted, padding, quoted), append(headers, "Content-Type: application/json")...)
		case "entra":
			return answer(r, status, fmt.Sprintf(`{"error":%s,"error_description":%s,"error_codes":[7]}`, quoted, padding), append(headers, "Content-Type: application/json")...)
		case "list":
			return answer(r, status, fmt.Sprintf(`{"value":[{"id":%s,"createdDateTime":%s}],"@odata.nextLink":"https://%s/"}`, quoted, quoted, url.PathEscape(all)), append(headers, "Content-Type: "+all)...)
		case "link":
			return answer(r, status, fmt.Sprintf(`{"value":[],"@odata.nextLink":"https://evil.example:1/%s"}`, url.PathEscape(all)), headers...)
		case "warning":
			return answer(r, status, emptyBody, append(headers, "Warning: 199 - "+all)...)
		}
		return answer(r, status, all, append(headers, "Content-Type: text/plain; x="+all)...)
	}
}

// TestNothingLeaks: whatever goes wrong, and whatever the other side sends back, neither the
// secret nor a token shows in an error, in the log at debug level or in the client itself.
func TestNothingLeaks(t *testing.T) {
	const token = "eyJ0eXAi.pl4nted-token.which-is-long-enough"
	grant := fmt.Sprintf(`{"token_type":"Bearer","expires_in":3599,"access_token":%q}`, token)
	for _, kind := range []string{"transport", "graph", "entra", "list", "link", "warning", "text"} {
		for _, status := range []int{200, 206, 302, 307, 400, 401, 403, 404, 429, 500, 503} {
			for _, signIn := range []bool{false, true} {
				bubble(t, func(t *testing.T) {
					var log logBook
					hostile := echo(status, kind)
					client := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
						if r.URL.Host == loginHost && !signIn {
							return answer(r, http.StatusOK, grant, "Content-Type: application/json")
						}
						return hostile(r)
					}), func(c *Config) { c.Logger = log.logger() })
					var out strings.Builder
					for range 2 {
						_, _, err := list(t.Context(), client, Query{Operation: OperationDelta})
						_, _, errOne := client.Incident(t.Context(), "1")
						for _, err := range []error{err, errOne} {
							for ; err != nil; err = errors.Unwrap(err) {
								fmt.Fprintf(&out, "%v\n%+v\n%#v\n", err, err, err)
							}
						}
						time.Sleep(time.Minute)
					}
					fmt.Fprintf(&out, "%v\n%+v\n%#v\n%v\n", client, client, client, *client)
					if !strings.Contains(log.String(), `"level":"DEBUG"`) {
						t.Error("nothing logged at debug level")
					}
					leaks(t, out.String()+log.String(), planted, token)
				})
			}
		}
	}
}

// TestNothingLeaksOnTheWay: the faults of the simulator, with everything logged, show neither
// the secret nor any token that it issued.
func TestNothingLeaksOnTheWay(t *testing.T) {
	for kind := graphsim.FaultStatus; kind <= graphsim.FaultNextLinkForever; kind++ {
		for _, match := range []graphsim.Operation{graphsim.TokenOperation, graphsim.ListOperation} {
			bubble(t, func(t *testing.T) {
				var log logBook
				sim := graphsim.New(graphsim.Config{})
				sim.Add(graphsim.Incident{})
				client := connect(t, sim, func(c *Config) { c.Logger = log.logger() })
				sim.Fault(graphsim.Fault{Match: match, Kind: kind, Location: "https://evil.example/", Size: 1 << 20})
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				_, _, err := list(ctx, client, Query{})
				sim.ClearFaults()
				time.Sleep(time.Minute)
				if _, _, again := list(t.Context(), client, Query{}); again != nil {
					t.Errorf("fault %d of %s: afterwards %v", kind, match, again)
				}
				if tokens := sim.Tokens(); len(tokens) == 0 {
					t.Error("no token issued")
				}
				leaks(t, fmt.Sprint(err)+log.String(), append(sim.Tokens(), planted)...)
			})
		}
	}
}

// TestRefusedSecretInTheCode: a new secret that is refused and echoed as the error's code shows
// nowhere, and neither does the token in use after any number of renewals that failed.
func TestRefusedSecretInTheCode(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log logBook
		const token = "eyJ0eXAi.pl4nted-token.which-is-long-enough"
		secret, refuse := Secret("the first secret"), false
		client := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == loginHost {
				_ = r.ParseForm()
				if got := r.PostForm.Get("client_secret"); refuse && got != "the first secret" {
					return answer(r, http.StatusUnauthorized, fmt.Sprintf(`{"error":%q,"error_description":"no"}`, got+" "+token+strings.Repeat(" x", 999)), "Content-Type: application/json")
				}
				return answer(r, http.StatusOK, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3599,"access_token":%q}`, token))
			}
			return answer(r, http.StatusOK, emptyBody)
		}), unlimited, func(c *Config) {
			c.Logger = log.logger()
			c.Credential = ClientSecret(func() (Secret, error) { return secret, nil })
		})
		refuse = true
		for i := range 40 {
			if _, _, err := list(t.Context(), client, Query{}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait() // for the renewal, which reads the secret
			secret = Secret(fmt.Sprintf("%s-%d", planted, i))
			time.Sleep(57 * time.Minute)
		}
		leaks(t, log.String(), token, planted)
		for line := range strings.Lines(log.String()) {
			if len(line) > 1000 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
	})
}

// TestAssertionIsHidden: an assertion that the sign-in service sends back shows nowhere, neither that
// of another issuer nor that of a certificate.
func TestAssertionIsHidden(t *testing.T) {
	key := rsaKey(1)
	certificate := &Certificate{leaf: certify(t, &key.PublicKey, key, time.Now().AddDate(1, 0, 0)), key: key}
	for name, credential := range map[string]Credential{
		"federated":   FederatedToken(func() (Secret, error) { return "head.pl4nted~payload.signature", nil }),
		"certificate": ClientCertificate(func() (*Certificate, error) { return certificate, nil }),
	} {
		var log logBook
		var sent string
		client := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			_ = r.ParseForm()
			sent = r.PostForm.Get("client_assertion")
			return answer(r, http.StatusUnauthorized, fmt.Sprintf(`{"error":"no","error_description":"AADSTS700027: not %s"}`, sent))
		}), func(c *Config) { c.Credential, c.Logger = credential, log.logger() })
		_, _, err := list(t.Context(), client, Query{})
		if ReasonOf(err) != ReasonCredential || !strings.Contains(err.Error(), "not "+placeholder) {
			t.Errorf("%s: %v", name, err)
		}
		if text := fmt.Sprint(err) + log.String(); strings.Contains(text, sent[:20]) || strings.Contains(text, sent[len(sent)-9:]) {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// TestIncidentThatHoldsTheToken: an incident whose id, link or tag repeats the token or the secret, as
// it is or quoted, does not get as far as a page of metrics.
func TestIncidentThatHoldsTheToken(t *testing.T) {
	const token = "eyJ0eXAi.pl4nted-token.which-is-long-enough"
	for _, property := range []string{"id", "incidentWebUrl", "customTags"} {
		for _, word := range []string{token, planted, url.QueryEscape(planted), base64.StdEncoding.EncodeToString([]byte(token))} {
			value, _ := json.Marshal("x" + word)
			if property == "customTags" {
				value = []byte("[" + string(value) + "]")
			}
			bubble(t, func(t *testing.T) {
				client := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
					if r.URL.Host == loginHost {
						return answer(r, http.StatusOK, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3599,"access_token":%q}`, token))
					}
					if strings.HasSuffix(r.URL.Path, "/1") {
						return answer(r, http.StatusOK, row(property, string(value)))
					}
					return answer(r, http.StatusOK, `{"value":[`+row(property, string(value))+`]}`)
				}))
				_, _, err := list(t.Context(), client, Query{})
				_, _, one := client.Incident(t.Context(), "1")
				for _, err := range []error{err, one} {
					if ReasonOf(err) != ReasonMalformed || !strings.Contains(err.Error(), errEcho.Error()) {
						t.Errorf("%s of %s: %v", property, value, err)
					}
				}
			})
		}
	}
}
