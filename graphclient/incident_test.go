package graphclient

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// row returns an incident in JSON with one property set or replaced.
func row(property, value string) string {
	fields := map[string]string{
		"id": `"1"`, "createdDateTime": `"2026-01-17T09:11:59.3Z"`, "lastUpdateDateTime": `"2026-01-17T09:12:35.5533333Z"`,
	}
	fields[property] = value
	var parts []string
	for k, v := range fields {
		parts = append(parts, `"`+k+`":`+v)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// TestIncidentJSON: the properties in use come as Graph sends them, null and absent are "",
// and what is odd about any of them costs that property and not the page.
func TestIncidentJSON(t *testing.T) {
	want := Incident{
		ID: "1", Created: time.Date(2026, 1, 17, 9, 11, 59, 3e8, time.UTC), Updated: time.Date(2026, 1, 17, 9, 12, 35, 553333300, time.UTC),
	}
	with := func(change func(*Incident)) Incident {
		in := want
		change(&in)
		return in
	}
	for _, tc := range []struct {
		property, value string
		want            Incident
	}{
		{"id", `"1"`, want},
		{"unheardOf", `{"deep":[1,{"er":null}]}`, want},
		{"status", `"awaitingAction"`, with(func(in *Incident) { in.Status = "awaitingAction" })},
		{"status", `"InProgress"`, with(func(in *Incident) { in.Status = "InProgress" })},
		{"severity", `"newlyInvented"`, with(func(in *Incident) { in.Severity = "newlyInvented" })},
		{"severity", `null`, want},
		{"severity", `3`, with(func(in *Incident) { in.Severity = "3" })},
		{"classification", `["a"]`, with(func(in *Incident) { in.Classification = `["a"]` })},
		{"determination", `"apt"`, with(func(in *Incident) { in.Determination = "apt" })},
		{"assignedTo", `"a@contoso.example"`, with(func(in *Incident) { in.AssignedTo = "a@contoso.example" })},
		{"assignedTo", `null`, want},
		{"createdDateTime", `"2026-01-17T09:11:59Z"`, with(func(in *Incident) { in.Created = time.Date(2026, 1, 17, 9, 11, 59, 0, time.UTC) })},
		{"createdDateTime", `"2026-01-17T09:11:59.1234567Z"`, with(func(in *Incident) { in.Created = time.Date(2026, 1, 17, 9, 11, 59, 123456700, time.UTC) })},
		{"createdDateTime", `"2026-01-17T10:11:59.3+01:00"`, want},
		{"priorityScore", `null`, want},
		{"priorityScore", `85`, with(func(in *Incident) { in.PriorityScore = new(int32(85)) })},
		{"priorityScore", `85.0`, with(func(in *Incident) { in.PriorityScore = new(int32(85)) })},
		{"priorityScore", `8.5e1`, with(func(in *Incident) { in.PriorityScore = new(int32(85)) })},
		{"priorityScore", `0`, with(func(in *Incident) { in.PriorityScore = new(int32(0)) })},
		{"priorityScore", `-2147483648`, with(func(in *Incident) { in.PriorityScore = new(int32(-1 << 31)) })},
		{"priorityScore", `2147483648`, want},
		{"priorityScore", `85.5`, want},
		{"priorityScore", `1e400`, want},
		{"priorityScore", `"85"`, want},
		{"priorityScore", `true`, want},
		{"priorityScore", `{}`, want},
	} {
		page, _, err := parsePage([]byte(`{"value":[` + row(tc.property, tc.value) + `]}`))
		if err != nil {
			t.Errorf("%s %s: %v", tc.property, tc.value, err)
			continue
		}
		if diff := cmp.Diff([]Incident{tc.want}, page.Incidents); diff != "" {
			t.Errorf("%s %s: %s", tc.property, tc.value, diff)
		}
	}
}

// TestPageJSON: a page is taken whole or not at all: a row that cannot be told from others or
// dated spoils it, as does anything that is no list.
func TestPageJSON(t *testing.T) {
	bad := func(property, value string) string {
		return `{"value":[` + row("id", `"1"`) + `,` + row(property, value) + `]}`
	}
	for _, tc := range []struct {
		name, body, err string
		rows            int
		link            string
	}{
		{name: "empty", body: `{"value":[]}`},
		{name: "null link", body: `{"value":[],"@odata.nextLink":null,"@odata.count":null}`},
		{name: "link", body: `{"@odata.nextLink":"https://x","value":[],"@odata.count":120}`, link: "https://x"},
		{name: "repeated", body: `{"value":[` + row("id", `"1"`) + `,` + row("id", `"1"`) + `]}`, rows: 2},
		{name: "numeric id", body: `{"value":[` + row("id", `924565`) + `]}`, rows: 1},
		{name: "no list", body: `{}`, err: "no list of incidents in it"},
		{name: "null list", body: `{"value":null}`, err: "no list of incidents in it"},
		{name: "null", body: `null`, err: "no list of incidents in it"},
		{name: "object for a list", body: `{"value":{}}`, err: "a value that is no array"},
		{name: "rows of another kind", body: `{"value":[1]}`, err: "cannot unmarshal number"},
		{name: "error with 200", body: `{"error":{"code":"x"}}`, err: "no list of incidents in it"},
		{name: "nothing", body: ``, err: "unexpected end of JSON input"},
		{name: "HTML", body: `<html>`, err: "invalid character '<'"},
		{name: "cut", body: `{"value":[{"id":"1","status`, err: "unexpected end of JSON input"},
		{name: "text behind", body: `{"value":[]}]`, err: "more than one value"},
		{name: "no id", body: bad("id", `null`), err: "without id"},
		{name: "empty id", body: bad("id", `""`), err: "without id"},
		{name: "null date", body: bad("createdDateTime", `null`), err: `incident 1: createdDateTime "" is no time`},
		{name: "odd date", body: bad("lastUpdateDateTime", `"yesterday"`), err: `incident 1: lastUpdateDateTime "yesterday" is no time`},
		{name: "null row", body: `{"value":[null]}`, err: "without id"},
		{name: "too many rows", body: `{"value":[` + strings.Repeat(row("id", `"1"`)+`,`, maxRows) + row("id", `"1"`) + `]}`, err: "more than 500 rows"},
		{name: "deep", body: `{"value":[],"more":` + strings.Repeat(`[`, 1<<20), err: "more than 32 levels deep"},
		{name: "an array", body: `[{"value":[]}]`, err: "no list of incidents in it"},
		{name: "other spelling", body: `{"Value":[` + row("id", `"1"`) + `],"@odata.NextLink":"y"}`, rows: 1, link: "y"},
	} {
		page, link, err := parsePage([]byte(tc.body))
		switch {
		case tc.err != "":
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s: got error %v, want %s", tc.name, err, tc.err)
			}
		case err != nil:
			t.Errorf("%s: %v", tc.name, err)
		case len(page.Incidents) != tc.rows || link != tc.link:
			t.Errorf("%s: got %d rows, link %q", tc.name, len(page.Incidents), link)
		}
	}
}
