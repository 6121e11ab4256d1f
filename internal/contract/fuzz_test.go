package contract

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// plain is what a report is made of: the letters of its own words.
var plain = regexp.MustCompile(`^[ -~…\n]*$`)

// expectPlain checks a report of answers that nobody has thought of.
func expectPlain(t *testing.T, r *Report) {
	t.Helper()
	text := r.String()
	if !plain.MatchString(text) || len(text) > 16<<10 {
		t.Errorf("got %d bytes: %.300q", len(text), text)
	}
	if r.Requests > maxRequests {
		t.Errorf("%d requests", r.Requests)
	}
}

// TestLongStrings: strings of 1 MB in every place change nothing on a report but its answers.
func TestLongStrings(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("Amara Okafor ", 1<<20/13) + `"`
	for name, change := range map[string]func(*graphsim.Incident){
		"free text": func(in *graphsim.Incident) { override("summary", long)(in) },
		"all": func(in *graphsim.Incident) {
			for _, p := range []string{"id", "createdDateTime", "severity", "priorityScore", "customTags"} {
				override(p, long)(in)
			}
		},
		"a name": func(in *graphsim.Incident) { override(strings.Trim(long, `"`), "1")(in) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := tenantOf(graphsim.Config{Terse: true}, 6, func(in *graphsim.Incident) {
					if in.ID == "1000" {
						change(in)
					}
				})
				report, err := ask(t, sim)
				if err != nil {
					t.Fatal(err)
				}
				expectPlain(t, report)
				expectNothing(t, report.String(), []string{"Amara", "Okafor"})
				sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Skip: 1, Status: 400, Code: long[1 : len(long)-1], Text: long[1 : len(long)-1]})
				if report, err = ask(t, sim); err != nil {
					t.Fatal(err)
				}
				expectPlain(t, report)
				expectNothing(t, report.String(), []string{"Amara", "Okafor"})
			})
		})
	}
}

// A parrot signs everybody in, and answers the first request to Graph well and all others alike.
type parrot struct {
	sim    *graphsim.Sim
	status int
	body   string
	header string
	turn   int
}

// RoundTrip implements [http.RoundTripper].
func (p *parrot) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.URL.Path, "oauth2") {
		return p.sim.RoundTrip(r)
	}
	if p.turn++; p.turn == 1 {
		return p.sim.RoundTrip(r)
	}
	h := http.Header{"Content-Type": {"application/json"}, "Retry-After": {p.header}, "Date": {p.header}, "Preference-Applied": {p.header}}
	return &http.Response{StatusCode: p.status, Header: h, Body: io.NopCloser(strings.NewReader(p.body)), Request: r}, nil
}

// FuzzAnswers: whatever Graph answers, the questions come to an end, and the report is of its own words.
func FuzzAnswers(f *testing.F) {
	f.Add(uint16(200), `{"value":[{"id":"1","createdDateTime":"2026-01-17T09:11:59.3Z","priorityScore":1e400}],"@odata.nextLink":"?$skip=1","@odata.count":-1}`, "x")
	f.Add(uint16(200), `{"value":[{},null]}`, "Tue, 24 Nov 2026 12:00:00 GMT")
	f.Add(uint16(400), `{"error":{"code":"BadRequest","message":[1]}}`, "9999999999999999999")
	f.Add(uint16(429), "\x00é", "1")
	f.Fuzz(func(t *testing.T, status uint16, body, header string) {
		if status = status%1000 + 1; status < 200 {
			status += 200
		}
		synctest.Test(t, func(t *testing.T) {
			sim := tenantOf(graphsim.Config{Terse: true}, 60)
			began := time.Now()
			report, err := ask(t, &parrot{sim: sim, status: int(status), body: body, header: header})
			if took := time.Since(began); took > maxDuration || err == nil && len(report.entries) != len(questions()) {
				t.Errorf("%s, %v", took, err)
			}
			expectPlain(t, report)
		})
	})
}
