package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// planted are what stands for everything that a contract report must not hold: ids, titles, names, addresses,
// tenants, secrets.
var planted = []string{
	"48151623", "Mimikatz on WKS-0412", "Amara Okafor", "amara.okafor@contoso.example", "contoso.example", "fabrikam-tag",
	"<script>alert(1)</script>", tenantID, clientID, "127.0.0.1",
}

// plantedTenant returns a tenant with all that in each of its incidents.
func plantedTenant(cfg graphsim.Config) *graphsim.Sim {
	sim := tenant(cfg)
	everything, _ := json.Marshal(strings.Join(planted, " | "))
	now := time.Now().Truncate(time.Second)
	for i := range 130 {
		in := graphsim.Incident{
			ID: fmt.Sprint(4815162300 + i*7%130), DisplayName: planted[1], AssignedTo: planted[3], Tags: []string{planted[5]},
			Created:  now.Add(-time.Duration(i)*15*time.Minute - time.Duration(i%3)*time.Second/3),
			Severity: []string{"low", "medium", "high"}[i%3], Status: []string{"active", "inProgress", "resolved", "awaitingAction"}[i%4],
			Override: map[string]json.RawMessage{},
		}
		in.Updated = in.Created.Add(time.Since(in.Created) / 100 * time.Duration(i*31%100))
		for _, property := range []string{"tenantId", "description", "lastModifiedBy", "resolvingComment", "summary", "incidentWebUrl"} {
			in.Override[property] = everything
		}
		if i%2 == 0 {
			in.Score = new(i % 101)
		}
		sim.Add(in)
	}
	return sim
}

// answersOf returns the answer to each question of a report:
//
//	order of the list
//	  assumed: …
//	  asked:   …
//	  answer:  by createdDateTime, oldest first
//
// or, where it is as assumed, "order of the list (L): by createdDateTime, newest first".
func answersOf(report string) map[string]string {
	answers := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^  (\S.*)\n    assumed: .*\n    asked:   .*\n    answer:  (.*)$`).FindAllStringSubmatch(report, -1) {
		answers[m[1]] = m[2]
	}
	for _, m := range regexp.MustCompile(`(?m)^  (\S.*) \([HML?]\): (.*)$`).FindAllStringSubmatch(report, -1) {
		answers[m[1]] = m[2]
	}
	return answers
}

// TestContractReport asks Graph about its contract with the built binary: the report tells how the simulator
// was played and of whom it is not, and nothing but GET reaches Graph.
func TestContractReport(t *testing.T) {
	t.Parallel()
	const refused = "refused: 400, no code"
	plays := map[string]struct {
		cfg  graphsim.Config
		want map[string]string
	}{
		"as assumed": {graphsim.Config{}, map[string]string{
			"order of the list": "by createdDateTime, newest first", "page without $top": "50 rows and a nextLink", "page below 50": "10 rows and a nextLink",
			"form of nextLink": "a position: $skip is the number of rows before it; the link has $skip, $top",
			"filter: ne":       "accepted; what comes matches", "filter: or": "accepted; what comes matches", "filter: in": "accepted; what comes matches",
			"$orderby by createdDateTime": "accepted, and followed", "filter: fractions of seconds": "read exactly",
		}},
		"oldest first, in pages of 25": {graphsim.Config{Order: graphsim.CreatedAscending, PageSize: 25, NextLink: graphsim.Token}, map[string]string{
			"order of the list": "by createdDateTime, oldest first", "page without $top": "25 rows and a nextLink", "page below 50": "10 rows and a nextLink",
			"form of nextLink": "no position: the link has $skiptoken", "filter: ne": "accepted; what comes matches",
		}},
		"by update, of $top rows in all": {graphsim.Config{Order: graphsim.UpdatedDescending, TopIsTotal: true, IgnoreOrderBy: true, IgnoreFractions: true}, map[string]string{
			"order of the list": "by lastUpdateDateTime, newest first", "page without $top": "50 rows and a nextLink", "page below 50": "10 rows and no nextLink, although there are more",
			"$orderby by createdDateTime": "accepted, and not followed", "filter: fractions of seconds": "cut off, or ignored",
		}},
		"refuses what it may": {graphsim.Config{
			Order: graphsim.UpdatedAscending, RefuseNe: true, RefuseOr: true, RefuseIn: true, RefuseParentheses: true, RefuseCount: true, RefuseOrderBy: true,
			RefuseSelect: true, RefuseFractions: true, OmitDate: true,
		}, map[string]string{
			"order of the list": "by lastUpdateDateTime, oldest first", "filter: ne": refused, "filter: or": refused, "filter: in": refused, "filter: parentheses": refused,
			"$count": refused, "$orderby by createdDateTime": refused, "$select": refused, "filter: fractions of seconds": refused, "Date": "in no answer",
		}},
	}
	for name, play := range plays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := plantedTenant(play.cfg)
			before := sim.Truth()
			report, methods := askContract(t, sim)
			answers := answersOf(report)
			for question, want := range play.want {
				if got := answers[question]; !strings.HasPrefix(got, want) {
					t.Errorf("%s: got %q, want %q at its beginning", question, got, want)
				}
			}
			if len(answers) != 41 || strings.Contains(report, "Not complete") {
				t.Errorf("there are %d answers, want 41", len(answers))
			}
			told := 0
			_, _ = fmt.Sscanf(regexp.MustCompile(`in \d+ requests, each a GET`).FindString(report), "in %d", &told)
			if check := methods["GET"] - told; told < 20 || check < 1 || check > 20 {
				t.Errorf("the report tells of %d requests; Graph was asked %v, those of the check among them", told, methods)
			}
			if diff := cmp.Diff(before, sim.Truth()); diff != "" {
				t.Errorf("the tenant has changed (-before +after):\n%s", diff)
			}
			for _, word := range slices.Concat(sim.Tokens(), planted, []string{secret}) {
				if strings.Contains(report, word) {
					t.Errorf("%q is in the report", word)
				}
			}
			if t.Failed() {
				t.Log(report)
			}
		})
	}
}

// askContract runs the exporter with --check.contract, and returns its report and how many requests of each
// method have reached Graph, apart from "token".
func askContract(t *testing.T, sim *graphsim.Sim) (report string, methods map[string]int) {
	t.Helper()
	var mu sync.Mutex
	methods = map[string]int{}
	graph := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") {
			methods["token"]++
		} else {
			methods[r.Method]++
		}
		mu.Unlock()
		sim.ServeHTTP(w, r)
	}))
	t.Cleanup(graph.Close)
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), exporter, append(flags(t, graph.URL), "--check.contract")...)
	command.Env = []string{"HOME=" + t.TempDir()}
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("%v:\n%s", err, &stderr)
	}
	for _, word := range append(sim.Tokens(), secret, planted[1]) {
		if strings.Contains(stderr.String(), word) {
			t.Errorf("%q is on the screen", word)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	others := maps.Clone(methods)
	maps.DeleteFunc(others, func(method string, _ int) bool { return method == "GET" || method == "token" })
	if len(others) > 0 || methods["GET"] == 0 {
		t.Errorf("Graph was asked %v, want nothing but GET", methods)
	}
	return stdout.String(), methods
}
