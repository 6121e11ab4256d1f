// Package collector draws a tenant's open incidents as Prometheus metrics.
//
// Every family is one entry in a table. One answer reads one report of the
// mirror, from memory: nothing in it can fail, block or ask anybody.
package collector

import (
	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/internal/mirror"
)

const namespace = "msgraph_security"

// A Source tells what is known of a tenant's incidents. It must be cheap and safe
// for concurrent use.
type Source interface {
	Report() mirror.Report
}

// A family is one metric: how it is called and how it is read off a report.
type family struct {
	name   string // without the namespace
	help   string
	kind   prometheus.ValueType
	labels []string
	// read emits each series of the family: the value, then the labels' values
	// in the order of labels.
	read func(r *reading, emit func(value float64, labels ...string))
}

// Options are what a page shows beyond what every page does.
type Options struct {
	// Objectives are what open incidents are held against.
	Objectives []Objective
	// Tags are counted; they are those of the mirror, in its order.
	Tags []string
	// IncidentInfo is how many open incidents are shown one by one, the most pressing
	// ones; 0: none.
	IncidentInfo int
}

const (
	// maxSeries is how many series a page may hold, whatever the incidents carry.
	maxSeries = 1500
	// otherSeries is how many of them are neither asked for nor of open incidents with values
	// that this build does not know, at most.
	otherSeries = 1140
)

// unknownSets returns how many label sets with unknown values a page has room for. There are at
// most 240, which is less than the room unless almost everything is asked for.
func (o *Options) unknownSets() int {
	return maxSeries - otherSeries - o.IncidentInfo - len(o.Tags) - 5*len(o.Objectives)
}

// A Collector implements [prometheus.Collector] for one tenant.
type Collector struct {
	source     Source
	objectives []target
	unknown    int // label sets with unknown values that a page has room for
	families   []described
}

type described struct {
	family
	desc *prometheus.Desc
}

// New returns a collector of what the source tells.
func New(source Source, opts Options) *Collector {
	c := &Collector{source: source, objectives: targets(opts.Objectives), unknown: opts.unknownSets()}
	var wanted []family
	if len(opts.Tags) > 0 {
		wanted = append(wanted, tagFamily(opts.Tags))
	}
	if opts.IncidentInfo > 0 {
		wanted = append(wanted, infoFamily(opts.IncidentInfo))
	}
	for _, table := range [][]family{incidents, byObjective, wanted, state} {
		for _, f := range table {
			desc := prometheus.NewDesc(prometheus.BuildFQName(namespace, "", f.name), f.help, f.labels, nil)
			c.families = append(c.families, described{f, desc})
		}
	}
	return c
}

// Describe sends the description of every family.
func (c *Collector) Describe(descs chan<- *prometheus.Desc) {
	for _, f := range c.families {
		descs <- f.desc
	}
}

// Collect sends every family, all read off one report.
func (c *Collector) Collect(metrics chan<- prometheus.Metric) {
	r := read(c.source.Report(), c.objectives, c.unknown)
	for _, f := range c.families {
		f.read(r, func(value float64, labels ...string) {
			metrics <- prometheus.MustNewConstMetric(f.desc, f.kind, value, labels...)
		})
	}
}
