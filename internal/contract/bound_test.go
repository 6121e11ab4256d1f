package contract

import (
	"strings"
	"testing"
	"testing/synctest"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestBounded: a Graph that fails at every turn costs no more requests than a report may; what was not
// asked for that is told to be so.
func TestBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := tenantOf(graphsim.Config{Terse: true}, 60)
		sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Skip: 1, Status: 503})
		report, err := ask(t, sim)
		if err != nil {
			t.Fatal(err)
		}
		gets := 0
		for _, r := range sim.Requests() {
			if r.Operation != graphsim.TokenOperation {
				gets++
			}
		}
		if gets != report.Requests || gets > maxRequests || gets < maxRequests-1 || !strings.Contains(report.String(), "\nNot asked (") {
			t.Errorf("%d requests, told as %d\n%s", gets, report.Requests, report)
		}
	})
}
