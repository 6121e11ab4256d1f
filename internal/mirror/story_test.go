package mirror

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestChangesDuringFirstSynchronisation changes incidents that have been read while
// others have not yet: the first snapshot shows them as they are.
func TestChangesDuringFirstSynchronisation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 2 * time.Second})
		fill(sim, 2000, 90*24*time.Hour)
		m := follow(t, sim, Config{})
		changed := 0
		for seconds := 0; !m.Report().Up; seconds++ {
			time.Sleep(time.Second)
			if id, ok := anyRow(m); ok && changed < 10 {
				changed++
				sim.Change(id, graphsim.Dated, func(in *graphsim.Incident) { in.Status = "resolved" })
			}
			if seconds > 600 {
				t.Fatal("not synchronised after 10 minutes")
			}
		}
		if changed < 10 {
			t.Errorf("only %d changes", changed)
		}
		equalTruth(t, sim, m.Report())
	})
}

// anyRow returns an incident that the mirror holds as open, if there is one.
func anyRow(m *Mirror) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, r := range m.copy.rows {
		if r.open() {
			return id, true
		}
	}
	return "", false
}

// TestOmittedRow has listings leave out an incident that is open: nothing is
// dropped before Graph was asked for it.
func TestOmittedRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{})
		fill(sim, 300, 90*24*time.Hour)
		omit := &omission{base: sim}
		m := New(clientOf(omit), Config{SweepInterval: time.Minute})
		run(t, m)
		synced(t, m)
		for id := range open(sim) {
			omit.id.Store(id)
			break
		}
		for range 8 {
			time.Sleep(20 * time.Second)
			equalTruth(t, sim, pull(t, m))
		}
		if omit.omitted.Load() == 0 {
			t.Error("the incident was never left out")
		}
	})
}

// An omission leaves an incident out of every list.
type omission struct {
	base    http.RoundTripper
	id      atomic.Value
	omitted atomic.Int64
}

// RoundTrip implements [http.RoundTripper].
func (o *omission) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Del("Accept-Encoding") // to read the answer
	resp, err := o.base.RoundTrip(r)
	id, _ := o.id.Load().(string)
	if err != nil || id == "" || !strings.HasSuffix(r.URL.Path, "/incidents") {
		return resp, err
	}
	var page map[string]json.RawMessage
	var rows []json.RawMessage
	left := []json.RawMessage{}
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(page["value"], &rows); err != nil {
		return nil, err
	}
	for _, row := range rows {
		if strings.Contains(string(row), `"id":"`+id+`"`) {
			o.omitted.Add(1)
			continue
		}
		left = append(left, row)
	}
	if page["value"], err = json.Marshal(left); err != nil {
		return nil, err
	}
	body, err := json.Marshal(page)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, err
}
