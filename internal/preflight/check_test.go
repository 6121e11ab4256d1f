package preflight

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/graphtest"
)

// run does what an exporter does that is started with flags.
func run(t *testing.T, out io.Writer, args ...string) error {
	t.Helper()
	cfg, err := config.Parse(args, graphtest.None, out)
	if err != nil {
		return err
	}
	return Check(t.Context(), cfg, slog.New(slog.DiscardHandler), out, io.Discard)
}

// TestCheck shows what --check says of everything that is known to keep a tenant from
// being read: the question that it is about, in plain words, and nothing asked beyond it.
func TestCheck(t *testing.T) {
	t.Parallel()
	token, page := graphsim.TokenOperation, graphsim.ListOperation
	for name, c := range map[string]struct {
		cfg   graphsim.Config
		fault graphsim.Fault
		want  string // result and question
		says  string
	}{
		"well":                {want: "ok permission", says: "SecurityIncident.Read.All, and nothing else"},
		"wrong secret":        {fault: graphsim.Fault{Match: token, AADSTS: 7000215}, want: "failed sign-in", says: "wrong client secret .often the secret's id"},
		"expired secret":      {fault: graphsim.Fault{Match: token, AADSTS: 7000222}, want: "failed sign-in", says: "the client secret has expired"},
		"wrong tenant":        {fault: graphsim.Fault{Match: token, AADSTS: 90002}, want: "failed sign-in", says: "no such tenant"},
		"no application":      {fault: graphsim.Fault{Match: token, AADSTS: 700016}, want: "failed sign-in", says: "no such application"},
		"clock":               {fault: graphsim.Fault{Match: token, AADSTS: 700024}, want: "failed sign-in", says: "is the clock right"},
		"no consent":          {cfg: graphsim.Config{Roles: []string{}}, fault: graphsim.Fault{Match: page, Status: 403}, want: "failed permission", says: "SecurityIncident.Read.All is missing.*the token has: none"},
		"another permission":  {cfg: graphsim.Config{Roles: []string{"User.Read.All"}}, fault: graphsim.Fault{Match: page, Status: 403}, want: "failed permission", says: "the token has: User.Read.All"},
		"more than needed":    {cfg: graphsim.Config{Roles: []string{"SecurityIncident.Read.All", "User.Read.All"}}, want: "warning permission", says: "more than needed: User.Read.All"},
		"may write":           {cfg: graphsim.Config{Roles: []string{"SecurityIncident.ReadWrite.All"}}, want: "warning permission", says: "grant SecurityIncident.Read.All in its place"},
		"not said":            {cfg: graphsim.Config{Roles: []string{}}, want: "warning permission", says: "is not among the token's permissions .it has none."},
		"token refused":       {fault: graphsim.Fault{Match: page, Status: 401}, want: "failed sign-in", says: "Graph does not take the token"},
		"no connection":       {fault: graphsim.Fault{Match: token, Kind: graphsim.FaultDisconnect}, want: "failed reachability", says: "http://127.0.0.1:[0-9]+: signing in"},
		"Graph's own trouble": {fault: graphsim.Fault{Match: page, Status: 400}, want: "failed incidents", says: "bad_request"},
		"no scores":           {cfg: graphsim.Config{OmitScore: true}, want: "warning scores", says: "alert by severity"},
		"another clock":       {cfg: graphsim.Config{Now: func() time.Time { return time.Now().Add(10 * time.Minute) }}, want: "warning incidents", says: "clock of this host differs from Graph's by (10m|9m59s)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := graphtest.Serve(t, c.cfg)
			g.AddSome()
			if c.fault.Match != "" {
				g.Fault(c.fault)
			}
			var out bytes.Buffer
			err := run(t, &out, g.Flags("--check")...)
			if wrong := strings.HasPrefix(c.want, "failed"); wrong != (err != nil) {
				t.Errorf("got %v", err)
			}
			result, question, _ := strings.Cut(c.want, " ")
			if !regexp.MustCompile(`(?m)^  ` + result + ` +` + question + `: .*` + c.says).Match(out.Bytes()) {
				t.Errorf("want %s: %s, got\n%s", c.want, c.says, &out)
			}
			if strings.Contains(out.String(), graphtest.Secret) {
				t.Error("the secret is shown")
			}
		})
	}
}

// TestCheckOfMany shows the answers about several tenants for machines, one of which cannot be
// read: the counts are the truth, and each tenant has an answer to every question.
func TestCheckOfMany(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{})
	g.AddSome()
	dir := t.TempDir()
	path := filepath.Join(dir, "tenants.yml")
	both := `tenant_id: ` + graphtest.TenantID + `, client_id: ` + graphtest.ClientID + `, endpoint: "` + g.URL + `", authority: "` + g.URL + `", requests_per_minute: 100000`
	graphtest.Write(t, path, "tenants:\n"+
		"  - {name: contoso, "+both+", auth: {client_secret_file: "+g.SecretFile+"}, secret_expires: 2001-01-01}\n"+
		"  - {name: fabrikam, "+both+", auth: {client_secret_file: missing}}\n")
	var out bytes.Buffer
	err := run(t, &out, "--check", "--check.format=json", "--config.file="+path)
	if err == nil || err.Error() != "a check has failed" {
		t.Errorf("got %v", err)
	}
	var got report
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, &out)
	}
	var results []string
	for _, d := range got.Tenants {
		for _, f := range d.Results {
			results = append(results, d.Tenant+" "+string(f.Step)+" "+string(f.Outcome))
		}
	}
	want := []string{
		"contoso configuration warning", "contoso reachability ok", "contoso sign_in ok", "contoso permission ok", "contoso incidents ok", "contoso scores ok",
		"fabrikam configuration failed", "fabrikam reachability skipped", "fabrikam sign_in skipped", "fabrikam permission skipped",
		"fabrikam incidents skipped", "fabrikam scores skipped",
	}
	if diff := cmp.Diff(want, results); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if d := got.Tenants[1].Results[0].Detail; d != "client secret file "+dir+"/missing: no such file or directory" {
		t.Errorf("got %s", d)
	}
	total := 0
	for _, in := range g.Truth() {
		if in.Open() {
			total++
		}
	}
	if c := got.Tenants[0].Open; c == nil || c.Total != total || got.OK || !got.Tenants[0].OK {
		t.Errorf("got %+v, want %v open", c, total)
	}
}
