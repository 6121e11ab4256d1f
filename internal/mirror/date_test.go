package mirror

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// A skewedDate is a proxy whose own Date is ahead by a time that may change.
type skewedDate struct {
	*graphsim.Sim
	ahead func() time.Duration
}

// RoundTrip implements [http.RoundTripper].
func (s skewedDate) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.Sim.RoundTrip(r)
	if err == nil {
		resp.Header.Set("Date", time.Now().Add(s.ahead()).UTC().Format(http.TimeFormat))
	}
	return resp, err
}

// TestDatesThatRunAhead closes an incident each half minute while a proxy's Date runs ahead: no
// closing is shown later than the next lookback, or where it always ran ahead, than the first
// sweep that finds one.
func TestDatesThatRunAhead(t *testing.T) {
	began := time.Time{}
	during := func(ahead, from, to time.Duration) func() time.Duration {
		return func() time.Duration {
			if d := time.Since(began); d >= from && d < to {
				return ahead
			}
			return 0
		}
	}
	for _, c := range []struct {
		name  string
		ahead func() time.Duration
		grace time.Duration // from the first pull, in which changes may be late
	}{
		{"an hour for two minutes", during(time.Hour, 3*time.Minute, 5*time.Minute), 0},
		{"an hour for a quarter of an hour", during(time.Hour, 3*time.Minute, 18*time.Minute), 0},
		{"the first answer", during(20*time.Minute, 0, 250*time.Millisecond), 0},
		{"twenty minutes, always", during(20*time.Minute, 0, 1000*time.Hour), 25 * time.Minute},
		{"never", during(0, 0, 0), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began = time.Now()
				sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
				fill(sim, 300, 90*24*time.Hour)
				m := New(clientOf(skewedDate{sim, c.ahead}), Config{})
				run(t, m)
				synced(t, m)
				w := &watcher{t: t, sim: sim, m: m}
				closed := map[string]time.Time{}
				all := ids(sim)
				pulls := w.pullFor(time.Hour, 15*time.Second, func(i int) {
					if i%2 == 0 {
						sim.Change(all[i/2], graphsim.Dated, closeIncident)
						closed[all[i/2]] = time.Now()
					}
					for _, in := range m.Report().Snapshot.Open {
						at, ok := closed[in.ID]
						late := time.Since(at)
						if ok && late > 75*time.Second && time.Since(began) > c.grace+75*time.Second {
							t.Fatalf("%s after the start: a closing is shown %s late", time.Since(began), late)
						}
					}
				})
				over := began.Add(20 * time.Minute)
				for _, p := range pulls {
					if p.at.After(over) && c.grace == 0 && !p.right {
						t.Errorf("%s after the start a pull is not right", p.at.Sub(began))
					}
				}
				if len(pulls) < 200 {
					t.Errorf("only %d pulls", len(pulls))
				}
			})
		})
	}
}
