package graphclient

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestBounds: what is just within a bound is taken as it is, and what is beyond it is cut, left out or
// an error, as the bound says.
func TestBounds(t *testing.T) {
	one := func(property, value string) (Incident, error) { return parseIncident([]byte(row(property, value))) }
	text := func(n int) string { return strings.Repeat("x", n) }
	quote := func(n int) string { return `"` + text(n) + `"` }
	for _, tc := range []struct {
		property string
		bound    int
		beyond   int // what is left of a text that is a byte too long
		get      func(Incident) string
	}{
		{"severity", maxEnum, maxEnum, func(in Incident) string { return in.Severity }},
		{"status", maxEnum, maxEnum, func(in Incident) string { return in.Status }},
		{"classification", maxEnum, maxEnum, func(in Incident) string { return in.Classification }},
		{"determination", maxEnum, maxEnum, func(in Incident) string { return in.Determination }},
		{"assignedTo", maxOwner, maxOwner, func(in Incident) string { return in.AssignedTo }},
		{"incidentWebUrl", maxURL, 0, func(in Incident) string { return in.WebURL }},
	} {
		for n, want := range map[int]int{tc.bound: tc.bound, tc.bound + 1: tc.beyond} {
			if in, err := one(tc.property, quote(n)); err != nil || len(tc.get(in)) != want {
				t.Errorf("%s of %d bytes: %d are left, want %d: %v", tc.property, n, len(tc.get(in)), want, err)
			}
		}
	}
	for n, want := range map[int]error{maxID: nil, maxID + 1: errLongID} {
		if _, err := one("id", quote(n)); !errors.Is(err, want) {
			t.Errorf("an id of %d bytes: %v", n, err)
		}
	}
	list := "[" + quote(maxTag) + "," + quote(maxTag+1) + strings.Repeat(`,"a"`, maxTags) + "]"
	if in, err := one("customTags", list); err != nil || len(in.Tags) != maxTags || len(in.Tags[0]) != maxTag || in.Tags[1] != "a" {
		t.Errorf("%d tags: %v", len(in.Tags), err)
	}
}

// TestPageBounds: a page of as many parts, levels, rows and bytes of text as it may have is taken, and
// one of more is not.
func TestPageBounds(t *testing.T) {
	page := func(row string, n int) string { return `{"value":[` + strings.Repeat(row+",", n-1) + row + `]}` }
	full := row("assignedTo", `"`+strings.Repeat("x", maxOwner)+`"`)
	for _, tc := range []struct {
		name, body string
		want       error
	}{
		{"rows", page(row("id", `"1"`), maxRows), nil},
		{"too many rows", page(row("id", `"1"`), maxRows+1), errTooManyRows},
		{"text", page(full, maxRows), nil},
		{"too much text", page(row("incidentWebUrl", `"`+strings.Repeat("x", maxURL)+`"`), maxText/maxURL+1), errTooMuch},
		{"depth", `{"x":` + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + `,"value":[]}`, nil},
		{"too deep", `{"x":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `,"value":[]}`, errTooDeep},
		{"parts", `{"value":[],"x":[0` + strings.Repeat(",0", maxParts-10) + "]}", nil},
		{"too many parts", `{"value":[],"x":[0` + strings.Repeat(",0", maxParts) + "]}", errTooMany},
		{"brackets in a text", `{"value":[],"x":"` + strings.Repeat(`[\"{,`, maxParts) + `"}`, nil},
	} {
		if _, _, err := parsePage([]byte(tc.body)); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	if _, err := parseIncident([]byte(`{"x":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + "}")); !errors.Is(err, errTooDeep) {
		t.Errorf("an incident too deep: %v", err)
	}
	client := connect(t, roundTrip(nil))
	for n, want := range map[int]error{maxLink: nil, maxLink + 1: errLongLink} {
		if _, err := client.nextLink("?$skiptoken="+strings.Repeat("x", n-len("?$skiptoken=")), Query{}); !errors.Is(err, want) {
			t.Errorf("a link of %d bytes: %v", n, err)
		}
	}
	for n, want := range map[int]error{maxToken: nil, maxToken + 1: errTokenLong} {
		if _, err := newAccessToken(strings.Repeat("x", n), "Bearer", time.Hour, time.Now()); !errors.Is(err, want) {
			t.Errorf("a token of %d bytes: %v", n, err)
		}
	}
}

// TestTokenBodyLimit: an answer to a sign-in of more than 64 KiB is malformed, and says so.
func TestTokenBodyLimit(t *testing.T) {
	client := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		return answer(r, http.StatusOK, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3599,"access_token":"a","x":%q}`, strings.Repeat("x", maxTokenBody)), "Content-Type: application/json")
	}))
	if _, _, err := list(t.Context(), client, Query{}); ReasonOf(err) != ReasonMalformed || !strings.Contains(err.Error(), "answer of more than 64 KiB") {
		t.Errorf("got %v", err)
	}
}
