package statuspage

import (
	"fmt"
	"strings"
	"time"
)

// advice is what to do for each reason of trouble: the words of docs/operations.md.
var advice = map[string]string{
	"credential":   "Put a valid secret into the file; no restart is needed. With `AZURE_CLIENT_SECRET`, restart. Check the tenant id, and `--graph.cloud` if the tenant is a government one.",
	"forbidden":    "Grant the permission and the consent in Entra. It can take minutes to work.",
	"unauthorized": "Mostly an `--graph.endpoint` or `--graph.cloud` of another cloud than the tenant's, or a proxy that strips headers.",
	"throttled":    "If it lasts, other programs use the same application: give the exporter one of its own, lower `--graph.requests-per-minute`, or pull less often.",
	"unreachable":  "The log says which.",
	"timeout":      "Mostly Microsoft's or a proxy's. Compare `msgraph_security_graph_request_duration_seconds`.",
	"server_error": "Wait. If it stays for hours, quote the request id of the log to Microsoft's support.",
	"bad_request":  "A fault of this exporter, or a change of Graph's: please report it with the line of the log.",
	"incomplete":   "Wait. If many incidents really were deleted, the second look ends it, mostly within a few minutes. If *all* are gone, look at the tenant's licence: that is never believed; restart the exporter if they really are.",
	"malformed":    "Look at what answers at `--graph.endpoint`.",
}

// meaning is what each reason says, in a few words.
var meaning = map[string]string{
	"credential":    "the sign-in was refused, or the credential cannot be read",
	"forbidden":     "the permission SecurityIncident.Read.All, its consent or the licence is missing",
	"unauthorized":  "Graph refused the token twice",
	"throttled":     "Graph asked to slow down",
	"unreachable":   "there is no connection: name resolution, firewall, proxy or certificate",
	"timeout":       "Graph did not answer in time, or nobody asked for so long that the numbers grew too old",
	"server_error":  "Graph answered with an error of its own",
	"bad_request":   "Graph refused a query as invalid",
	"incomplete":    "part of the answer is missing",
	"malformed":     "the answer was not that of Graph",
	"behind":        "the newest answer of Graph is still on its way",
	"synchronising": "every open incident is read for the first time",
}

// A reason is why something is not as it should be.
type reason struct{ Name, Meaning, Advice string }

// A state is how the tenant stands, in words.
type state struct {
	Class   string // good, look, act or unknown: the colour, which a word always goes with
	Word    string
	Detail  string
	Since   string
	Reasons []reason
}

// state returns how the tenant stands. Progress is what the mirror says now.
func (m moment) state(now time.Time) state {
	s := state{}
	for _, p := range m.problems {
		s.Reasons = append(s.Reasons, reason{p, meaning[p], strings.ReplaceAll(advice[p], "`", "")})
	}
	switch {
	case !m.known && m.taken.IsZero() && onlySynchronising(m.problems):
		s.Class, s.Word = "unknown", fmt.Sprintf("First synchronisation: %.0f %%", 100*m.progress)
		s.Detail = "There are no numbers before every open incident has been read once."
	case !m.known:
		s.Class, s.Word = "act", "No numbers"
		s.Detail = "What is not known is not shown."
		if !m.taken.IsZero() {
			s.Detail = "The last numbers are " + span(m.age(now)) + " old: too old to be shown."
		}
	case !m.up:
		s.Class, s.Word = "look", "Old numbers, as of "+span(m.age(now))+" ago"
		s.Detail = "They are shown until they are too old."
	default:
		s.Class, s.Word = "good", "Current as of "+span(m.age(now))+" ago"
	}
	if len(m.problems) > 0 {
		s.Since = span(now.Sub(m.stood))
	}
	return s
}

func onlySynchronising(problems []string) bool {
	return len(problems) == 0 || len(problems) == 1 && problems[0] == "synchronising"
}

// span returns a duration in words, in the largest unit of which there are two.
func span(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d d", d/(24*time.Hour))
}
