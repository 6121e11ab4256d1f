package graphclient

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestWholeList: every incident of a list that stands still is listed, by every form of
// nextLink, in every order, through empty pages and repeated rows; never more than 50 at once,
// and with no option that Graph may refuse.
func TestWholeList(t *testing.T) {
	for _, form := range []graphsim.Form{graphsim.SkipWithFilter, graphsim.SkipWithoutFilter, graphsim.Token} {
		for _, exact := range []bool{false, true} {
			bubble(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{
					Seed: 7, NextLink: form, ExactNextLink: exact, EmptyPages: 0.3, RepeatIDs: 0.3,
					RefuseCount: true, RefuseSelect: true, RefuseOrderBy: true,
				})
				var want []string
				for i := range 250 {
					status := []string{"active", "resolved"}[i%5/4]
					id := sim.Add(graphsim.Incident{Status: status})
					if status == "active" {
						want = append(want, id)
					}
				}
				client := connect(t, sim)
				incidents, pages, err := list(t.Context(), client, Query{Filter: "status ne 'resolved'"})
				if err != nil {
					t.Fatal(err)
				}
				got := ids(incidents, func(in Incident) string { return in.ID })
				slices.Sort(got)
				slices.Sort(want)
				if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
					t.Errorf("form %d, %d pages: %s", form, pages, diff)
				}
			})
		}
	}
}

// TestPagesAreAskedForOneByOne: a page is asked for when the caller wants it, and a caller who
// breaks out of the range has caused no request beyond the page it saw.
func TestPagesAreAskedForOneByOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{})
		for range 200 {
			sim.Add(graphsim.Incident{})
		}
		client := connect(t, sim)
		pages := 0
		for page, err := range client.Incidents(t.Context(), Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			if pages++; len(page.Incidents) != 50 || !page.More {
				t.Errorf("page %d: %d rows, more %t", pages, len(page.Incidents), page.More)
			}
			if got := operations(sim)[graphsim.ListOperation]; got != pages {
				t.Errorf("%d requests for page %d", got, pages)
			}
			if pages == 2 {
				break
			}
		}
		if got := operations(sim)[graphsim.ListOperation]; got != 2 {
			t.Errorf("%d requests", got)
		}
	})
}

// TestNextLinkElsewhere: a nextLink is followed on the configured scheme, host and port. Any
// other is a clear error that names where it leads, and no request goes there.
func TestNextLinkElsewhere(t *testing.T) {
	const refused = "not followed"
	for _, tc := range []struct{ link, want string }{
		{"https://graph.test/v1.0/security/incidents?$skip=50", ""},
		{"https://GRAPH.test/v1.0/security/incidents?$skip=50", ""},
		{"https://graph.test:443/v1.0/security/incidents?$skip=50", ""},
		{"/v1.0/security/incidents?$skip=50", ""},
		{"?$skip=50", ""},
		{"https://graph.test/V1.0/Security/Incidents?$skip=50", ""},
		{"https://graph.test/v1.0/users?$skip=50", refused},
		{"https://graph.test/v1.0/security%2fincidents?$skip=50", refused},
		{"https://graph.test/v1.0/security/inc%69dents?$skip=50", refused},
		{"https://graph.test/v1.0/\u017fecurity/incidents?$skip=50", refused},
		{"https://graph.te\u017ft/v1.0/security/incidents?$skip=50", refused},
		{"https://evil.example/v1.0/security/incidents?$skip=50", refused},
		{"//evil.example/v1.0/security/incidents?$skip=50", refused},
		{"https://sub.graph.test/?$skip=50", refused},
		{"https://graph.test.evil.example/?$skip=50", refused},
		{"https://graph.test./?$skip=50", refused},
		{"https://graph.test:8443/?$skip=50", refused},
		{"https://evil.example:443/?$skip=50", refused},
		{"http://graph.test/?$skip=50", refused},
		{"http://graph.test:443/v1.0/security/incidents?$skip=50", refused},
		{"https://graph.test@evil.example/?$skip=50", refused},
		{"https://user:pass@graph.test/?$skip=50", refused},
		{"https:graph.test/?$skip=50", refused},
		{"file:///etc/passwd", refused},
		{"https://[::1]:443/?$skip=50", refused},
		{"https://graph.test%2eevil.example/", "not a URL"},
		{"https://graph.test\\@evil.example/", "not a URL"},
		{"https://graph.test\n/", "not a URL"},
	} {
		t.Run(tc.link, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var hosts []string
				client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) {
					hosts = append(hosts, r.URL.Scheme+"://"+r.URL.Host)
					if r.URL.Query().Has("$skip") {
						return answer(r, http.StatusOK, emptyBody)
					}
					return answer(r, http.StatusOK, fmt.Sprintf(`{"value":[],"@odata.nextLink":%q}`, tc.link))
				}))
				_, pages, err := list(t.Context(), client, Query{})
				if got := slices.Compact(hosts); !slices.Equal(got, []string{"https://graph.test"}) {
					t.Errorf("asked %s", got)
				}
				if tc.want == "" {
					if err != nil || pages != 2 {
						t.Errorf("%d pages, %v", pages, err)
					}
					return
				}
				if ReasonOf(err) != ReasonMalformed || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "pass") && !strings.Contains(tc.link, "passwd") {
					t.Errorf("got %v", err)
				}
				if u, parseErr := url.Parse(tc.link); parseErr == nil && u.Host != "graph.test" && !strings.Contains(err.Error(), u.Hostname()) {
					t.Errorf("host not named: %v", err)
				}
				if len(hosts) != 1 || pages != 0 {
					t.Errorf("%d requests, %d pages", len(hosts), pages)
				}
			})
		})
	}
}

// TestNextLinkKeepsTheFilter: a position in the list that lost its filter counts in the filtered
// list all the same; an opaque link is left as it is.
func TestNextLinkKeepsTheFilter(t *testing.T) {
	client := connect(t, roundTrip(nil))
	const base = "https://graph.test/v1.0/security/incidents"
	for _, tc := range []struct{ filter, link, want string }{
		{"severity eq 'high'", base + "?$skip=50&$top=50", "$filter=severity%20eq%20%27high%27&$skip=50&$top=50"},
		{"severity eq 'high'", base + "?%24skip=50", "$filter=severity%20eq%20%27high%27&$skip=50"},
		{"severity eq 'high'", base + "?$skip=50&%24filter=a%20eq%20b", "$skip=50&%24filter=a%20eq%20b"},
		{"severity eq 'high'", base + "?$skiptoken=abc%3d", "$skiptoken=abc%3d"},
		{"", base + "?$skip=50", "$skip=50"},
		{"", base + "?$filter=status ne 'x'&$skip=50", "$filter=status%20ne%20'x'&$skip=50"},
		{"a eq b", base + "?$filter=a eq b&$skip=50", "$filter=a%20eq%20b&$skip=50"},
		{"", base + "?$skiptoken=é%c3\"<{|}>\\^`", "$skiptoken=%C3%A9%c3%22%3C%7B%7C%7D%3E%5C%5E%60"},
		{"", base + "?a=b#c d", "a=b"},
	} {
		got, err := client.nextLink(tc.link, Query{Filter: tc.filter})
		if err != nil || got.RawQuery != tc.want || got.Fragment != "" {
			t.Errorf("%s: got %s, %v", tc.link, got, err)
		}
	}
}

// TestEndlessList: a nextLink that repeats, or that leads on for ever, is cut, and what was
// listed is not called complete.
func TestEndlessList(t *testing.T) {
	for _, tc := range []struct {
		kind     graphsim.FaultKind
		requests int
	}{{graphsim.FaultNextLinkLoop, 1}, {graphsim.FaultNextLinkForever, maxPages}} {
		bubble(t, func(t *testing.T) {
			sim := graphsim.New(graphsim.Config{})
			sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Kind: tc.kind})
			_, _, err := list(t.Context(), connect(t, sim), Query{Operation: OperationSweep})
			if ReasonOf(err) != ReasonIncomplete || !strings.Contains(err.Error(), "the list does not end") {
				t.Errorf("got %v", err)
			}
			if got := operations(sim)[graphsim.ListOperation]; got != tc.requests {
				t.Errorf("%d requests, want %d", got, tc.requests)
			}
		})
	}
}

// TestLoopOfTwo: a nextLink back to an earlier page is a repetition, too.
func TestLoopOfTwo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		requests := 0
		client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) {
			requests++
			next := map[string]string{"1": "2", "2": "1", "": "1"}[r.URL.Query().Get("$skiptoken")]
			return answer(r, http.StatusOK, `{"value":[],"@odata.nextLink":"?$skiptoken=`+next+`"}`)
		}))
		if _, pages, err := list(t.Context(), client, Query{}); ReasonOf(err) != ReasonIncomplete || pages != 2 || requests != 3 {
			t.Errorf("%d pages, %d requests, %v", pages, requests, err)
		}
	})
}

// TestIncident: one incident is read by its id; one that does not exist is told apart from all
// that goes wrong; an answer about another incident is no answer; an id leads nowhere else.
func TestIncident(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{})
		id := sim.Add(graphsim.Incident{Severity: "high", Score: new(86), AssignedTo: "a@contoso.example", Tags: []string{"VIP"}})
		client := connect(t, sim)
		got, _, err := client.Incident(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		truth := sim.Truth()[0]
		want := Incident{
			ID: id, Created: truth.Created, Updated: truth.Updated, Severity: "high", Status: truth.Status,
			Classification: truth.Classification, Determination: truth.Determination,
			AssignedTo: "a@contoso.example", PriorityScore: new(int32(86)), Tags: []string{"VIP"},
			WebURL: "https://security.microsoft.com/incident2/" + id + "/overview?tid=6f1d3f0e-7c9b-4c6a-9a43-0d6f2f6f7a11",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		_, answer, err := client.Incident(t.Context(), "999")
		if e, ok := errors.AsType[*Error](err); !ok || e.Reason != ReasonNotFound || e.Status != 404 || answer.Sent.IsZero() || answer.Date.IsZero() {
			t.Errorf("missing: %v, %v", answer, err)
		}
		for id, want := range map[string]Reason{"": ReasonBadRequest, ".": ReasonBadRequest, "..": ReasonBadRequest, "../users": ReasonNotFound, "1?$expand=alerts": ReasonNotFound} {
			_, _, err := client.Incident(t.Context(), id)
			if said := fmt.Sprintf("%q is no id", id); ReasonOf(err) != want || strings.Contains(err.Error(), said) != (want == ReasonBadRequest) {
				t.Errorf("id %q: %v", id, err)
			}
		}
		for _, r := range sim.Requests() {
			if r.Operation == graphsim.OtherOperation || len(r.Query) > 0 {
				// "../users" stays one escaped segment below the incidents.
				if !strings.HasPrefix(r.Path, "/v1.0/security/incidents/") {
					t.Errorf("asked for %s %v", r.Path, r.Query)
				}
			}
		}
	})
	bubble(t, func(t *testing.T) {
		client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusOK, row("id", `"1"`))
		}))
		if _, _, err := client.Incident(t.Context(), "2"); ReasonOf(err) != ReasonMalformed || !strings.Contains(err.Error(), "asked for incident 2, answered with 1") {
			t.Errorf("another: %v", err)
		}
	})
}
