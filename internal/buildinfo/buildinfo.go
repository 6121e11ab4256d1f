// Package buildinfo knows the name and the version of the program.
package buildinfo

import (
	"cmp"
	"runtime/debug"
	"strings"

	"github.com/prometheus/common/version"
)

// Program is the name of the program.
const Program = "msgraph_security_exporter"

// Version returns the version that the linker was given, as "make build" does, or the one that
// the Go command has recorded, or "devel". It is never empty.
func Version() string {
	info, _ := debug.ReadBuildInfo()
	return cmp.Or(version.Version, moduleVersion(info), "devel")
}

// moduleVersion returns the version of the main module, empty if it is not known.
func moduleVersion(info *debug.BuildInfo) string {
	if info == nil || info.Main.Version == "(devel)" {
		return ""
	}
	return info.Main.Version
}

// Text returns what --version prints.
func Text() string {
	return strings.Replace(version.Print(Program), ", version "+version.Version, ", version "+Version(), 1)
}
