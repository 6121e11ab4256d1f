package graphclient

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestClaims: what a token says of itself is read as far as it can be, and one sign-in suffices.
func TestClaims(t *testing.T) {
	jwtOf := func(header, claims string) string {
		b := base64.RawURLEncoding.EncodeToString
		return b([]byte(header)) + "." + b([]byte(claims)) + "." + b([]byte("signature"))
	}
	const header = `{"typ":"JWT","nonce":"x","alg":"RS256","kid":"y"}`
	for _, tc := range []struct {
		name, token string
		want        Claims
		opaque      bool
	}{
		{name: "application", token: jwtOf(header, `{"aud":"https://graph.microsoft.com","exp":1900000000,"appid":"app-id","roles":["User.Read.All","SecurityIncident.Read.All"],"tid":"tenant-id"}`),
			want: Claims{Roles: []string{"SecurityIncident.Read.All", "User.Read.All"}, TenantID: "tenant-id", Application: "app-id", Expires: time.Unix(1900000000, 0)}},
		{name: "person", token: jwtOf(header, `{"scp":"openid SecurityIncident.Read.All"}`), want: Claims{Scopes: []string{"SecurityIncident.Read.All", "openid"}}},
		{name: "nothing", token: jwtOf(header, `{}`)},
		{name: "other types", token: jwtOf(header, `{"roles":"all"}`), opaque: true},
		{name: "no JSON", token: jwtOf(header, `roles`), opaque: true},
		{name: "opaque", token: "EwBwA8l6BAAU", opaque: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				signIns := 0
				client := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
					signIns++
					return answer(r, http.StatusOK, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3599,"access_token":%q}`, tc.token), "Content-Type: application/json")
				}))
				for range 2 {
					got, err := client.Claims(t.Context())
					if tc.opaque != errors.Is(err, errOpaque) || !tc.opaque && err != nil {
						t.Errorf("got %v", err)
					}
					if diff := gocmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
						t.Error(diff)
					}
				}
				if signIns != 1 {
					t.Errorf("%d sign-ins", signIns)
				}
			})
		})
	}
}

// TestClaimsWithoutToken: that signing in fails is told as it is everywhere.
func TestClaimsWithoutToken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{})
		sim.Fault(graphsim.Fault{Match: graphsim.TokenOperation, AADSTS: 7000215})
		_, err := connect(t, sim).Claims(t.Context())
		if ReasonOf(err) != ReasonCredential {
			t.Errorf("got %v", err)
		}
	})
}
