package tenant

import (
	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/internal/configfile"
	"msgraph_security_exporter/internal/defender"
)

// Objectives converts the objectives of a file for the collector. It returns the default ones
// if the file has none.
func Objectives(declared []configfile.Objective) []collector.Objective {
	if len(declared) == 0 {
		return collector.DefaultObjectives()
	}
	all := make([]collector.Objective, len(declared))
	for i, o := range declared {
		all[i] = collector.Objective{
			Name:              o.Name,
			Severities:        withNames(append(defender.Severities(), 0), o.Severities),
			Priorities:        withNames(defender.Priorities(), o.Priorities),
			AcknowledgeWithin: o.AcknowledgeWithin,
			ResolveWithin:     o.ResolveWithin,
		}
	}
	return all
}

// withNames returns the values that have one of the names.
func withNames[E interface{ String() string }](values []E, names []string) []E {
	var all []E
	for _, v := range values {
		for _, name := range names {
			if v.String() == name {
				all = append(all, v)
			}
		}
	}
	return all
}
