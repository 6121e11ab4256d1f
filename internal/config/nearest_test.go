package config

import (
	"io"
	"testing"

	"msgraph_security_exporter/internal/graphtest"
)

// TestUnknownFlag shows which flag is offered for one that there is not.
func TestUnknownFlag(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"--graph.client-secret":       "unknown long flag '--graph.client-secret'; did you mean --graph.client-secret-file? --help lists all flags",
		"--graph.tenantid=x":          "unknown long flag '--graph.tenantid'; did you mean --graph.tenant-id? --help lists all flags",
		"--tenant-id=x":               "unknown long flag '--tenant-id'; did you mean --graph.tenant-id? --help lists all flags",
		"--config-file=x":             "unknown long flag '--config-file'; did you mean --config.file? --help lists all flags",
		"--collector.sweep-intervall": "unknown long flag '--collector.sweep-intervall'; did you mean --collector.sweep-interval? --help lists all flags",
		"--no-such-flag":              "unknown long flag '--no-such-flag'; --help lists all flags",
		"-x":                          "unknown short flag '-x'; --help lists all flags",
	} {
		if _, err := Parse([]string{given}, graphtest.None, io.Discard); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", given, err, want)
		}
	}
}
