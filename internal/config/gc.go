package config

import (
	"slices"
	"strings"
)

// GCPercent returns how much garbage there may be, in percent of what is alive, unless
// GOGC says so itself. Most of what is alive is the copy of the incidents, which hardly
// changes: collecting garbage sooner costs little, and is what keeps it small. Where a
// file may name many tenants, they all begin at a time, and the processor is what is
// short then.
func GCPercent(args []string, getenv func(string) string) (percent int, ok bool) {
	switch {
	case getenv("GOGC") != "":
		return 0, false
	case slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--config.file") }):
		return 50, true
	}
	return 25, true
}
