package collector

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Reloads tells how the last reading of the configuration went. It implements
// [prometheus.Collector]; all its methods may be called at once.
type Reloads struct {
	good, when *prometheus.Desc

	mu   sync.Mutex
	ok   bool
	last time.Time // that went well
}

// NewReloads returns Reloads of a configuration that has just been read well.
func NewReloads() *Reloads {
	return &Reloads{
		good: prometheus.NewDesc(namespace+"_config_last_reload_successful",
			"Whether the last reading of the configuration went well: 1 or 0.", nil, nil),
		when: prometheus.NewDesc(namespace+"_config_last_reload_success_timestamp_seconds",
			"When the configuration was last read well, as a Unix time.", nil, nil),
		ok:   true,
		last: time.Now(),
	}
}

// Observe notes the end of a reload.
func (r *Reloads) Observe(ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ok = ok; ok {
		r.last = time.Now()
	}
}

// Describe implements [prometheus.Collector].
func (r *Reloads) Describe(descs chan<- *prometheus.Desc) {
	descs <- r.good
	descs <- r.when
}

// Collect implements [prometheus.Collector].
func (r *Reloads) Collect(metrics chan<- prometheus.Metric) {
	r.mu.Lock()
	defer r.mu.Unlock()
	metrics <- prometheus.MustNewConstMetric(r.good, prometheus.GaugeValue, number(r.ok))
	metrics <- prometheus.MustNewConstMetric(r.when, prometheus.GaugeValue, float64(r.last.UnixMilli())/1000)
}
