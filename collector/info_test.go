package collector

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/internal/defender"
)

// TestMostPressing shows the incidents of the highest priority first, then of the highest
// severity, then the oldest, and none whose id could be anything.
func TestMostPressing(t *testing.T) {
	made := func(id string, age time.Duration, severity string, score ...int32) defender.Incident {
		in := incident(t, age, severity, "active", "unknown", false, score...)
		in.ID = id
		return in
	}
	open := []defender.Incident{
		made("1", time.Hour, "high"),
		made("2", time.Hour, "medium", 90),
		made("3", 2*time.Hour, "medium", 99),
		made("4", time.Hour, "high", 86),
		made("5", time.Hour, "informational", 15),
		made("6", time.Hour, "other", 99),
		made("x", time.Hour, "medium", 100),
	}
	for most, want := range []string{"", "4", "4 3", "4 3 2", "4 3 2 x", "4 3 2 x 6", "4 3 2 x 6 5", "4 3 2 x 6 5 1", "4 3 2 x 6 5 1"} {
		if most == 0 {
			continue
		}
		var ids []string
		for _, in := range mostPressing(open, most) {
			ids = append(ids, in.ID)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%d: got %s, want %s", most, got, want)
		}
	}
}

// TestOnDemand shows what is there only if it was asked for.
func TestOnDemand(t *testing.T) {
	report := reports(t)["working"]
	report.Snapshot.Open[0].Tags = 0b01
	report.Snapshot.Open[1].Tags = 0b11
	report.Snapshot.Open[1].ID, report.Snapshot.Open[1].WebURL = "1001", "https://security.microsoft.com/incident2/1001"
	got := map[string]float64{}
	for _, family := range families(t, New(fixed(report), Options{Tags: []string{"VIP", "Ransomware"}, IncidentInfo: 1})) {
		name := strings.TrimPrefix(family.GetName(), "msgraph_security_")
		if name != "open_incidents_tagged" && name != "open_incident_info" {
			continue
		}
		for _, m := range family.GetMetric() {
			var key strings.Builder
			key.WriteString(name)
			for _, l := range m.GetLabel() {
				key.WriteString(" " + l.GetValue())
			}
			got[key.String()] = m.GetGauge().GetValue()
		}
	}
	want := map[string]float64{
		"open_incidents_tagged VIP":                                              2,
		"open_incidents_tagged Ransomware":                                       1,
		"open_incident_info false 2026-03-04T03:36:07Z 924565 high high active ": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	report.Snapshot = nil
	for _, family := range families(t, New(fixed(report), Options{Tags: []string{"VIP"}, IncidentInfo: 1})) {
		if strings.Contains(family.GetName(), "tagged") || strings.Contains(family.GetName(), "info") {
			t.Errorf("%s without a snapshot", family.GetName())
		}
	}
}

// TestDisplayID shows ids of all kinds: Graph's as they are, others bounded, in a few
// characters, and different ones differently.
func TestDisplayID(t *testing.T) {
	long := strings.Repeat("a", maxID)
	seen := map[string]string{}
	for id, want := range map[string]string{
		"924565":                  "924565",
		"da637551227677560813_-1": "da637551227677560813_-1",
		"":                        "",
		"alice@soc.example":       "alice%40soc.example",
		"a b":                     "a+b",
		"a+b":                     "a%2Bb",
		"\xff\n\"":                "%FF%0A%22",
		long:                      long,
		long + "a":                "", // any, as long as it differs
		long + "b":                "",
		long + "/":                "",
	} {
		got := displayID(id)
		if len(id) <= maxID && got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
		if n := utf8.RuneCountInString(got); n > maxID+1 || !utf8.ValidString(got) {
			t.Errorf("%q: got %q of %d characters", id, got, n)
		}
		if other, taken := seen[got]; taken {
			t.Errorf("%q and %q are both shown as %q", id, other, got)
		}
		seen[got] = id
	}
}

func TestSafeLink(t *testing.T) {
	for address, want := range map[string]string{
		"": "",
		"https://security.microsoft.com/incident2/7/overview?tid=x":        "https://security.microsoft.com/incident2/7/overview?tid=x",
		"http://security.microsoft.com/incident2/7":                        "",
		"javascript:alert(1)":                                              "",
		"https://alice:secret@security.microsoft.com/":                     "",
		"https://" + strings.Repeat("x", maxLink):                          "",
		"https://x/\x00":                                                   "",
		"https:///incident2/7":                                             "",
		"https:incident2":                                                  "",
		"//security.microsoft.com/incident2/7":                             "",
		"HTTPS://security.microsoft.com/ü":                                 "https://security.microsoft.com/%C3%BC",
		"https://security.microsoft.com/" + strings.Repeat("ü", maxLink/4): "",
	} {
		if got := safeLink(address); got != want {
			t.Errorf("%q: got %q, want %q", address, got, want)
		}
	}
}
