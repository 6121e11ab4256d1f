package graphclient

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestGrants: a token is used if it is of type Bearer and says when it ends; no answer makes
// one that is never renewed.
func TestGrants(t *testing.T) {
	grant := func(fields string) string { return `{"access_token":"abc.def"` + fields + `}` }
	for _, tc := range []struct {
		name, body string
		lifetime   time.Duration // until renewal
		err        string
	}{
		{name: "an hour", body: grant(`,"token_type":"Bearer","expires_in":3600`), lifetime: 55 * time.Minute},
		{name: "lower case", body: grant(`,"token_type":"bearer","expires_in":3600`), lifetime: 55 * time.Minute},
		{name: "in quotes", body: grant(`,"token_type":"Bearer","expires_in":"3600"`), lifetime: 55 * time.Minute},
		{name: "for years", body: grant(`,"token_type":"Bearer","expires_in":99999999999`), lifetime: 25*time.Hour - 5*time.Minute},
		{name: "no lifetime", body: grant(`,"token_type":"Bearer"`), err: "without a lifetime"},
		{name: "null lifetime", body: grant(`,"token_type":"Bearer","expires_in":null`), err: "without a lifetime"},
		{name: "zero", body: grant(`,"token_type":"Bearer","expires_in":0`), err: "without a lifetime"},
		{name: "negative", body: grant(`,"token_type":"Bearer","expires_in":-3600`), err: "without a lifetime"},
		{name: "odd lifetime", body: grant(`,"token_type":"Bearer","expires_in":"soon"`), err: "no token in it"},
		{name: "other type", body: grant(`,"token_type":"MAC","expires_in":3600`), err: "not of type Bearer"},
		{name: "no type", body: grant(`,"expires_in":3600`), err: "not of type Bearer"},
		{name: "no token", body: `{"token_type":"Bearer","expires_in":3600}`, err: "no token in it"},
		{name: "two lines", body: `{"token_type":"Bearer","expires_in":3600,"access_token":"abc\r\nX: y"}`, err: "no header can carry"},
		{name: "HTML", body: "<html>", err: "no token in it"},
		{name: "nothing", body: "", err: "no token in it"},
		{name: "cut", body: grant(`,"token_type":"Bea`)[:40], err: "no token in it"},
		{name: "array", body: "[]", err: "no token in it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				requests := 0
				client := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
					if r.URL.Host == loginHost {
						requests++
						return answer(r, http.StatusOK, tc.body, "Content-Type: application/json")
					}
					return answer(r, http.StatusOK, emptyBody)
				}))
				_, _, err := list(t.Context(), client, Query{})
				if tc.err != "" {
					if ReasonOf(err) != ReasonMalformed || !strings.Contains(err.Error(), tc.err) {
						t.Errorf("got %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				renewedAfter(t, client, tc.lifetime, &requests)
			})
		})
	}
}

// renewedAfter checks that a client signs in for the second time after d, and not a second before.
func renewedAfter(t *testing.T, client *Client, d time.Duration, signIns *int) {
	t.Helper()
	for want, wait := range []time.Duration{0, d - time.Second, 2 * time.Second} {
		time.Sleep(wait)
		if _, _, err := list(t.Context(), client, Query{}); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if want = max(want, 1); *signIns != want {
			t.Errorf("%d sign-ins, want %d", *signIns, want)
		}
	}
}

// TestSignInRefused: what keeps a person from signing in is said in plain words, with Entra's
// number; what is the service's own trouble is not called a matter of credentials.
func TestSignInRefused(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault graphsim.Fault
		want  Error
	}{
		{"wrong secret", graphsim.Fault{AADSTS: 7000215}, Error{Reason: ReasonCredential, Status: 401, Code: "AADSTS7000215", Message: "wrong client secret (often the secret's id in place of its value): Invalid client secret"}},
		{"expired", graphsim.Fault{AADSTS: 7000222}, Error{Reason: ReasonCredential, Status: 401, Code: "AADSTS7000222", Message: "the client secret has expired"}},
		{"no application", graphsim.Fault{AADSTS: 700016}, Error{Reason: ReasonCredential, Status: 400, Code: "AADSTS700016", Message: "no such application in this tenant"}},
		{"no tenant", graphsim.Fault{AADSTS: 90002}, Error{Reason: ReasonCredential, Status: 400, Code: "AADSTS90002", Message: "no such tenant"}},
		{"wrong cloud", graphsim.Fault{AADSTS: 500011}, Error{Reason: ReasonCredential, Status: 400, Code: "AADSTS500011", Message: "Graph is not known in this tenant (wrong cloud)"}},
		{"unknown number", graphsim.Fault{AADSTS: 123456}, Error{Reason: ReasonCredential, Status: 400, Code: "AADSTS123456", Message: "The request is refused. Trace ID"}},
		{"no number", graphsim.Fault{Status: 400, Body: graphsim.BodyJSON, Text: `{"error":"invalid_grant","error_description":"No."}`}, Error{Reason: ReasonCredential, Status: 400, Code: "invalid_grant", Message: "No."}},
		{"number apart", graphsim.Fault{Status: 400, Body: graphsim.BodyJSON, Text: `{"error":"invalid_client","error_description":"No.","error_codes":[7000222]}`}, Error{Reason: ReasonCredential, Status: 400, Code: "AADSTS7000222", Message: "the client secret has expired: No."}},
		{"error with 200", graphsim.Fault{Status: 200, Body: graphsim.BodyJSON, Text: `{"error":"invalid_client"}`}, Error{Reason: ReasonCredential, Status: 200, Code: "invalid_client"}},
		{"its own trouble", graphsim.Fault{AADSTS: 90033, Status: 503, RetryAfter: 9 * time.Second}, Error{Reason: ReasonServerError, Status: 503, Code: "AADSTS90033", Message: "The request is refused", RetryAfter: 9 * time.Second}},
		{"throttled", graphsim.Fault{AADSTS: 90055, Status: 429}, Error{Reason: ReasonThrottled, Status: 429, Code: "AADSTS90055", Message: "The request is refused"}},
		{"HTML 502", graphsim.Fault{Status: 502, Body: graphsim.BodyHTML}, Error{Reason: ReasonServerError, Status: 502, Message: `answer of type "text/html; charset=utf-8": is this the sign-in service?`}},
		{"HTML 200", graphsim.Fault{Kind: graphsim.FaultHTML}, Error{Reason: ReasonMalformed, Status: 200, Message: `answer of type "text/html; charset=utf-8": no token in it`}},
		{"nothing 404", graphsim.Fault{Status: 404, Body: graphsim.BodyEmpty}, Error{Reason: ReasonBadRequest, Status: 404, Message: "answer of type"}},
		{"redirect", graphsim.Fault{Kind: graphsim.FaultRedirect, Status: 307, Location: "https://evil.example/x?y"}, Error{Reason: ReasonMalformed, Status: 307, Message: "redirect to https://evil.example, not followed"}},
		{"unreachable", graphsim.Fault{Kind: graphsim.FaultUnreachable}, Error{Reason: ReasonUnreachable, Message: "dial tcp: connection refused"}},
		{"cut", graphsim.Fault{Kind: graphsim.FaultTruncated}, Error{Reason: ReasonUnreachable, Message: "the connection ended before the answer did"}},
		{"hang", graphsim.Fault{Kind: graphsim.FaultHang}, Error{Reason: ReasonTimeout, Message: "no complete answer within 30s"}},
		{"drip", graphsim.Fault{Kind: graphsim.FaultDrip}, Error{Reason: ReasonTimeout, Message: "no complete answer within 30s"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{})
				tc.fault.Match = graphsim.TokenOperation
				sim.Fault(tc.fault)
				_, _, err := connect(t, sim).Incident(t.Context(), "1")
				got, ok := errors.AsType[*Error](err)
				if !ok {
					t.Fatalf("got %v", err)
				}
				if !strings.HasPrefix(got.Message, tc.want.Message) || !strings.HasPrefix(err.Error(), "signing in: ") {
					t.Errorf("got %v", err)
				}
				fields := func(e *Error) string {
					return fmt.Sprint(e.Reason, e.Status, e.Code, e.RetryAfter, e.cause)
				}
				if fields(got) != fields(&tc.want) {
					t.Errorf("got %s, want %s", fields(got), fields(&tc.want))
				}
				if n := operations(sim); n[graphsim.TokenOperation] != 1 || len(n) != 1 {
					t.Errorf("requests: %v", n)
				}
			})
		})
	}
}
