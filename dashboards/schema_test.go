package main

import (
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
)

// TestSchema reads the committed dashboards as strictly as the schema allows: nothing
// that it does not know, nothing of another type, options of the panel that they are for.
func TestSchema(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	for _, name := range files(t, ".") {
		var d classic
		// It returns an empty list of errors for none.
		if err := d.UnmarshalJSONStrict(read(t, name)); err != nil && err.Error() != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
