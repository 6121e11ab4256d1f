package graphclient

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestManagedIdentity: the platform's service is asked once for each token, for Graph, as the
// identity that is configured, with what the platform wants to see, and never through a proxy.
func TestManagedIdentity(t *testing.T) {
	t.Setenv("IDENTITY_ENDPOINT", "http://identity.test/token")
	t.Setenv("IDENTITY_HEADER", planted)
	for _, client := range []string{"", "00000000-0000-0000-0000-000000000001"} {
		bubble(t, func(t *testing.T) {
			var asked []url.Values
			c := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.URL.Host == graphHost {
					return answer(r, http.StatusOK, emptyBody)
				}
				if got := r.Header.Get("X-IDENTITY-HEADER"); got != planted {
					t.Errorf("header %q", got)
				}
				if got := r.Header.Get("Accept-Encoding"); got != "identity" {
					t.Errorf("accepts %q, which a transport would decompress without a bound", got)
				}
				if r.Context().Value(proxyBypassKey{}) == nil {
					t.Error("through a proxy")
				}
				if op := OperationOf(r.Context()); op != OperationToken {
					t.Errorf("operation %q", op)
				}
				asked = append(asked, r.URL.Query())
				return answer(r, http.StatusOK, fmt.Sprintf(`{"access_token":"token-%d","expires_on":"%d","resource":"x","token_type":"Bearer"}`,
					len(asked), time.Now().Add(time.Hour).Unix()), "Content-Type: application/json")
			}), unlimited, func(c *Config) { c.Credential, c.ClientID = ManagedIdentity(), client })
			for range 4 {
				if _, _, err := list(t.Context(), c, Query{}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(58 * time.Minute)
			}
			synctest.Wait() // for the renewal that the last one began
			want := url.Values{"api-version": {"2019-08-01"}, "resource": {"https://" + graphHost}}
			if client != "" {
				want.Set("client_id", client)
			}
			if diff := gocmp.Diff([]url.Values{want, want}, asked[:2]); diff != "" || len(asked) != 4 {
				t.Errorf("asked %d times: %s", len(asked), diff)
			}
		})
	}
}

// TestManagedIdentityAnew: when Graph refuses a token before its end, the platform is asked for another,
// although Azure's library remembers the one that it gave.
func TestManagedIdentityAnew(t *testing.T) {
	t.Setenv("IDENTITY_ENDPOINT", "http://identity.test/token")
	t.Setenv("IDENTITY_HEADER", planted)
	bubble(t, func(t *testing.T) {
		asked := 0
		c := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			switch {
			case r.URL.Host != graphHost:
				asked++
				return answer(r, http.StatusOK, fmt.Sprintf(`{"access_token":"token-%d","expires_on":"%d","resource":"x","token_type":"Bearer"}`,
					asked, time.Now().Add(time.Hour).Unix()), "Content-Type: application/json")
			case r.Header.Get("Authorization") == "Bearer token-1":
				return answer(r, http.StatusUnauthorized, "")
			}
			return answer(r, http.StatusOK, emptyBody)
		}), unlimited, func(c *Config) { c.Credential, c.ClientID = ManagedIdentity(), "" })
		if _, _, err := list(t.Context(), c, Query{}); err != nil || asked != 2 {
			t.Errorf("asked %d times for a token: %v", asked, err)
		}
	})
}

// TestManagedIdentityRefused: what the platform says is told, once, and nothing of what it takes
// for a password.
func TestManagedIdentityRefused(t *testing.T) {
	t.Setenv("IDENTITY_ENDPOINT", "http://identity.test/token")
	t.Setenv("IDENTITY_HEADER", planted)
	expired := fmt.Sprintf(`{"access_token":"a","expires_on":"%d"}`, time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
	for _, tc := range []struct {
		name, body string
		status     int
		want       string
		reason     Reason
	}{
		{"no identity", `{"error":"invalid_request","error_description":"Identity not found"}`, 400, "invalid_request: Identity not found", ReasonCredential},
		{"gone", `{"statusCode":500,"message":"An unexpected error occured"}`, 500, "HTTP 500", ReasonServerError},
		{"throttled", `{"error":"too_many","error_description":"Too many requests"}`, 429, "HTTP 429", ReasonThrottled},
		{"HTML", "<html>", 200, "", ReasonMalformed},
		{"no lifetime", `{"access_token":"a"}`, 200, "", ReasonMalformed},
		{"ended", expired, 200, "", ReasonMalformed},
		{"endless", `{"access_token":"` + strings.Repeat("a", 1<<17) + `"}`, 200, "", ReasonMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				asked := 0
				c := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
					asked++
					return answer(r, tc.status, tc.body, "Content-Type: application/json")
				}), func(c *Config) { c.Credential = ManagedIdentity() })
				_, _, err := list(t.Context(), c, Query{})
				if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), planted) || ReasonOf(err) != tc.reason {
					t.Errorf("got %v", err)
				}
				if asked != 1 {
					t.Errorf("asked %d times", asked)
				}
			})
		})
	}
}

// TestManagedIdentityUnreachable: a service that nobody listens at is unreachable, which has nothing
// to do with what one signs in with.
func TestManagedIdentityUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	t.Setenv("IDENTITY_ENDPOINT", "http://"+listener.Addr().String()+"/token")
	t.Setenv("IDENTITY_HEADER", planted)
	transport := NewTransport()
	defer transport.CloseIdleConnections()
	_, _, err = list(t.Context(), connect(t, transport, func(c *Config) { c.Credential = ManagedIdentity() }), Query{})
	if ReasonOf(err) != ReasonUnreachable || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
}

// TestManagedIdentityEchoes: what the platform takes for a password is hidden when it is sent back.
func TestManagedIdentityEchoes(t *testing.T) {
	t.Setenv("IDENTITY_ENDPOINT", "http://identity.test/token")
	t.Setenv("IDENTITY_HEADER", planted)
	for _, body := range []string{`{"error":%q,"error_description":%q}`, `%s %s`, `<html>%s %s`} {
		for _, status := range []int{200, 400, 403, 500} {
			bubble(t, func(t *testing.T) {
				var log logBook
				c := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
					header := r.Header.Get("X-IDENTITY-HEADER")
					return answer(r, status, fmt.Sprintf(body, header, header), "Content-Type: "+header, "X-Ms-Request-Id: "+header)
				}), func(c *Config) { c.Credential, c.Logger = ManagedIdentity(), log.logger() })
				_, _, err := list(t.Context(), c, Query{})
				leaks(t, fmt.Sprint(err)+log.String(), planted)
			})
		}
	}
}

// TestManagedIdentityHangs: a service that never answers is given up after 30 s.
func TestManagedIdentityHangs(t *testing.T) {
	t.Setenv("IDENTITY_ENDPOINT", "http://identity.test/token")
	t.Setenv("IDENTITY_HEADER", planted)
	bubble(t, func(t *testing.T) {
		c := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}), func(c *Config) { c.Credential = ManagedIdentity() })
		began := time.Now()
		_, _, err := list(t.Context(), c, Query{})
		if d := time.Since(began); ReasonOf(err) != ReasonTimeout || d != requestLimit {
			t.Errorf("after %s: %v", d, err)
		}
	})
}

// TestOnlyThePlatformPassesTheProxy: a request on its way to the sign-in service or Graph goes
// through the proxy, one to a platform's own service does not.
func TestOnlyThePlatformPassesTheProxy(t *testing.T) {
	at := &url.URL{Scheme: "http", Host: "proxy.test"}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://graph.test", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	choose := exceptPlatform(http.ProxyURL(at))
	if got, err := choose(r); got != at || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	var got *url.URL
	_, err = proxyBypass{roundTrip(func(r *http.Request) (*http.Response, error) { got, err = choose(r); return nil, err })}.RoundTrip(r)
	if got != nil || err != nil {
		t.Errorf("of the platform: got %v, %v", got, err)
	}
}
