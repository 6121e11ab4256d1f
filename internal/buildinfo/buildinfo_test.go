package buildinfo

import (
	"runtime/debug"
	"strings"
	"testing"
)

// TestVersion shows that there is always a version, and that --version prints it.
func TestVersion(t *testing.T) {
	if Version() == "" {
		t.Error("got no version")
	}
	if want := Program + ", version " + Version() + " (branch: "; !strings.HasPrefix(Text(), want) {
		t.Errorf("got %s, want it to begin with %s", Text(), want)
	}
	for given, want := range map[string]string{"": "", "(devel)": "", "v1.2.3": "v1.2.3", "v0.0.0-20261124080000-0123456789ab+dirty": "v0.0.0-20261124080000-0123456789ab+dirty"} {
		if got := moduleVersion(&debug.BuildInfo{Main: debug.Module{Version: given}}); got != want {
			t.Errorf("%s: got %q, want %q", given, got, want)
		}
	}
	if got := moduleVersion(nil); got != "" {
		t.Errorf("without build information: got %q", got)
	}
}
