package statuspage

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A reason is why something is not as it should be: what it says in a few words, and what to do, in the
// words of docs/operations.md.
type reason struct{ Name, Meaning, Advice string }

var reasons = []reason{
	{"credential", "the sign-in was refused, or the credential cannot be read",
		"Put a valid secret into the file; no restart is needed. With `AZURE_CLIENT_SECRET`, restart. Check the tenant id, and `--graph.cloud` if the tenant is a government one."},
	{"forbidden", "the permission SecurityIncident.Read.All, its consent or the licence is missing",
		"Grant the permission and the consent in Entra. It can take minutes to work."},
	{"unauthorized", "Graph refused the token twice",
		"Mostly an `--graph.endpoint` or `--graph.cloud` of another cloud than the tenant's, or a proxy that strips headers."},
	{"throttled", "Graph asked to slow down",
		"If it lasts, other programs use the same application: give the exporter one of its own, lower `--graph.requests-per-minute`, or pull less often."},
	{"unreachable", "there is no connection: name resolution, firewall, proxy or certificate",
		"The log says which."},
	{"timeout", "Graph did not answer in time, or nobody asked for so long that the numbers grew too old",
		"Mostly Microsoft's or a proxy's. Compare `msgraph_security_graph_request_duration_seconds`."},
	{"server_error", "Graph answered with an error of its own",
		"Wait. If it stays for hours, quote the request id of the log to Microsoft's support."},
	{"bad_request", "Graph refused a query as invalid",
		"A fault of this exporter, or a change of Graph's: please report it with the line of the log."},
	{"incomplete", "part of the answer is missing",
		"Wait. If many incidents really were deleted, the second look ends it, mostly within a few minutes. If *all* are gone, look at the tenant's licence: that is never believed; restart the exporter if they really are."},
	{"malformed", "the answer was not that of Graph",
		"Look at what answers at `--graph.endpoint`."},
	{"behind", "so much changes, or Graph is so slow, that reading does not keep up",
		"Nothing, if it comes and goes: much is changing, or Graph has asked to slow down. If it stays, see `throttled`, give the scrape more time, or, where there are very many incidents, raise `--graph.requests-per-minute` or `--collector.sweep-interval`."},
	{"synchronising", "every open incident is read for the first time",
		"Wait: about a request for 49 open incidents, at the limit of requests."},
}

// A piece is a part of a sentence of the documentation, as its Markdown has it set.
type piece struct {
	Text             string
	Code, Emphasised bool
}

// Do returns what to do.
func (r reason) Do() (all []piece) {
	for i, text := range strings.Split(r.Advice, "`") {
		if i%2 == 1 {
			all = append(all, piece{Text: text, Code: true})
			continue
		}
		for i, text := range strings.Split(text, "*") {
			all = append(all, piece{Text: text, Emphasised: i%2 == 1})
		}
	}
	return all
}

// A state is how the tenant stands, in words.
type state struct {
	Class   string // good, look, act or unknown: the colour, which a word always goes with
	Word    string
	Detail  string
	Percent string // of the first synchronisation, as long as it lasts
	Reasons []lasting
}

// A lasting reason is one that holds at present.
type lasting struct {
	reason
	Lasts, Since string // how long already, and from which time of day on
}

// state returns how the tenant stands. Progress is what the mirror says now.
func (m moment) state(now time.Time) state {
	s := state{}
	for _, r := range reasons {
		if slices.Contains(m.problems, r.Name) {
			since := m.since[r.Name]
			s.Reasons = append(s.Reasons, lasting{r, span(now.Sub(since)), clock(since, now)})
		}
	}
	switch {
	case !m.known && m.taken.IsZero() && onlySynchronising(m.problems):
		s.Percent = fmt.Sprintf("%.0f", 100*m.progress)
		s.Class, s.Word = "unknown", "First synchronisation: "+s.Percent+" %"
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
	return s
}

// clock returns a time of day, with its date if that is another one than now.
func clock(at, now time.Time) string {
	at, now = at.UTC(), now.UTC()
	if at.YearDay() != now.YearDay() || at.Year() != now.Year() {
		return at.Format("2006-01-02 15:04 UTC")
	}
	return at.Format("15:04:05 UTC")
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
