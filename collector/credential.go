package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A SignIn says how signing in to a tenant stands.
type SignIn struct {
	// Fallback says that the exporter signs in with the credential that was accepted last,
	// because the configured one is of no use.
	Fallback bool
	// Shown is when the configured credential, which was refused, is shown again; zero if it was not.
	Shown time.Time
	// Tried is when signing in, which failed for whatever reason, is tried again at the earliest;
	// zero while it works.
	Tried time.Time
}

// A Credential tells how signing in to a tenant stands. It implements [prometheus.Collector].
type Credential struct {
	read                   func() SignIn
	fallback, shown, tried *prometheus.Desc
}

// NewCredential returns a Credential of what read returns, which may be called at once.
func NewCredential(read func() SignIn) *Credential {
	return &Credential{
		read: read,
		fallback: prometheus.NewDesc(namespace+"_credential_fallback",
			"Whether the exporter signs in with the credential that was accepted last, because the configured one is refused or cannot be read: 1 or 0.", nil, nil),
		shown: prometheus.NewDesc(namespace+"_credential_retry_timestamp_seconds",
			"When the configured credential, which was refused, is shown again unless it changes before, as a Unix time; absent while it is not refused.", nil, nil),
		tried: prometheus.NewDesc(namespace+"_sign_in_retry_timestamp_seconds",
			"When signing in, which has failed, is tried again at the earliest, as a Unix time; absent while it works.", nil, nil),
	}
}

// Describe implements [prometheus.Collector].
func (c *Credential) Describe(descs chan<- *prometheus.Desc) {
	descs <- c.fallback
	descs <- c.shown
	descs <- c.tried
}

// Collect implements [prometheus.Collector].
func (c *Credential) Collect(metrics chan<- prometheus.Metric) {
	state := c.read()
	metrics <- prometheus.MustNewConstMetric(c.fallback, prometheus.GaugeValue, number(state.Fallback))
	for desc, at := range map[*prometheus.Desc]time.Time{c.shown: state.Shown, c.tried: state.Tried} {
		if !at.IsZero() {
			metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(at.UnixMilli())/1000)
		}
	}
}
