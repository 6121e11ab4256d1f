package main

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestDocumentation holds docs/dashboards.md to the boards: its address of the wall, every
// word that it explains, and every threshold of the wall's tiles.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../docs/dashboards.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, want := range []string{
		"/d/" + wallUID + "?kiosk&_dash.hideTimePicker=true&_dash.hideVariables=true&_dash.hideLinks=true",
		"**" + blind + "**", "**" + noData + "**", "**" + lost + "**", "**" + gone + "**", "**none**",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not in docs/dashboards.md", want)
		}
	}
	said := tiles(t)
	for name, want := range map[string]string{
		"High priority": "10 yellow", "High severity": "25 yellow", "High, unowned": "1 yellow 5 red", "Oldest unowned": "900 yellow 1800 red",
		"Objectives missed": "1 yellow 5 red", "Next miss in": "red 60 yellow 300", "Age of numbers": "120 yellow 300 red",
	} {
		if said[name] != want {
			t.Errorf("%s: the board has %q, docs/dashboards.md %q", name, said[name], want)
		}
	}
	for _, row := range []string{
		"| High priority; High severity | 10; 25 | never |", "| High, unowned: of high priority *or* of high severity, assigned to nobody | 1 | 5 |",
		"| Oldest unowned, of the same | 15 minutes | 30 minutes |", "| Objectives missed | 1 | 5 |",
		"| Next miss in | 5 minutes | 1 minute |", "| Age of numbers | 2 minutes | 5 minutes, or lost |",
	} {
		if !strings.Contains(page, row) {
			t.Errorf("docs/dashboards.md has no line %q", row)
		}
	}
}

// tiles returns the thresholds of the wall's tiles, by the names in them.
func tiles(t *testing.T) map[string]string {
	t.Helper()
	var wall model
	if err := json.Unmarshal(read(t, "soc-wall.json"), &wall); err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, p := range wall.Panels {
		if p.Type != "stat" {
			continue
		}
		said[p.name()] = thresholds(t, p.FieldConfig.Defaults)
		for _, o := range p.FieldConfig.Overrides {
			var f field
			if o.Matcher.Options == "B" && o.get("thresholds", &f.Thresholds) {
				said[p.Targets[1].LegendFormat] = thresholds(t, f)
			}
		}
	}
	return said
}

// thresholds says from which values on there is which colour but blue.
func thresholds(t *testing.T, f field) string {
	t.Helper()
	var all []string
	for _, s := range f.Thresholds.Steps {
		if s.Value != nil {
			all = append(all, strconv.FormatFloat(*s.Value, 'g', -1, 64))
		}
		switch s.Color {
		case amber:
			all = append(all, "yellow")
		case red:
			all = append(all, "red")
		case blue:
		default:
			t.Errorf("a threshold of colour %s", s.Color)
		}
	}
	return strings.Join(all, " ")
}
