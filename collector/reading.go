package collector

import "msgraph_security_exporter/internal/mirror"

// A reading is a report with its incidents counted once for all families.
type reading struct {
	mirror.Report
	open       map[openKey]int
	unassigned map[rankKey]int
	oldest     map[rankKey]mirror.Ticks
}

// openKey and rankKey are the label sets of incidents; enumerations are small, so
// that their number is bounded whatever the incidents carry.
type openKey struct {
	rankKey
	status         mirror.Status
	classification mirror.Classification
}

type rankKey struct {
	severity mirror.Severity
	priority mirror.Priority
}

// read counts the incidents of a report.
func read(report mirror.Report) *reading {
	r := &reading{Report: report}
	if report.Snapshot == nil {
		return r
	}
	r.open, r.unassigned, r.oldest = map[openKey]int{}, map[rankKey]int{}, map[rankKey]mirror.Ticks{}
	for i := range report.Snapshot.Open {
		r.count(&report.Snapshot.Open[i])
	}
	return r
}

func (r *reading) count(in *mirror.Incident) {
	rank := rankKey{in.Severity, in.Priority()}
	r.open[openKey{rank, in.Status, in.Classification}]++
	if !in.Assigned {
		r.unassigned[rank]++
	}
	if created, ok := r.oldest[rank]; !ok || in.Created < created {
		r.oldest[rank] = in.Created
	}
}

// ranks calls f for every known severity and priority, and for those with a
// severity unknown to this build that are counted in seen.
func ranks[V any](seen map[rankKey]V, f func(rankKey)) {
	for _, p := range mirror.Priorities() {
		for _, s := range mirror.Severities() {
			f(rankKey{s, p})
		}
		if unknown := (rankKey{0, p}); has(seen, unknown) {
			f(unknown)
		}
	}
}

func has[K comparable, V any](m map[K]V, k K) bool {
	_, ok := m[k]
	return ok
}

// knownOpen is every label set of open incidents that this build knows.
func knownOpen() []openKey {
	var keys []openKey
	for _, severity := range mirror.Severities() {
		for _, priority := range mirror.Priorities() {
			for _, status := range mirror.OpenStatuses() {
				for _, classification := range mirror.Classifications() {
					keys = append(keys, openKey{rankKey{severity, priority}, status, classification})
				}
			}
		}
	}
	return keys
}
