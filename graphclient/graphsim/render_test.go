package graphsim_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// single returns the row of an incident that f has changed.
func single(t *testing.T, cfg graphsim.Config, f func(*graphsim.Incident)) row {
	t.Helper()
	sim, _ := tenant(cfg, 1)
	sim.Change("1", graphsim.Undated, f)
	return newCaller(t, sim).list().rows[0]
}

func pick(r row, properties ...string) row {
	picked := row{}
	for _, p := range properties {
		if v, ok := r[p]; ok {
			picked[p] = v
		}
	}
	return picked
}

func TestSpelling(t *testing.T) {
	fill := func(in *graphsim.Incident) {
		in.Status, in.Classification, in.Determination = "inProgress", "truePositive", "compromisedAccount"
	}
	names := []string{"severity", "status", "classification", "determination"}
	for _, test := range []struct {
		cfg  graphsim.Config
		want []any
	}{
		{graphsim.Config{}, []any{"medium", "inProgress", "truePositive", "compromisedAccount"}},
		{graphsim.Config{Spelling: graphsim.PascalCase}, []any{"Medium", "InProgress", "TruePositive", "CompromisedAccount"}},
		{graphsim.Config{DocumentationSpelling: true}, []any{"medium", "inProgress", "truePositive", "compromisedUser"}},
	} {
		r := single(t, test.cfg, fill)
		for i, name := range names {
			if r[name] != test.want[i] {
				t.Errorf("%+v: got %s %v, want %v", test.cfg, name, r[name], test.want[i])
			}
		}
	}
}

func TestNulls(t *testing.T) {
	nothing := func(*graphsim.Incident) {}
	names := []string{"classification", "determination", "priorityScore", "assignedTo", "redirectIncidentId"}
	for _, test := range []struct {
		cfg    graphsim.Config
		change func(*graphsim.Incident)
		want   row
	}{
		{graphsim.Config{}, nothing, row{"classification": "unknown", "determination": "unknown", "priorityScore": nil, "assignedTo": nil, "redirectIncidentId": nil}},
		{graphsim.Config{NullsForUnknown: true, OmitScore: true}, nothing, row{"classification": nil, "determination": nil, "assignedTo": nil, "redirectIncidentId": nil}},
		{graphsim.Config{}, func(in *graphsim.Incident) { in.Classification, in.Determination, in.Score = "", "", new(0) },
			row{"classification": nil, "determination": nil, "priorityScore": 0.0, "assignedTo": nil, "redirectIncidentId": nil}},
	} {
		if diff := cmp.Diff(pick(single(t, test.cfg, test.change), names...), test.want); diff != "" {
			t.Errorf("%+v: -got +want\n%s", test.cfg, diff)
		}
	}
}

// Clients that do not ask for later members read unknownFutureValue, but can filter by them.
func TestPrefer(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 1)
	sim.Change("1", graphsim.Dated, func(in *graphsim.Incident) { in.Status = "awaitingAction" })
	c := newCaller(t, sim)
	for prefer, want := range map[string]string{
		"include-unknown-enum-members":                      "awaitingAction",
		"odata.maxpagesize=5, include-unknown-enum-members": "awaitingAction",
		"return=minimal":                                    "unknownFutureValue",
		"":                                                  "unknownFutureValue",
	} {
		r := c.request(root + "/v1.0/security/incidents?$filter=status%20eq%20'awaitingAction'")
		r.Header.Set("Prefer", prefer)
		l := c.do(r)
		if got := l.rows[0]["status"]; got != want {
			t.Errorf("Prefer %q: got %v, want %s", prefer, got, want)
		}
		if got := l.header.Get("Preference-Applied") != ""; got != (want == "awaitingAction") {
			t.Errorf("Prefer %q: got Preference-Applied %t", prefer, got)
		}
	}
}

func TestOverride(t *testing.T) {
	r := single(t, graphsim.Config{}, func(in *graphsim.Incident) {
		in.Override = map[string]json.RawMessage{
			"priorityScore": json.RawMessage(`"85"`), "lastUpdateDateTime": nil, "novelty": json.RawMessage(`{"a":[1]}`)}
	})
	want := row{"id": "1", "priorityScore": "85", "novelty": map[string]any{"a": []any{1.0}}}
	if diff := cmp.Diff(pick(r, "id", "priorityScore", "lastUpdateDateTime", "novelty"), want); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
	sim, _ := tenant(graphsim.Config{}, 1)
	sim.Change("1", graphsim.Undated, func(in *graphsim.Incident) {
		in.Override = map[string]json.RawMessage{"id": json.RawMessage(`5`)}
	})
	if l := newCaller(t, sim).get(root + "/v1.0/security/incidents/1"); !json.Valid([]byte(l.text)) || l.text[len(l.text)-1] != '}' {
		t.Errorf("got %s", l.text)
	}
}

// Rows read the same whenever they are read, and weigh what real ones do.
func TestRowsAreStableAndOfRealSize(t *testing.T) {
	sim, at := tenant(graphsim.Config{}, 50)
	c := newCaller(t, sim)
	first := c.list()
	at.advance(30 * time.Minute)
	if diff := cmp.Diff(c.list().rows, first.rows); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
	if size := len(first.text) / 50; size < 1500 || size > 3000 {
		t.Errorf("got %d bytes a row", size)
	}
	var one row
	if err := json.Unmarshal([]byte(c.get(root+"/v1.0/security/incidents/7").text), &one); err != nil {
		t.Fatal(err)
	}
	delete(one, "@odata.context")
	if diff := cmp.Diff(one, first.rows[43]); diff != "" {
		t.Errorf("by id and in the list: -got +want\n%s", diff)
	}
}

func TestGzip(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 50)
	c := newCaller(t, sim)
	plain := c.list().text
	r := c.request(root + "/v1.0/security/incidents")
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := sim.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	tokenPrefix := read(t, resp)
	if resp.Header.Get("Content-Encoding") != "gzip" || len(tokenPrefix) > len(plain)/4 || resp.ContentLength != int64(len(tokenPrefix)) {
		t.Fatalf("got %d bytes for %d, %v", len(tokenPrefix), len(plain), resp.Header)
	}
	z, err := gzip.NewReader(strings.NewReader(tokenPrefix))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || len(got) != len(plain) {
		t.Errorf("got %d bytes unpacked, want %d, %v", len(got), len(plain), err)
	}
}
