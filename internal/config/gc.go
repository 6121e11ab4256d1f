package config

import (
	"slices"
	"strings"
)

// GCPercent returns the percentage for [runtime/debug.SetGCPercent], unless GOGC sets it.
// Most of the live memory is the copy of the incidents, which hardly changes: collecting
// often costs little and keeps the heap small. The tenants of a file all start at the same
// time, when the processor is what is short, so that their percentage is higher.
func GCPercent(args []string, getenv func(string) string) (percent int, ok bool) {
	switch {
	case getenv("GOGC") != "":
		return 0, false
	case slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--config.file") }):
		return 50, true
	}
	return 25, true
}
