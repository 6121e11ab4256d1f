package defender

import (
	"testing"

	"msgraph_security_exporter/graphclient"
)

// TestDetermination shows Graph's own "other" apart from what this build does not know,
// whatever the case and whichever of its two spellings a value comes in.
func TestDetermination(t *testing.T) {
	d := NewDecoder(nil, false)
	for sent, want := range map[string]string{
		"":                   "unknown",
		"Other":              "other",
		"unknownFutureValue": "unrecognized",
		"unrecognized":       "unrecognized",
		"Clean":              "notMalicious",
		"compromisedUser":    "compromisedAccount",
		"PHISHING":           "phishing",
	} {
		in := d.Incident(&graphclient.Incident{Determination: sent})
		if got := in.Determination.String(); got != want {
			t.Errorf("%q: got %s, want %s", sent, got, want)
		}
	}
	if got := d.Unknown()[FieldDetermination]; got != 2 {
		t.Errorf("got %d unknown values, want 2", got)
	}
}
