// Package buildinfo says which program this is, and of which version.
package buildinfo

import (
	"cmp"

	"github.com/prometheus/common/version"
)

// Program is the name of the program.
const Program = "msgraph_security_exporter"

// Version returns the version that the build was given.
func Version() string { return cmp.Or(version.Version, "devel") }
