package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestCommitted compares the dashboards that are committed with those that the
// sources make: go run . writes them.
func TestCommitted(t *testing.T) {
	folder := t.TempDir()
	if err := write(folder); err != nil {
		t.Fatal(err)
	}
	made, committed := files(t, folder), files(t, ".")
	if !slices.Equal(made, committed) {
		t.Fatalf("%v are committed, want %v", committed, made)
	}
	for _, name := range made {
		if string(read(t, filepath.Join(folder, name))) != string(read(t, name)) {
			t.Errorf("%s is not what the sources make: go run . in this folder", name)
		}
	}
}

func files(t *testing.T, folder string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	return found
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The dashboards as Grafana reads them: not the SDK's types, which would hide what
// the SDK gets wrong.
type (
	model struct {
		UID, Title, Description, Refresh string
		SchemaVersion                    int
		Time                             struct{ From, To string }
		Templating                       struct{ List []variable }
		Links                            []reference
		Panels                           []panel
	}
	variable struct {
		Name, Type, Label, Description, AllValue string
		Query                                    any
		Datasource                               source
		IncludeAll                               bool
	}
	reference struct {
		Title, URL, Placement string
		KeepTime, IncludeVars bool
	}
	source struct{ Type, UID string }
	panel  struct {
		ID                       int
		Type, Title, Description string
		GridPos                  struct{ X, Y, W, H int }
		Datasource               source
		Targets                  []ask
		Transformations          []struct {
			ID      string
			Options map[string]any
		}
		FieldConfig struct {
			Defaults  field
			Overrides []override
		}
		Options struct {
			Orientation, GraphMode, ColorMode, TextMode string

			Text          struct{ TitleSize, ValueSize float64 }
			Legend        struct{ ShowLegend bool }
			Tooltip       struct{ Mode string }
			ReduceOptions struct{ Calcs []string }
		}
		Links []reference
	}
	field struct {
		Unit, NoValue string
		Thresholds    struct {
			Steps []struct {
				Value *float64
				Color string
			}
		}
		Mappings []mapping
	}
	mapping struct {
		Type    string
		Options json.RawMessage
	}
	override struct {
		Matcher    struct{ ID, Options string }
		Properties []struct {
			ID    string
			Value json.RawMessage
		}
	}
	ask struct {
		RefID, Expr, LegendFormat, Format, Interval string
		Instant                                     bool
		Datasource                                  source
	}
)

// name is what a panel is known by: its title or, if it is a tile, what stands in it.
func (p panel) name() string {
	if p.Title == "" && len(p.Targets) > 0 {
		return p.Targets[0].LegendFormat
	}
	return p.Title
}

// get reads a property of an override, and says whether there is one.
func (o override) get(id string, into any) bool {
	for _, p := range o.Properties {
		if p.ID == id {
			return json.Unmarshal(p.Value, into) == nil
		}
	}
	return false
}

// eachBoard runs a test on every dashboard.
func eachBoard(t *testing.T, test func(t *testing.T, m model)) {
	for _, name := range files(t, ".") {
		t.Run(name, func(t *testing.T) {
			var m model
			if err := json.Unmarshal(read(t, name), &m); err != nil {
				t.Fatal(err)
			}
			test(t, m)
		})
	}
}

// eachPanel runs a test on every panel that is not a heading.
func eachPanel(t *testing.T, test func(t *testing.T, p panel)) {
	eachBoard(t, func(t *testing.T, m model) {
		seen := 0
		for _, p := range m.Panels {
			if p.Type != "row" {
				seen++
				t.Run(p.name(), func(t *testing.T) { test(t, p) })
			}
		}
		if seen == 0 {
			t.Error("no panel")
		}
	})
}
