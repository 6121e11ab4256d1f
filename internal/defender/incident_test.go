package defender

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient"
)

// TestIncident decodes every property of a row, and each of them apart: what is absent is nothing, and a
// score that is absent is no zero.
func TestIncident(t *testing.T) {
	created, updated := time.Date(2026, 1, 2, 3, 4, 5, 678_901_234, time.UTC), time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)
	const address = "https://security.microsoft.com/incidents/7"
	for _, c := range []struct {
		row  graphclient.Incident
		want Incident
	}{
		{graphclient.Incident{ID: "7"}, Incident{ID: "7"}},
		{graphclient.Incident{Created: created}, Incident{Created: TicksOf(created)}},
		{graphclient.Incident{Updated: updated}, Incident{Updated: TicksOf(updated)}},
		{graphclient.Incident{AssignedTo: " \t"}, Incident{}},
		{graphclient.Incident{AssignedTo: "a@b.example"}, Incident{Assigned: true}},
		{graphclient.Incident{PriorityScore: new(int32(0))}, Incident{Scored: true}},
		{graphclient.Incident{PriorityScore: new(int32(42))}, Incident{Score: 42, Scored: true}},
		{graphclient.Incident{Tags: []string{"VIP", "other", "crown jewels"}}, Incident{Tags: 0b101}},
		{graphclient.Incident{WebURL: address}, Incident{WebURL: address}},
		{
			graphclient.Incident{Severity: "High", Status: "awaitingAction", Classification: "TruePositive", Determination: "malware"},
			Incident{Severity: 5, Status: StatusAwaitingAction, Classification: 3, Determination: 3},
		},
	} {
		if c.row.Status == "" { // as Graph sends what nobody has touched
			c.row.Status, c.want.Status = "active", StatusActive
			c.want.Severity, c.want.Classification, c.want.Determination = 1, 1, 1
		}
		if c.row.Created.IsZero() {
			c.row.Created = time.Unix(0, 0)
		}
		if c.row.Updated.IsZero() {
			c.row.Updated = time.Unix(0, 0)
		}
		got := NewDecoder([]string{"vip", "lab", "Crown Jewels"}, true).Incident(&c.row)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.row, diff)
		}
	}
	if got := NewDecoder(nil, false).Incident(&graphclient.Incident{WebURL: address}).WebURL; got != "" {
		t.Errorf("kept %s, which nobody asked for", got)
	}
}

// TestUnknownValues counts values that this build does not know, each in its field.
func TestUnknownValues(t *testing.T) {
	d := NewDecoder(nil, false)
	in := d.Incident(&graphclient.Incident{Severity: "unknownFutureValue", Status: "parked", Classification: "x"})
	if in.Severity.String() != Other || in.Status != StatusOther || in.Classification.String() != Other || !in.Status.Open() {
		t.Errorf("got %+v, want other of each, and open", in)
	}
	if got, want := d.Unknown(), (FieldCounts{1, 1, 1, 0}); got != want {
		t.Errorf("counted %v, want %v", got, want)
	}
}

// TestPriority tries each band's bounds on either side, as the portal draws them.
func TestPriority(t *testing.T) {
	for score, want := range map[int32]string{0: "low", 14: "low", 15: "medium", 85: "medium", 86: "high", 100: "high"} {
		if got := (&Incident{Score: score, Scored: true}).Priority().String(); got != want {
			t.Errorf("%d: got %s, want %s", score, got, want)
		}
	}
	if got := (&Incident{Score: 90}).Priority(); got != PriorityNone {
		t.Errorf("without a score: got %s", got)
	}
}

// TestOpenAndAcknowledged shows which statuses are open, and which incidents somebody works on.
func TestOpenAndAcknowledged(t *testing.T) {
	for status, name := range statuses {
		s := Status(status)
		if closed := name == "resolved" || name == "redirected"; s.Open() == closed {
			t.Errorf("%s: open is %t", name, s.Open())
		}
		for _, assigned := range []bool{false, true} {
			if got := (&Incident{Status: s, Assigned: assigned}).Acknowledged(); got != (assigned || name == "inProgress") {
				t.Errorf("%s, assigned %t: acknowledged is %t", name, assigned, got)
			}
		}
	}
}

// TestValues shows that the lists hold what is known and nothing else, and that their order is that of
// the enumerations.
func TestValues(t *testing.T) {
	if got, want := spelled(Severities()), "unknown informational low medium high"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := spelled(OpenStatuses()), "active inProgress awaitingAction"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := spelled(Classifications()), "unknown falsePositive truePositive informationalExpectedActivity"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := spelled(Priorities()), "none low medium high"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := Determinations(); len(got) != 15 || got[0].String() != "unknown" || got[14].String() != "lineOfBusinessApplication" {
		t.Errorf("got %v", got)
	}
	for _, f := range Fields() {
		if names := f.Names(); len(names) < 4 || slices.Contains(names, Other) != (f == FieldDetermination) || slices.Contains(names, Unrecognized) {
			t.Errorf("%s: got %v", f, names)
		}
	}
}

// spelled returns Graph's spelling of some values.
func spelled[E fmt.Stringer](values []E) string {
	var names []string
	for _, v := range values {
		names = append(names, v.String())
	}
	return strings.Join(names, " ")
}

// TestTicks shows that an instant is kept to seven digits, before the epoch as well.
func TestTicks(t *testing.T) {
	for _, text := range []string{"2026-11-24T12:00:00.1234567Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"} {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := TicksOf(at).Time().Format(time.RFC3339Nano); got != text {
			t.Errorf("got %s, want %s", got, text)
		}
	}
	if got := TicksOf(time.Unix(1, 199)) - TicksOf(time.Unix(0, 0)); got != Second+1 {
		t.Errorf("got %d ticks", got)
	}
}
