package collector

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/internal/mirror"
)

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

// tagged is the family of open incidents by tag.
func tagged(tags []string) family {
	return family{
		name:   "open_incidents_tagged",
		help:   "Open incidents that bear the tag.",
		kind:   prometheus.GaugeValue,
		labels: []string{"tag"},
		read: func(r *reading, emit func(float64, ...string)) {
			if r.Snapshot == nil {
				return
			}
			counts := make([]int, len(tags))
			for i := range r.Snapshot.Open {
				for bits, n := r.Snapshot.Open[i].Tags, 0; bits != 0; bits, n = bits>>1, n+1 {
					counts[n] += int(bits & 1)
				}
			}
			for n, tag := range tags {
				emit(float64(counts[n]), tag)
			}
		},
	}
}

// info is the family of the most pressing open incidents, each by itself.
func info(most int) family {
	return family{
		name:   "open_incident_info",
		help:   "The most pressing open incidents, always 1.",
		kind:   prometheus.GaugeValue,
		labels: []string{"incident_id", "severity", "priority", "status", "assigned", "created", "url"},
		read: func(r *reading, emit func(float64, ...string)) {
			if r.Snapshot == nil {
				return
			}
			for _, in := range pressing(r.Snapshot.Open, most) {
				emit(1, identity(in.ID), in.Severity.String(), in.Priority().String(), in.Status.String(),
					strconv.FormatBool(in.Assigned), in.Created.Time().Format(time.RFC3339), link(in.WebURL))
			}
		},
	}
}

// pressing returns the incidents of the highest priority, among them those of the
// highest severity, and among them the oldest.
func pressing(open []mirror.Incident, most int) []*mirror.Incident {
	var first []*mirror.Incident // sorted, at most so many
	for i := range open {
		in := &open[i]
		if len(first) == most && before(first[most-1], in) <= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(first, in, before)
		first = slices.Insert(first, at, in)
		first = first[:min(len(first), most)]
	}
	return first
}

func before(a, b *mirror.Incident) int {
	return cmp.Or(
		cmp.Compare(b.Priority(), a.Priority()),
		cmp.Compare(b.Severity, a.Severity),
		cmp.Compare(a.Created, b.Created),
		cmp.Compare(a.ID, b.ID),
	)
}

const (
	// maxIdentity is the longest id that is shown whole, maxLink the longest address that is
	// shown, in bytes.
	maxIdentity = 64
	maxLink     = 512
)

// identity returns an incident's id as it is shown. Graph's are decimal digits and stay as
// they are. Of another what is no letter, digit, hyphen, dot, underscore or tilde is escaped as in
// a query of a URL, and one that is too long then ends with a digest of the whole, so that
// different incidents stay different.
func identity(id string) string {
	shown := url.QueryEscape(id)
	if len(shown) <= maxIdentity {
		return shown
	}
	const digest = 16
	sum := sha256.Sum256([]byte(id))
	return fmt.Sprintf("%s…%x", shown[:maxIdentity-2*digest], sum[:digest])
}

// link returns an address that a dashboard can safely link to, or nothing: it is a
// whole one, https, without a user in it, and not too long.
func link(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	if link := u.String(); len(link) <= maxLink {
		return link
	}
	return ""
}
