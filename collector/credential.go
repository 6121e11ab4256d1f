package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A Credential tells whether a tenant's credential is accepted. It implements
// [prometheus.Collector].
type Credential struct {
	read            func() (fallback bool, retry time.Time)
	fallback, retry *prometheus.Desc
}

// NewCredential returns a Credential. read returns whether the exporter signs in with the
// credential that was accepted last, because the configured one is of no use, and when one that
// was refused is shown again, zero if it was not. It may be called at once.
func NewCredential(read func() (fallback bool, retry time.Time)) *Credential {
	return &Credential{
		read: read,
		fallback: prometheus.NewDesc(namespace+"_credential_fallback",
			"Whether the exporter signs in with the credential that was accepted last, because the configured one is refused or cannot be read: 1 or 0.", nil, nil),
		retry: prometheus.NewDesc(namespace+"_credential_retry_timestamp_seconds",
			"When the configured credential, which was refused, is shown again unless it changes before, as a Unix time; absent while it is not refused.", nil, nil),
	}
}

// Describe implements [prometheus.Collector].
func (c *Credential) Describe(descs chan<- *prometheus.Desc) {
	descs <- c.fallback
	descs <- c.retry
}

// Collect implements [prometheus.Collector].
func (c *Credential) Collect(metrics chan<- prometheus.Metric) {
	fallback, retry := c.read()
	value := 0.0
	if fallback {
		value = 1
	}
	metrics <- prometheus.MustNewConstMetric(c.fallback, prometheus.GaugeValue, value)
	if !retry.IsZero() {
		metrics <- prometheus.MustNewConstMetric(c.retry, prometheus.GaugeValue, float64(retry.Unix()))
	}
}
