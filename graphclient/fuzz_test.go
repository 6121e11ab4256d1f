package graphclient

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// FuzzPage: no text makes parsing a page fail otherwise than with an error, and what a page holds is
// within its bounds.
func FuzzPage(f *testing.F) {
	f.Add([]byte(`{"value":[` + row("severity", `"high"`) + `],"@odata.nextLink":"https://graph.test/v1.0/security/incidents?$skip=50"}`))
	f.Add([]byte(`{"@odata.count":1,"value":[` + row("customTags", `["a","b"]`) + `,` + row("priorityScore", `85.0`) + `]}`))
	for _, body := range hostileBodies(2000) {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		page, _, err := parsePage(body)
		if err != nil {
			return
		}
		if len(page.Incidents) > maxRows {
			t.Errorf("%d rows", len(page.Incidents))
		}
		for _, in := range page.Incidents {
			withinBounds(t, in)
		}
		if one, err := parseIncident(body); err == nil {
			withinBounds(t, one)
		}
	})
}

// withinBounds checks an incident against the bounds on its properties.
func withinBounds(t *testing.T, in Incident) {
	t.Helper()
	for what, long := range map[string]bool{
		"id": in.ID == "" || len(in.ID) > maxID, "severity": len(in.Severity) > maxEnum, "status": len(in.Status) > maxEnum,
		"classification": len(in.Classification) > maxEnum, "determination": len(in.Determination) > maxEnum,
		"owner": len(in.AssignedTo) > maxOwner, "address": len(in.WebURL) > maxURL, "tags": len(in.Tags) > maxTags,
		"tag": slices.ContainsFunc(in.Tags, func(tag string) bool { return len(tag) > maxTag }),
	} {
		if long {
			t.Errorf("%s out of bounds: %+v", what, in)
		}
	}
}

// FuzzNextLink: wherever a nextLink leads that is followed, it is the configured list, and what is
// sent is a request line.
func FuzzNextLink(f *testing.F) {
	for _, link := range []string{
		"https://graph.test/v1.0/security/incidents?$skip=50", "?$skip=50", "?$filter=status ne 'x'", "//evil.example/", "https://graph.test@evil.example/",
		"https://graph.test/v1.0/security%2fincidents?$skip=50", "https://GRAPH.test:443/V1.0/security/incidents?$skiptoken=%zz;&", "../../users", "https:?$skip=1",
	} {
		f.Add(link, "severity eq 'high'")
	}
	client, err := New(Config{Endpoint: "https://" + graphHost, Authority: "https://" + loginHost, TenantID: "contoso.example", ClientID: "app", Credential: AzureCLI()})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, link, filter string) {
		u, err := client.nextLink(link, Query{Filter: filter})
		if err != nil {
			return
		}
		if u.Scheme != "https" || u.Host != graphHost || u.Path != "/v1.0/security/incidents" || u.EscapedPath() != u.Path || u.User != nil || u.Fragment != "" || u.Opaque != "" {
			t.Errorf("%q leads to %s", link, u)
		}
		if strings.ContainsFunc(u.RequestURI(), func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%q is sent as %q", link, u.RequestURI())
		}
		if query := u.Query(); filter != "" && query.Has("$skip") && !query.Has("$filter") {
			t.Errorf("%q lost the filter: %s", link, u)
		}
	})
}

// FuzzError: whatever is answered in place of a page, the error is one line of bounded length with a
// reason, without the token and the secret that the answer may repeat; and so is that of a sign-in.
func FuzzError(f *testing.F) {
	for _, status := range []int{200, 206, 302, 401, 403, 404, 429, 500, 503} {
		f.Add(status, "application/json", `{"error":{"code":"x","message":"the-token","innerError":{"request-id":"1"}}}`, "1")
		f.Add(status, "text/plain", "the\ntoken "+planted, "Fri, 01 Jan 2100 00:00:00 GMT")
		f.Add(status, "application/json", `{"error":"invalid_client","error_description":"AADSTS7000215: `+planted+`","error_codes":[7]}`, "")
	}
	f.Fuzz(func(t *testing.T, status int, kind, body, header string) {
		if status < 200 || status > 599 {
			return
		}
		respond := func(r *http.Request) (*http.Response, error) {
			resp, err := answer(r, status, body)
			for _, name := range []string{"Content-Type", "Location", "Retry-After", "Warning", "Request-Id", "X-Ms-Request-Id", "Date", "Content-Encoding"} {
				resp.Header.Set(name, header)
			}
			resp.Header.Set("Content-Type", kind)
			return resp, err
		}
		bubble(t, func(t *testing.T) {
			client := connect(t, graphOnly(respond))
			_, err := client.attempt(t.Context(), Query{Operation: OperationDelta}, client.root, func(b []byte) error {
				_, _, err := parsePage(b)
				return err
			})
			judge(t, err)
			_, failure := connect(t, roundTrip(respond)).tokens.token(t.Context())
			judge(t, failure)
		})
	})
}

// judge checks what every error that leaves the package promises.
func judge(t *testing.T, e *Error) {
	t.Helper()
	if e == nil {
		return
	}
	text := e.Error()
	if e.Reason == "" || e.RetryAfter < 0 || e.RetryAfter > maxStop || len([]rune(text)) > 3*maxMessage {
		t.Errorf("got %#v", e)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r != ' ' && (unicode.IsSpace(r) || !unicode.IsPrint(r)) }) {
		t.Errorf("not printable: %q", text)
	}
	for _, word := range []string{planted, "the-token"} {
		if strings.Contains(text, word) {
			t.Errorf("%q shows %q", text, word)
		}
	}
}

// FuzzRetryAfter: no header asks for less than nothing, or for more than ten minutes.
func FuzzRetryAfter(f *testing.F) {
	for _, v := range []string{"", "0", "17", "-1", "1e9", "99999999999999999999", "Fri, 31 Dec 1999 23:59:59 GMT", "soon"} {
		f.Add(v, "Fri, 31 Dec 1999 23:59:49 GMT")
	}
	f.Fuzz(func(t *testing.T, value, date string) {
		h := http.Header{"Retry-After": {value}, "Date": {date}}
		if d := retryAfter(h, time.Now()); d < 0 || d > maxStop {
			t.Errorf("%q at %q: %s", value, date, d)
		}
	})
}

// FuzzDate: a time is one or an error, and has a form that can be read again; a header that is no
// date leaves an answer without one.
func FuzzDate(f *testing.F) {
	for _, v := range []string{"", "2026-01-17T09:11:59.3Z", "2026-01-17T09:11:59.1234567+01:00", "0000-00-00T00:00:00Z", "Fri, 31 Dec 1999 23:59:49 GMT"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		at, err := parseTime(value)
		if err == nil {
			if again, err := parseTime(at.Format(time.RFC3339Nano)); err != nil || !again.Equal(at) || at.Location() != time.UTC {
				t.Errorf("%q is %s, and then %s, %v", value, at, again, err)
			}
		} else if len(err.Error()) > 4*maxDate+20 {
			t.Errorf("%d bytes", len(err.Error()))
		}
		client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusOK, emptyBody, "Date: "+value)
		}))
		answer, failure := client.attempt(t.Context(), Query{}, client.root, func([]byte) error { return nil })
		want, err := http.ParseTime(value)
		if failure != nil || !answer.Date.Equal(want) || (err != nil) != answer.Date.IsZero() && !want.IsZero() {
			t.Errorf("%q: %v, %v", value, answer.Date, failure)
		}
	})
}

// FuzzGrant: what is granted ends within a day and an hour, is renewed before, and fits a header.
func FuzzGrant(f *testing.F) {
	f.Add("abc.def", "Bearer", int64(3600))
	f.Add("", "", int64(-1))
	f.Add("a\r\nb", "bearer", int64(1<<62))
	sent := time.Date(2026, 1, 17, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, token, kind string, lifetime int64) {
		g, err := newAccessToken(token, kind, time.Duration(lifetime), sent)
		if err != nil {
			return
		}
		if g.renew.After(g.expires) || g.renew.Before(sent) || g.expires.After(sent.Add(maxLifetime)) {
			t.Errorf("renewed at %s, ends at %s", g.renew, g.expires)
		}
		r := &http.Request{Method: http.MethodGet, Header: http.Header{"Authorization": {"Bearer " + g.token}}}
		if len(g.token) > maxToken || strings.ContainsAny(r.Header.Get("Authorization"), "\r\n\x00") {
			t.Errorf("token %q", g.token)
		}
	})
}

// FuzzClaims: what a token says of itself is printable and does not repeat the token; its error
// says nothing of it.
func FuzzClaims(f *testing.F) {
	for _, body := range []string{`{"roles":["b","a"],"tid":"x","exp":4000000000}`, `{"scp":"a b","appid":"\u0000","tid":"a\nb"}`, `{"exp":1e400}`, `[]`, ``} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		token := "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(body)) + "."
		if len(token) > maxToken {
			return
		}
		client := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusOK, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3599,"access_token":%q}`, token))
		}))
		claims, err := client.Claims(t.Context())
		if err != nil {
			if !errors.Is(err, errOpaque) {
				t.Error(err)
			}
			return
		}
		for _, text := range slices.Concat(claims.Roles, claims.Scopes, []string{claims.TenantID, claims.Application}) {
			if oneLine(text) != text || strings.Contains(text, token) {
				t.Errorf("shows %q", text)
			}
		}
	})
}
