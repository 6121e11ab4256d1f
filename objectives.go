package main

import (
	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/internal/config/file"
	"msgraph_security_exporter/internal/mirror"
)

// objectives returns what the file declares in the terms of the collector.
func objectives(declared []file.Objective) []collector.Objective {
	all := make([]collector.Objective, len(declared))
	for i, o := range declared {
		all[i] = collector.Objective{
			Name:              o.Name,
			Severities:        named(append(mirror.Severities(), 0), o.Severities),
			Priorities:        named(mirror.Priorities(), o.Priorities),
			AcknowledgeWithin: o.AcknowledgeWithin,
			ResolveWithin:     o.ResolveWithin,
		}
	}
	return all
}

// named returns the values that have one of the names.
func named[E interface{ String() string }](values []E, names []string) []E {
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
