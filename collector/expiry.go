package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// An Expiry tells when the credentials of a tenant end. It implements
// [prometheus.Collector].
type Expiry struct {
	ends func() map[string]time.Time
	desc *prometheus.Desc
}

// NewExpiry returns an Expiry of the credentials that ends returns by their kind,
// secret or certificate. A zero time is not known. ends may be called at once.
func NewExpiry(ends func() map[string]time.Time) *Expiry {
	return &Expiry{ends, prometheus.NewDesc(namespace+"_credential_expiry_timestamp_seconds",
		"Expiry of the credential that the exporter signs in with, as a Unix time; absent while it is not known.", []string{"kind"}, nil)}
}

// Describe implements [prometheus.Collector].
func (e *Expiry) Describe(descs chan<- *prometheus.Desc) { descs <- e.desc }

// Collect implements [prometheus.Collector].
func (e *Expiry) Collect(metrics chan<- prometheus.Metric) {
	for kind, end := range e.ends() {
		if !end.IsZero() {
			metrics <- prometheus.MustNewConstMetric(e.desc, prometheus.GaugeValue, float64(end.Unix()), kind)
		}
	}
}
