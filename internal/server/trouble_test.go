package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/graphtest"
)

// trouble is everything that is known to go wrong between here and Graph, and the
// reason that is given for it.
var trouble = map[string]struct {
	reason string
	fault  graphsim.Fault
}{
	"unknown tenant":       {"credential", graphsim.Fault{Match: graphsim.TokenOperation, AADSTS: 90002}},
	"missing permission":   {"forbidden", graphsim.Fault{Match: graphsim.ListOperation, Status: http.StatusForbidden}},
	"token refused":        {"unauthorized", graphsim.Fault{Match: graphsim.ListOperation, Status: http.StatusUnauthorized}},
	"no connection":        {"unreachable", graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultDisconnect}},
	"HTML":                 {"malformed", graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultHTML}},
	"JSON that breaks off": {"malformed", graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultGarbage}},
	"throttled":            {"throttled", graphsim.Fault{Match: graphsim.ListOperation, Status: http.StatusTooManyRequests}},
	"throttled for a time": {"throttled", graphsim.Fault{Match: graphsim.ListOperation, Status: http.StatusTooManyRequests, RetryAfter: time.Second}},
	"server error":         {"server_error", graphsim.Fault{Match: graphsim.ListOperation, Status: http.StatusInternalServerError}},
	"unavailable":          {"server_error", graphsim.Fault{Match: graphsim.ListOperation, Status: http.StatusServiceUnavailable}},
	"a provider failed":    {"incomplete", graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultPartial}},
}

// TestTroubleAtTheStart shows that no trouble ends the program, that there
// are no series of incidents, and that it recovers by itself.
func TestTroubleAtTheStart(t *testing.T) {
	t.Parallel()
	for name, c := range trouble {
		if c.reason == "throttled" {
			continue // stops the first synchronisation for longer than a test should take
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := graphtest.Serve(t, graphsim.Config{})
			g.AddSome()
			g.Fault(c.fault)
			e := start(t, graphtest.None, g.Flags()...)
			e.await(t, "Reading from Graph fails.* reason="+c.reason)
			got := e.scrape(t)
			got.expect(t, "msgraph_security_up", 0)
			got.expect(t, problem(c.reason), 1)
			if n := len(got.family(openIncidents)); n > 0 {
				t.Errorf("got %d series of incidents, want none", n)
			}
			g.ClearFaults()
			e.recovers(t)
			checkTruth(t, g, e)
		})
	}
}

// TestTroubleLater shows that trouble has a reason and is logged once, while
// the last whole snapshot stays, and that the next good pull ends it.
func TestTroubleLater(t *testing.T) {
	t.Parallel()
	for name, c := range trouble {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := graphtest.Serve(t, graphsim.Config{})
			g.AddSome()
			e := start(t, graphtest.None, g.Flags("--collector.min-refresh-interval=0s")...)
			e.synced(t)
			before := truth(g.Truth())
			g.Add(graphsim.Incident{Severity: "high"})
			g.Fault(c.fault)
			g.RevokeTokens()
			for range 2 {
				got := e.scrape(t)
				got.expect(t, "msgraph_security_up", 0)
				got.expect(t, problem(c.reason), 1)
				if diff := cmp.Diff(before, got.family(openIncidents)); diff != "" {
					t.Errorf("not the last whole snapshot (-want +got):\n%s", diff)
				}
			}
			log, _ := e.log.read()
			if n := strings.Count(log, "task=refresh reason="+c.reason); n != 1 {
				t.Errorf("logged %d times:\n%s", n, log)
			}
			g.ClearFaults()
			e.recovers(t)
			checkTruth(t, g, e)
		})
	}
}

// TestRotatedSecret starts with a secret that has been replaced. The new one is
// taken from the file without a restart.
func TestRotatedSecret(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{})
	g.AddSome()
	graphtest.Write(t, g.SecretFile, "replaced~Secret")
	e := start(t, graphtest.None, g.Flags()...)
	e.await(t, "Reading from Graph fails.* reason=credential.*AADSTS7000215")
	e.scrape(t).expect(t, problem("credential"), 1)
	graphtest.Write(t, g.SecretFile, graphtest.Secret+"\n")
	e.recovers(t)
	checkTruth(t, g, e)
}

// recovers scrapes until all is well, as Prometheus would.
func (e *exporter) recovers(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); e.scrape(t)["msgraph_security_up"] != 1; {
		if time.Now().After(deadline) {
			log, _ := e.log.read()
			t.Fatalf("does not recover:\n%s", log)
		}
	}
}

func problem(reason string) string {
	return fmt.Sprintf("msgraph_security_problem{reason=%q}", reason)
}

func (p page) expect(t *testing.T, series string, want float64) {
	t.Helper()
	if got, there := p[series]; !there || got != want {
		t.Errorf("%s: got %v (there: %t), want %v", series, got, there, want)
	}
}
