package collector

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The closed sets of label values of Graph requests. A request that got no answer
// has the code "error", one with another status "other".
var (
	operations = []string{"delta", "sweep", "get", "token"}
	codes      = []string{"200", "206", "400", "401", "403", "404", "429", "500", "502", "503", "504", "error", "other"}
)

// A Transport measures the requests that go through it.
type Transport struct {
	base      http.RoundTripper
	operation func(*http.Request) string
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
}

// NewTransport wraps a transport. operation names what a request is for; what it
// names beyond delta, sweep, get and token is not counted.
func NewTransport(base http.RoundTripper, operation func(*http.Request) string) *Transport {
	t := &Transport{
		base:      base,
		operation: operation,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace,
			Name:      "graph_requests_total",
			Help:      "Requests to Microsoft Graph and to the token endpoint, each attempt counted, by HTTP status; error if there was no response.",
		}, []string{"operation", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace:                       namespace,
			Name:                            "graph_request_duration_seconds",
			Help:                            "Time from sending a request to the header of its response, or to its failure.",
			Buckets:                         []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"operation"}),
	}
	for _, op := range operations {
		t.duration.WithLabelValues(op)
		for _, c := range codes {
			t.requests.WithLabelValues(op, c)
		}
	}
	return t
}

// RoundTrip passes the request on and measures it. It may be called at once.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := t.base.RoundTrip(r)
	if op := t.operation(r); slices.Contains(operations, op) {
		t.duration.WithLabelValues(op).Observe(time.Since(began).Seconds())
		t.requests.WithLabelValues(op, code(resp, err)).Inc()
	}
	return resp, err
}

func code(resp *http.Response, err error) string {
	if err != nil {
		return "error"
	}
	if status := strconv.Itoa(resp.StatusCode); slices.Contains(codes, status) {
		return status
	}
	return "other"
}

// Describe implements [prometheus.Collector].
func (t *Transport) Describe(descs chan<- *prometheus.Desc) {
	t.requests.Describe(descs)
	t.duration.Describe(descs)
}

// Collect implements [prometheus.Collector].
func (t *Transport) Collect(metrics chan<- prometheus.Metric) {
	t.requests.Collect(metrics)
	t.duration.Collect(metrics)
}
