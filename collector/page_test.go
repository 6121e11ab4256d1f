package collector

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"msgraph_security_exporter/internal/mirror"
)

// fixed is a source that always tells the same.
type fixed mirror.Report

func (f fixed) Report() mirror.Report { return mirror.Report(f) }

// operationHeader is where these tests write what a request is for.
func operationHeader(r *http.Request) string { return r.Header.Get("Operation") }

// page is a registry with everything about a tenant and its exporter, but what
// differs with the build and the process.
func page(t testing.TB, report mirror.Report) *prometheus.Registry {
	t.Helper()
	return registry(t, New(fixed(report), Options{Objectives: DefaultObjectives()}), flow(), NewTransport(nil, operationHeader))
}

// flow is a flow at zero of the default objectives.
func flow() *Flow {
	f := NewFlow(true)
	f.SetObjectives(DefaultObjectives())
	return f
}

func registry(t testing.TB, all ...prometheus.Collector) *prometheus.Registry {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	for _, c := range all {
		if err := r.Register(c); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// gather returns all families of a registry.
func gather(t testing.TB, r *prometheus.Registry) []*dto.MetricFamily {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// text returns a page as Prometheus gets it.
func text(t testing.TB, families []*dto.MetricFamily) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// series counts the lines of a page that are not comments.
func series(page []byte) int {
	n := 0
	for line := range bytes.Lines(page) {
		if !bytes.HasPrefix(line, []byte("#")) {
			n++
		}
	}
	return n
}

// buildInfo is the one family about the build.
func buildInfo() prometheus.Collector {
	return versioncollector.NewCollector("msgraph_security_exporter")
}
