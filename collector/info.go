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

	"msgraph_security_exporter/internal/defender"
)

// tagFamily is the family of open incidents by tag.
func tagFamily(tags []string) family {
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

// infoFamily is the family of the most pressing open incidents, each by itself.
func infoFamily(most int) family {
	return family{
		name:   "open_incident_info",
		help:   "The most pressing open incidents, one series each; the value is always 1.",
		kind:   prometheus.GaugeValue,
		labels: []string{"incident_id", "severity", "priority", "status", "assigned", "created", "url"},
		read: func(r *reading, emit func(float64, ...string)) {
			if r.Snapshot == nil {
				return
			}
			for _, in := range mostPressing(r.Snapshot.Open, most) {
				emit(1, displayID(in.ID), in.Severity.String(), in.Priority().String(), in.Status.String(),
					strconv.FormatBool(in.Assigned), in.Created.Time().Format(time.RFC3339), safeLink(in.WebURL))
			}
		},
	}
}

// mostPressing returns the incidents of the highest priority, among them those of the
// highest severity, and among them the oldest.
func mostPressing(open []defender.Incident, most int) []*defender.Incident {
	var first []*defender.Incident // sorted, at most so many
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

// before orders incidents by how pressing they are.
func before(a, b *defender.Incident) int {
	return cmp.Or(
		cmp.Compare(b.Priority(), a.Priority()),
		cmp.Compare(b.Severity, a.Severity),
		cmp.Compare(a.Created, b.Created),
		cmp.Compare(a.ID, b.ID),
	)
}

const (
	// maxID is the longest id that is shown whole, maxLink the longest address that is
	// shown, in bytes.
	maxID   = 64
	maxLink = 512
)

// displayID returns an incident's id as it is shown. Graph's are decimal digits and stay as
// they are. Of another what is no letter, digit, hyphen, dot, underscore or tilde is escaped as in
// a query of a URL, and one that is too long then ends with a digest of the whole, so that
// different incidents stay different.
func displayID(id string) string {
	shown := url.QueryEscape(id)
	if len(shown) <= maxID {
		return shown
	}
	const digest = 16
	sum := sha256.Sum256([]byte(id))
	return fmt.Sprintf("%s…%x", shown[:maxID-2*digest], sum[:digest])
}

// safeLink returns an address that a dashboard can safely link to, or nothing: it is a
// whole one, https, without a user in it, and not too long.
func safeLink(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	if link := u.String(); len(link) <= maxLink {
		return link
	}
	return ""
}
