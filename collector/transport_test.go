package collector

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// An exchange is a transport that answers each request after a while.
type exchange struct {
	took   time.Duration
	status int // 0: there is no answer
}

func (e exchange) RoundTrip(*http.Request) (*http.Response, error) {
	time.Sleep(e.took)
	if e.status == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: e.status, Body: io.NopCloser(strings.NewReader(""))}, nil
}

// TestTransport shows how each outcome of a request is counted and timed.
func TestTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cases := []struct {
			operation string
			exchange
			code string // empty: not counted
		}{
			{"delta", exchange{40 * time.Millisecond, 200}, "200"},
			{"delta", exchange{time.Second, 429}, "429"},
			{"sweep", exchange{200 * time.Millisecond, 206}, "206"},
			{"get", exchange{time.Minute, 0}, "error"},
			{"token", exchange{time.Millisecond, 418}, "other"},
			{"incident 924565", exchange{time.Millisecond, 200}, ""},
		}
		for _, c := range cases {
			transport := NewTransport(c.exchange, operationHeader)
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://graph.example/", nil)
			r.Header.Set("Operation", c.operation)
			resp, err := transport.RoundTrip(r)
			if (err != nil) != (c.status == 0) || err == nil && resp.StatusCode != c.status {
				t.Errorf("%+v: got %v, %v", c, resp, err)
			}
			if got := testutil.CollectAndCount(transport, "msgraph_security_graph_requests_total"); got != len(operations)*len(codes) {
				t.Errorf("%+v: got %d series, want the closed set of %d", c, got, len(operations)*len(codes))
			}
			checkCounts(t, transport, c.operation, c.code, c.took)
		}
	})
}

// checkCounts checks that one request is counted, as it should be, or none.
func checkCounts(t *testing.T, transport *Transport, operation, code string, took time.Duration) {
	t.Helper()
	sum, n := 0.0, uint64(0)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(transport)
	for _, f := range gather(t, registry) {
		for _, m := range f.GetMetric() {
			sum += m.GetHistogram().GetSampleSum()
			n += m.GetHistogram().GetSampleCount()
		}
	}
	if code == "" {
		if n != 0 {
			t.Errorf("%s: got %d requests timed, want none", operation, n)
		}
		return
	}
	if got := testutil.ToFloat64(transport.requests.WithLabelValues(operation, code)); got != 1 {
		t.Errorf("%s: got %v requests of code %s, want 1", operation, got, code)
	}
	if n != 1 || sum != took.Seconds() {
		t.Errorf("%s: got %d requests timed at %v s together, want one of %v", operation, n, sum, took)
	}
}
