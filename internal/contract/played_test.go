package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// tenantOf returns a tenant of n incidents of every severity and status, four an hour, the last ones just
// now. Ids are dealt, so that the dates alone are in order.
func tenantOf(cfg graphsim.Config, n int, changes ...func(*graphsim.Incident)) *graphsim.Sim {
	sim := graphsim.New(cfg)
	for i := range n {
		created := time.Now().Add(-time.Duration(i)*15*time.Minute - 10*time.Second).Truncate(time.Second).Add(time.Second / 3 * time.Duration(i%3))
		in := graphsim.Incident{
			ID: fmt.Sprint(1000 + i*7919%100_003), Created: created, Updated: created.Add(time.Since(created) / 100 * time.Duration(i*31%100)),
			Severity: []string{"low", "medium", "high"}[i%3], Status: []string{"active", "inProgress", "resolved", "awaitingAction"}[i%4],
		}
		if i%2 == 0 {
			in.Score = new(i % 101)
		}
		for _, change := range changes {
			change(&in)
		}
		sim.Add(in)
	}
	return sim
}

// override returns a change of one property of the JSON; nil leaves it out.
func override(property, value string) func(*graphsim.Incident) {
	return func(in *graphsim.Incident) {
		if in.Override == nil {
			in.Override = map[string]json.RawMessage{}
		}
		if in.Override[property] = nil; value != "" {
			in.Override[property] = json.RawMessage(value)
		}
	}
}

// refusing is a fault that refuses lists with an option.
func refusing(name, value string, f graphsim.Fault) *graphsim.Fault {
	f.Match = graphsim.ListOperation
	f.Where = func(r *http.Request) bool { return r.URL.Query().Get(name) == value }
	return &f
}

// A play is a Graph that behaves in one way, and what the report has to say of it.
type play struct {
	question string
	cfg      graphsim.Config
	n        int // incidents; 0: 130
	change   func(*graphsim.Incident)
	fault    *graphsim.Fault
	want     string // how the answer begins
}

// plays are for each question the ways in which the simulator can be played.
func plays() []play {
	const fails = "otherwise: "
	deep := func(cfg graphsim.Config, at int) graphsim.Config { cfg.DeepSkip = at; return cfg }
	return []play{
		{question: "order of the list", want: "as assumed: by createdDateTime, newest first"},
		{question: "order of the list", cfg: graphsim.Config{Order: graphsim.UpdatedDescending}, want: "as assumed: by lastUpdateDateTime, newest first"},
		{question: "order of the list", cfg: graphsim.Config{Order: graphsim.CreatedAscending}, want: fails + "by createdDateTime, oldest first"},
		{question: "order of the list", cfg: graphsim.Config{Order: graphsim.UpdatedAscending}, want: fails + "by lastUpdateDateTime, oldest first"},
		{question: "order of the list", cfg: graphsim.Config{Order: graphsim.ByID}, want: fails + "by the number of the id, lowest first"},
		{question: "order of the list", cfg: graphsim.Config{Order: graphsim.Shuffled}, want: fails + "by no date and by no id"},
		{question: "order of the list", n: 3, want: "not seen: fewer than 4"},
		{question: "steadiness of the order", cfg: graphsim.Config{Order: graphsim.Shuffled}, want: "as assumed: the same incidents in the same order"},
		{question: "steadiness of the order", cfg: graphsim.Config{Order: graphsim.Unstable}, n: 50, want: fails + "two answers have the same incidents in another order"},
		{question: "steadiness of the order", cfg: graphsim.Config{Order: graphsim.Unstable}, n: 900, want: fails + "two answers have fewer than half"},
		{question: "page without $top", want: "answered: 50 rows and a nextLink"},
		{question: "page without $top", cfg: graphsim.Config{PageSize: 20}, want: "answered: 20 rows and a nextLink"},
		{question: "page without $top", cfg: graphsim.Config{PageSize: 100}, want: "answered: 100 rows and a nextLink"},
		{question: "page without $top", n: 10, want: "not seen"},
		{question: "page below 50", want: "as assumed: 10 rows and a nextLink"},
		{question: "page below 50", cfg: graphsim.Config{TopIsTotal: true}, want: fails + "10 rows and no nextLink, although there are more"},
		{question: "page below 50", cfg: graphsim.Config{PageSize: 5}, n: 30, want: "not seen"},
		{question: "page above 50", want: "as assumed: refused: 400, no code"},
		{question: "page above 50", cfg: graphsim.Config{MaxTop: 100}, want: fails + "accepted: 50 rows and a nextLink"},
		{question: "page above 50", cfg: graphsim.Config{MaxTop: 100, PageSize: 100}, want: fails + "accepted: 51 rows and a nextLink"},
		{question: "page above 50", fault: refusing("$top", "51", graphsim.Fault{Status: 500}), want: fails + "refused: 500"},
		{question: "form of nextLink", want: "as assumed: a position: $skip is the number of rows before it; the link has $skip, $top"},
		{question: "form of nextLink", cfg: graphsim.Config{NextLink: graphsim.Token}, want: fails + "no position: the link has $skiptoken"},
		{question: "form of nextLink", n: 20, want: "not seen"},
		{question: "filter in nextLink", want: "answered: the link repeats $filter; it leads on to rows that match"},
		{question: "filter in nextLink", cfg: graphsim.Config{NextLink: graphsim.SkipWithoutFilter}, want: "answered: the link has lost $filter; it leads to rows that do not match"},
		{question: "filter in nextLink", cfg: graphsim.Config{NextLink: graphsim.Token}, want: "answered: the link is opaque; it leads on to rows that match"},
		{question: "filter in nextLink", cfg: graphsim.Config{TopIsTotal: true}, want: "not seen"},
		{question: "repeats and empty pages", want: "answered: no id came twice and no page was empty"},
		{question: "repeats and empty pages", cfg: graphsim.Config{RepeatIDs: 1}, want: "answered: ids came twice"},
		{question: "repeats and empty pages", cfg: graphsim.Config{EmptyPages: 0.2, Seed: 3}, n: 500, want: "answered: no id came twice and an empty page had a nextLink"},
		{question: "$skip", want: "as assumed: accepted"},
		{question: "$skip", fault: refusing("$skip", "1", graphsim.Fault{Status: 400, Code: "BadRequest"}), want: fails + "refused: 400, BadRequest"},
		{question: "depth at which paging ends", want: "not seen: the list itself ends before position 200, and"},
		{question: "depth at which paging ends", cfg: graphsim.Config{RefuseCount: true}, want: "not seen: the list itself ends before position 200, and"},
		{question: "depth at which paging ends", cfg: graphsim.Config{RefuseCount: true, Order: graphsim.ByID}, want: "not seen: nothing came after fewer than 200 rows; whether"},
		{question: "depth at which paging ends", cfg: graphsim.Config{DeepSkip: 100}, want: "answered: between positions 99 and 100, without a word: the list is longer"},
		{question: "depth at which paging ends", cfg: graphsim.Config{DeepSkip: 100, RefuseCount: true}, want: "answered: between positions 99 and 100, without a word: the list is longer"},
		{question: "depth at which paging ends", cfg: graphsim.Config{DeepSkip: 100, RefuseDeepSkip: true}, want: "answered: between positions 99 and 100: refused: 400, no code"},
		{question: "depth at which paging ends", cfg: deep(graphsim.Config{}, 600), n: 1200, want: "answered: between positions 597 and 601, without a word"},
		{question: "depth at which paging ends", cfg: deep(graphsim.Config{RefuseCount: true, Order: graphsim.UpdatedDescending}, 600), n: 1200, want: "answered: between positions 597 and 601, without a word"},
		{question: "depth at which paging ends", cfg: deep(graphsim.Config{RefuseDeepSkip: true}, 501), n: 1200, want: "answered: between positions 500 and 501: refused: 400"},
		{question: "depth at which paging ends", cfg: graphsim.Config{NextLink: graphsim.Token}, n: 700, want: "not seen: the list itself ends before position 1000"},
		{question: "depth at which paging ends", n: 700, cfg: graphsim.Config{NextLink: graphsim.Token}, fault: refusing("$skip", "1", graphsim.Fault{Status: 400}), want: "answered: not before position 549; beyond, links"},
	}
}

// filterPlays are those of filters, options and answers.
func filterPlays() []play {
	const fails = "otherwise: "
	return []play{
		{question: "filter: ne", want: "as assumed: accepted; what comes matches"},
		{question: "filter: ne", cfg: graphsim.Config{RefuseNe: true}, want: fails + "refused: 400, no code"},
		{question: "filter: ne", cfg: graphsim.Config{RefuseStatusFilter: true}, want: fails + "refused: 400, no code"},
		{question: "filter: ne", cfg: graphsim.Config{IgnoreStatusFilter: true}, want: fails + "accepted, and rows that do not match"},
		{question: "filter: or", want: "as assumed: accepted; what comes matches"},
		{question: "filter: or", cfg: graphsim.Config{RefuseOr: true}, want: fails + "refused: 400, no code"},
		{question: "filter: in", want: "answered: accepted; what comes matches"},
		{question: "filter: in", cfg: graphsim.Config{RefuseIn: true}, want: "answered: refused: 400, no code"},
		{question: "filter: in", cfg: graphsim.Config{IgnoreStatusFilter: true}, want: "answered: accepted, and rows that do not match"},
		{question: "filter: a status that only Prefer shows", want: "answered: accepted; what comes matches"},
		{
			question: "filter: a status that only Prefer shows", want: "answered: refused: 400, a code that the contract does not know",
			fault: refusing("$filter", "status eq 'awaitingAction'", graphsim.Fault{Status: 400, Code: "HisName"}),
		},
		{
			question: "filter: a status that only Prefer shows", want: "answered: accepted, and nothing comes although there is",
			fault: refusing("$filter", "status eq 'awaitingAction'", graphsim.Fault{Kind: graphsim.FaultNoRows}),
		},
		{question: "filter: parentheses", want: "as assumed: accepted; what comes matches"},
		{question: "filter: parentheses", cfg: graphsim.Config{RefuseParentheses: true}, want: fails + "refused: 400"},
		{question: "filter: dates of creation", want: "as assumed: accepted; what comes matches"},
		{question: "filter: dates of creation", cfg: graphsim.Config{IgnoreDateFilter: true}, want: fails + "accepted, and rows that do not match"},
		{question: "filter: dates of update", want: "as assumed: accepted; what comes matches"},
		{question: "filter: dates of update", cfg: graphsim.Config{IgnoreDateFilter: true}, want: fails + "accepted, and rows that do not match"},
		{question: "filter: fractions of seconds", want: "answered: read exactly"},
		{question: "filter: fractions of seconds", cfg: graphsim.Config{IgnoreFractions: true}, want: "answered: cut off, or ignored"},
		{question: "filter: fractions of seconds", cfg: graphsim.Config{RefuseFractions: true}, want: "answered: refused: 400, no code"},
		{question: "retention", want: "as assumed: nothing older came"},
		{question: "retention", cfg: graphsim.Config{Retention: -1}, change: func(in *graphsim.Incident) { in.Created = in.Created.AddDate(-1, 0, 0) }, want: fails + "older incidents came"},
		{question: "retention", cfg: graphsim.Config{IgnoreDateFilter: true}, want: fails + "the filter let younger ones through"},
		{question: "$count", want: "as assumed: @odata.count is that of the list, and goes by the filter"},
		{question: "$count", cfg: graphsim.Config{RefuseCount: true}, want: fails + "refused: 400, no code"},
		{question: "$count", cfg: graphsim.Config{IgnoreCount: true}, want: fails + "accepted, and @odata.count is not there"},
		{question: "$count", cfg: graphsim.Config{IgnoreStatusFilter: true}, want: fails + "@odata.count does not go by the filter"},
		{question: "$orderby by createdDateTime", want: "answered: accepted, and followed"},
		{question: "$orderby by createdDateTime", cfg: graphsim.Config{IgnoreOrderBy: true}, want: "answered: accepted, and not followed"},
		{question: "$orderby by createdDateTime", cfg: graphsim.Config{RefuseOrderBy: true}, want: "answered: refused: 400, no code"},
		{question: "$orderby by createdDateTime", cfg: graphsim.Config{Order: graphsim.CreatedAscending}, want: "not seen: the list without it"},
		{question: "$orderby by lastUpdateDateTime", want: "answered: accepted, and followed"},
		{question: "$orderby by lastUpdateDateTime", cfg: graphsim.Config{IgnoreOrderBy: true}, want: "answered: accepted, and not followed"},
		{question: "$select", want: "answered: accepted, and followed"},
		{question: "$select", cfg: graphsim.Config{IgnoreSelect: true}, want: "answered: accepted, and not followed"},
		{question: "$select", cfg: graphsim.Config{RefuseSelect: true}, want: "answered: refused: 400, no code"},
		{question: "refusals", want: "as assumed: 400, JSON, no code"},
		{question: "refusals", cfg: graphsim.Config{MaxTop: 100}, want: "not seen"},
		{question: "refusals", fault: refusing("$top", "51", graphsim.Fault{Status: 422, Body: graphsim.BodyHTML}), want: fails + "422, HTML, no code"},
		{question: "incomplete answers", want: "not seen"},
		{question: "incomplete answers", fault: refusing("$top", "10", graphsim.Fault{Kind: graphsim.FaultPartial}), want: "as assumed: 206 came"},
		{question: "throttling", want: "not seen: no 429 in "},
		{
			question: "throttling", want: "as assumed: 429: JSON, TooManyRequests, Retry-After in seconds, X-Ms-Throttle-Scope",
			fault: refusing("$top", "10", graphsim.Fault{Times: 1, Status: 429, Code: "TooManyRequests", RetryAfter: 3 * time.Second, Header: http.Header{"X-Ms-Throttle-Scope": {"x"}}}),
		},
		{question: "throttling", cfg: graphsim.Config{RequestsPerMinute: 15, ThrottleRetryAfter: graphsim.RetryDate}, want: "as assumed: 429: JSON, activityLimitReached, Retry-After as a date"},
		{question: "throttling", fault: refusing("$top", "10", graphsim.Fault{Times: 1, Status: 429}), want: "as assumed: 429: JSON, no code, no Retry-After"},
		{question: "Prefer", want: "as assumed: with"},
		{question: "Date", want: "answered: ahead of the clock of this host by 0s"},
		{question: "Date", cfg: graphsim.Config{OmitDate: true}, want: "answered: in no answer"},
		{question: "Date", cfg: graphsim.Config{NodeSkews: []time.Duration{0, 7 * time.Second}}, want: "answered: ahead of the clock of this host by 0s to 7s, and so of several clocks"},
		{question: "Date", cfg: graphsim.Config{NodeSkews: []time.Duration{-time.Minute}}, want: "answered: ahead of the clock of this host by -1m0s"},
	}
}

// rowPlays are those of what is in an incident.
func rowPlays() []play {
	const fails = "otherwise: "
	return []play{
		{question: "properties", want: "as assumed: all of them, and no others"},
		{question: "properties", change: override("summary", ""), want: fails + "without summary"},
		{question: "properties", change: override("incidentOwner", `"Jane Doe"`), want: fails + "1 of a row that the contract does not know"},
		{question: "properties", change: override("alerts", "[]"), want: fails + "with alerts"},
		{question: "what is null", want: "as assumed: in some rows priorityScore, assignedTo, redirectIncidentId"},
		{question: "what is null", change: override("status", "null"), want: fails + "status"},
		{question: "lists", want: "as assumed: arrays"},
		{question: "lists", change: override("customTags", "null"), want: fails + "customTags is something else"},
		{question: "ids", want: "as assumed: decimal digits"},
		{question: "ids", change: override("id", "7"), want: fails + "other characters as well, or another type"},
		{question: "dates", want: "as assumed: 0, 1, 7 digits of a fraction, all with Z"},
		{question: "dates", change: override("createdDateTime", `"2026-01-17T09:11:59.30+02:00"`), want: fails + "0, 1, 2, 7 digits of a fraction, zeros at the end included, and zones other"},
		{question: "dates", change: override("createdDateTime", `"17.1.2026"`), want: fails + "not ISO 8601"},
		{question: "ticks of dates", want: "as assumed: all dates of creation are multiples of 1/300 s; none are equal"},
		{question: "ticks of dates", change: override("createdDateTime", `"2026-01-17T09:11:59.1234567Z"`), want: fails + "not all dates of creation are multiples of 1/300 s; some are equal"},
		{question: "ticks of dates", change: override("createdDateTime", `"2026-01-17T09:11:59Z"`), want: "not seen: no fractions"},
		{question: "scores", want: "as assumed: whole numbers from 0 to 100 in some rows, null in others"},
		{question: "scores", cfg: graphsim.Config{OmitScore: true}, want: fails + "the property is not there: alert by severity"},
		{question: "scores", change: func(in *graphsim.Incident) { in.Score = nil }, want: "as assumed: null in every row"},
		{question: "scores", change: func(in *graphsim.Incident) { in.Score = new(85) }, want: "as assumed: whole numbers from 0 to 100 in every row"},
		{question: "scores", change: override("priorityScore", `8.5`), want: fails + "some are no whole numbers"},
		{question: "case of enumerations", want: "as assumed: camelCase"},
		{question: "case of enumerations", cfg: graphsim.Config{Spelling: graphsim.PascalCase}, want: fails + "another case, such as PascalCase"},
		{question: "values of enumerations", want: "as assumed: no others"},
		{question: "values of enumerations", change: override("severity", `"catastrophic"`), want: fails + "severity with 1 values that the contract does not know"},
		{
			question: "values of enumerations", cfg: graphsim.Config{DocumentationSpelling: true}, want: fails + "determination as the documentation spells it",
			change: func(in *graphsim.Incident) { in.Determination = "compromisedAccount" },
		},
		{question: "values of enumerations", change: override("status", `"unknownFutureValue"`), want: fails + "status with unknownFutureValue"},
		{question: "what nobody has judged", want: `as assumed: "unknown"`},
		{question: "what nobody has judged", cfg: graphsim.Config{NullsForUnknown: true}, want: fails + "null"},
		{question: "one incident", want: "as assumed: itself, in no wrapper"},
		{question: "one incident", fault: &graphsim.Fault{Match: graphsim.GetOperation, Body: graphsim.BodyJSON, Status: 200, Text: `{"value":[]}`}, want: fails + "in a wrapper"},
		{question: "one incident", fault: &graphsim.Fault{Match: graphsim.GetOperation, Body: graphsim.BodyJSON, Status: 200, Text: `{"id":"0"}`}, want: fails + "another incident"},
		{question: "no such incident", want: "as assumed: refused: 404, ResourceNotFound"},
		{question: "no such incident", fault: &graphsim.Fault{Match: graphsim.GetOperation, Status: 400}, want: fails + "refused: 400, no code"},
		{question: "wrapper of a list", want: "as assumed: @odata.context and value"},
		{question: "wrapper of a list", fault: refusing("$top", "50", graphsim.Fault{Body: graphsim.BodyJSON, Status: 200, Text: `{"value":[{"id":"1"}]}`}), want: fails + "value without"},
		{question: "Prefer", fault: refusing("$top", "50", graphsim.Fault{Body: graphsim.BodyJSON, Status: 200, Text: `{"value":[]}`}), want: fails + "without"},
	}
}

// report returns the report of a simulator that is played.
func (p *play) report(t *testing.T) *Report {
	t.Helper()
	n := 130
	if p.n > 0 {
		n = p.n
	}
	var changes []func(*graphsim.Incident)
	if p.change != nil {
		changes = append(changes, p.change)
	}
	var report *Report
	synctest.Test(t, func(t *testing.T) {
		cfg := p.cfg
		cfg.Terse = p.change == nil // free text is most of an answer, and matters to few questions
		sim := tenantOf(cfg, n, changes...)
		if p.fault != nil {
			sim.Fault(*p.fault)
		}
		var err error
		if report, err = ask(t, sim); err != nil {
			t.Fatal(err)
		}
	})
	return report
}

// TestPlayed: a simulator that is played one way is told to be so, for each question and each way.
func TestPlayed(t *testing.T) {
	t.Parallel()
	plain := (&play{change: func(*graphsim.Incident) {}}).report(t)
	played := map[string]bool{}
	for _, p := range append(append(plays(), filterPlays()...), rowPlays()...) {
		played[p.question] = true
		t.Run(p.question+"/"+p.want, func(t *testing.T) {
			report := plain
			if p.n > 0 || p.change != nil || p.fault != nil || !reflect.ValueOf(p.cfg).IsZero() {
				report = p.report(t)
			}
			if got := report.said(t, p.question); !strings.HasPrefix(got, p.want) {
				t.Errorf("got %q, want %q", got, p.want)
			}
		})
	}
	for _, q := range questions() {
		if !played[q.name] {
			t.Errorf("%s is not played", q.name)
		}
	}
}
