package collector

import "msgraph_security_exporter/internal/mirror"

// maxUnknownSets is how many label sets with a value that this build does not know are
// served each by itself. One new value in any field makes fewer.
const maxUnknownSets = 130

// fold bounds the label sets with unknown values. While there are more than
// [maxUnknownSets], the incidents of a severity and priority that have an unknown status or
// classification count under both unknown.
func (r *reading) fold() {
	unknown := 0
	r.eachSet(func(l labelSet, _ *group) {
		if !l.known() {
			unknown++
		}
	})
	if unknown <= maxUnknownSets {
		return
	}
	r.eachSet(func(l labelSet, g *group) {
		if (l.status == mirror.StatusOther) != (l.classification == 0) {
			r.group(labelSet{l.rank, mirror.StatusOther, 0}).merge(g)
			*g = group{}
		}
	})
}

// known reports whether this build knows every value of the label set.
func (l labelSet) known() bool {
	return l.severity != 0 && l.status != mirror.StatusOther && l.classification != 0
}
