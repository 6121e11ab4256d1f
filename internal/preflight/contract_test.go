package preflight

import (
	"bytes"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/graphtest"
)

// askContract does what an exporter does that is started with --check.contract and flags, and returns what
// it writes for the issue and on the screen.
func askContract(t *testing.T, args ...string) (report, screen string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cfg, err := config.Parse(append(args, "--check.contract"), graphtest.None, &stdout)
	if err != nil {
		t.Fatal(err)
	}
	err = Check(t.Context(), cfg, slog.New(slog.DiscardHandler), &stdout, &stderr)
	return stdout.String(), stderr.String(), err
}

// expectNobody reports what a report must not hold: whom it is of.
func expectNobody(t *testing.T, report string, g *graphtest.Graph, more ...string) {
	t.Helper()
	for _, word := range append(more, graphtest.TenantID, graphtest.ClientID, graphtest.Secret, g.URL, "127.0.0.1", g.SecretFile) {
		if strings.Contains(report, word) {
			t.Errorf("%s is in\n%s", word, report)
		}
	}
}

// TestContract asks after a check, and keeps apart what may be shown and what names the tenant.
func TestContract(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{Order: graphsim.CreatedAscending})
	for i := range 20 {
		g.Add(graphsim.Incident{Created: time.Now().Add(-time.Duration(i) * time.Hour)})
	}
	report, screen, err := askContract(t, g.Flags()...)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Asked: a Graph of no known cloud", "Otherwise than assumed (", "by createdDateTime, oldest first"} {
		if !strings.Contains(report, want) {
			t.Errorf("want %q in\n%s", want, report)
		}
	}
	if !strings.Contains(screen, "ok       incidents: 20 open incidents") || strings.Contains(screen, "oldest first") {
		t.Errorf("got on the screen\n%s", screen)
	}
	expectNobody(t, report, g)
	for _, r := range g.Requests() {
		if r.Operation != graphsim.TokenOperation && r.Method != http.MethodGet {
			t.Errorf("asked %s %s", r.Method, r.Path)
		}
	}
}

// TestContractOfMany numbers the tenants of a file. One whose check has failed is not asked.
func TestContractOfMany(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{})
	g.AddSome()
	path := graphtest.Configure(t, g.Entry("contoso"), strings.Replace(g.Entry("fabrikam"), g.SecretFile, filepath.Join(t.TempDir(), "none"), 1))
	report, screen, err := askContract(t, "--config.file="+path)
	if err == nil || err.Error() != "a check has failed" {
		t.Errorf("got %v", err)
	}
	form := regexp.MustCompile(`(?s)^Tenant 1 of 2\n\nContract report .*As assumed \(.*\n\nTenant 2 of 2\n\nGraph was not asked about its contract: the check before has failed\.\n\n$`)
	if !form.MatchString(report) {
		t.Errorf("got\n%s", report)
	}
	expectNobody(t, report, g, "contoso", "fabrikam")
	if !strings.Contains(screen, "tenant fabrikam") {
		t.Errorf("got on the screen\n%s", screen)
	}
}

// TestContractCut says which tenant's Graph has stopped to answer, and prints what it has said before.
func TestContractCut(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{})
	g.AddSome()
	g.Fault(graphsim.Fault{Match: graphsim.ListOperation, Status: 401, Where: func(r *http.Request) bool { return r.URL.Query().Get("$top") == "51" }})
	report, _, err := askContract(t, "--config.file="+graphtest.Configure(t, g.Entry("contoso")))
	if err == nil || !strings.HasPrefix(err.Error(), "tenant contoso: asking Graph about its contract: listing incidents: unauthorized (HTTP 401)") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(report, "Not complete: it ended after 4 of 41 questions: unauthorized (HTTP 401).") || !strings.Contains(report, "order of the list") {
		t.Errorf("got\n%s", report)
	}
	expectNobody(t, report, g, "contoso")
}
