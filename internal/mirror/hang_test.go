package mirror

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestHangHasAReason: where Graph does not answer, the reason is visible once that is known, which takes
// half a minute, or a minute in the background, and stays visible for as long as it lasts.
func TestHangHasAReason(t *testing.T) {
	sweeps := func(r *http.Request) bool {
		filter := r.URL.Query().Get("$filter")
		return strings.Contains(filter, "createdDateTime") && !strings.Contains(filter, "lastUpdateDateTime")
	}
	for name, c := range map[string]struct {
		begun bool // before Graph hangs
		where func(r *http.Request) bool
		by    time.Duration
	}{
		"at the start":                 {false, nil, 35 * time.Second},
		"at the sweep of many windows": {true, sweeps, 2*time.Minute + 10*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
				fill(sim, 500, 24*time.Hour)
				hang := graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultHang, Where: c.where}
				if !c.begun {
					sim.Fault(hang)
				}
				m := follow(t, sim, Config{SweepInterval: time.Minute})
				if c.begun {
					synced(t, m)
					sim.Fault(hang)
				}
				for began := time.Now(); time.Since(began) < 10*time.Minute; time.Sleep(5 * time.Second) {
					_ = m.Refresh(t.Context())
					if after := time.Since(began); after > c.by && !slices.Contains(m.Report().Problems, "timeout") {
						t.Fatalf("%v after %s, want the reason", m.Report().Problems, after)
					}
				}
			})
		})
	}
}
