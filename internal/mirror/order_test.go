package mirror

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// A sortedLast is a Graph whose list of everything is sorted by creation, but has what is of low
// severity at its end, where nobody looks for it.
type sortedLast struct{ *graphsim.Sim }

// RoundTrip implements [http.RoundTripper].
func (s sortedLast) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.Sim.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.HasSuffix(r.URL.Path, "/incidents") || strings.Contains(r.URL.Query().Get("$filter"), "createdDateTime ge") {
		return resp, err
	}
	var page map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
		return nil, err
	}
	rows := []any{}
	for _, row := range page["value"].([]any) {
		if page["@odata.nextLink"] == nil || row.(map[string]any)["severity"] != "low" {
			rows = append(rows, row)
		}
	}
	page["value"] = rows
	body, err := json.Marshal(page)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, err
}

// TestUnsortedAfterAll: the pages that a start reads show no fault, and yet the list is not sorted as
// it seems: a cell at random tells, and everything is read in cells.
func TestUnsortedAfterAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
		for i := range 800 {
			sim.Add(graphsim.Incident{Severity: []string{"high", "medium", "low"}[i%3], Created: time.Now().Add(-time.Duration(1+i) * time.Hour)})
		}
		m := New(limited(sortedLast{sim}), Config{})
		run(t, m)
		synced(t, m)
		if got, want := len(m.Report().Snapshot.Open), len(open(sim)); got != want {
			t.Errorf("the first snapshot shows %d of %d", got, want)
		}
	})
}

// TestAmbiguousOrder closes half of 1,000 incidents at one moment, and others just before, in a
// list sorted by update and then by creation. Its first pages are sorted by creation too; whoever goes by
// that never sees the others, which are created later than where those pages end.
func TestAmbiguousOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true, Order: graphsim.UpdatedDescending})
		for i := range 1000 {
			sim.Add(graphsim.Incident{Severity: "low", Created: time.Now().Add(-time.Duration(1001-i) * time.Hour)})
		}
		w := watch(t, sim, Config{})
		w.pullFor(2*time.Minute, 15*time.Second, nil)
		time.Sleep(5 * time.Second)
		all := ids(sim)
		for i, id := range all {
			if i%10 == 3 {
				sim.Change(id, graphsim.Dated, closeIncident)
			}
		}
		time.Sleep(10 * time.Millisecond)
		for i, id := range all {
			if i%2 == 0 {
				sim.Change(id, graphsim.Dated, closeIncident)
			}
		}
		time.Sleep(2 * time.Second) // too soon before the pull for a probe to tell
		pulls := w.pullFor(2*time.Minute, 15*time.Second, nil)
		for _, p := range pulls {
			if r := &p.report; r.Up && p.age < 5*time.Second && !p.right {
				t.Errorf("up %t, %v, %s old, and not right", r.Up, r.Problems, p.age)
			}
		}
	})
}
