package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/opentype"
)

// What a browser window of 1366 pixels has for a board: what is left of it by the page's
// margins and a scroll bar, in 24 columns with gaps between them. A row is 30 pixels.
const (
	browser   = 1366
	gap       = 8
	rowHeight = 30
)

// wideOf is how wide a panel of so many columns is, and highOf how high one of so many rows.
func wideOf(columnsOf int) float64 {
	one := (float64(browser-2*16-14) - (columns-1)*gap) / columns
	return float64(columnsOf)*(one+gap) - gap
}

func highOf(rows int) float64 { return float64(rows*(rowHeight+gap) - gap) }

// A ruler measures texts. Grafana's font is Inter, which no Go module has. This is Go
// Medium, which is wider: the texts whose width in Grafana 12.2 is known measure from 4 to 14
// per cent more in it, so that what fits here fits there.
type ruler struct {
	t    *testing.T
	font *opentype.Font
}

func newRuler(t *testing.T) ruler {
	t.Helper()
	f, err := opentype.Parse(gomedium.TTF)
	if err != nil {
		t.Fatal(err)
	}
	return ruler{t, f}
}

// of is the width of a text in pixels at a size of the font.
func (r ruler) of(text string, size float64) float64 {
	r.t.Helper()
	face, err := opentype.NewFace(r.font, &opentype.FaceOptions{Size: size, DPI: 72})
	if err != nil {
		r.t.Fatal(err)
	}
	return float64(font.MeasureString(face, text)) / 64
}

// fits finds fault with a text that is wider than the room it has.
func (r ruler) fits(what, text string, size, room float64) {
	r.t.Helper()
	if w := r.of(text, size); w > room {
		r.t.Errorf("%s: %q is %.0f pixels wide at %.0f, and has %.0f", what, text, w, size, room)
	}
}

// TestRuler compares the font with texts that were measured on Grafana 12.2's screen.
func TestRuler(t *testing.T) {
	r := newRuler(t)
	for text, inter := range map[string]float64{
		"acknowledge-medium-severity": 175.5, "awaitingAction": 88, "High, assigned to nobody": 145,
		"Most pressing incidents": 141, "open in Defender": 97,
	} {
		if w := r.of(text, 14); w < 1.03*inter || w > 1.2*inter {
			t.Errorf("%q: %.0f pixels here, %.0f on the screen", text, w, inter)
		}
	}
}

// TestWidths measures every title, name, word and heading at 1366 pixels.
func TestWidths(t *testing.T) {
	eachPanel(t, func(t *testing.T, p panel) {
		r := newRuler(t)
		// Beside a title are the signs for the description and for links.
		r.fits("title", p.Title, 14, wideOf(p.GridPos.W)-16-28-float64(28*len(p.Links)))
		switch p.Type {
		case "stat":
			checkTile(r, p)
		case "bargauge":
			checkBars(r, p)
		case "table":
			checkColumns(r, p)
		}
	})
}

// samples are values as they look in a unit, with what stands behind in smaller letters:
// as wide as a team has them.
var samples = map[string][2]string{
	"locale": {"12,345", ""}, "s": {"59.9", " mins"}, "percentunit": {"100", "%"},
}

// checkTile measures what stands in a stat, and how high all of it is.
func checkTile(r ruler, p panel) {
	r.t.Helper()
	text, n := p.Options.Text, float64(len(p.Targets))
	high := highOf(p.GridPos.H)
	if p.Title != "" {
		high -= 40
	}
	if p.asks(missingID) && !strings.Contains(p.Targets[0].Expr, " == 1") {
		r.fits("name of a tenant", "fabrikam-eu +12", text.TitleSize, wideOf(p.GridPos.W)-24)
	} else if p.asks(missingID) {
		n-- // the one or the other
	}
	each := (high - gap*(n-1)) / n
	margin := 16.0
	if each > 100 {
		margin = 24
	}
	if lines := 1.2 * (text.TitleSize + text.ValueSize); lines > each-margin {
		r.t.Errorf("%.0f values are %.0f pixels high each, and have %.0f", n, lines, each-margin)
	}
	room := wideOf(p.GridPos.W) - 24
	for _, q := range p.Targets {
		r.fits("name", q.LegendFormat, text.TitleSize, room)
	}
	for _, word := range words(p) {
		r.fits("word", word, text.ValueSize, room)
	}
	sample, known := samples[p.FieldConfig.Defaults.Unit]
	if !known {
		r.t.Errorf("how does a value in %s look?", p.FieldConfig.Defaults.Unit)
	}
	if w := r.of(sample[0], text.ValueSize) + r.of(sample[1], 0.7*text.ValueSize); w > room {
		r.t.Errorf("%v: %.0f pixels wide, and has %.0f", sample, w, room)
	}
}

// words returns the words that a panel puts in place of values.
func words(p panel) []string {
	all := []string{p.FieldConfig.Defaults.NoValue}
	said := func(mappings []mapping) {
		for _, m := range mappings {
			for _, found := range regexp.MustCompile(`"text":\s*"([^"]*)"`).FindAllSubmatch(m.Options, -1) {
				all = append(all, string(found[1]))
			}
		}
	}
	said(p.FieldConfig.Defaults.Mappings)
	for _, o := range p.FieldConfig.Overrides {
		var mappings []mapping
		o.get("mappings", &mappings)
		said(mappings)
	}
	return all
}

// checkBars measures the names of bars, which have a third of the width, and how high all
// of them are.
func checkBars(r ruler, p panel) {
	r.t.Helper()
	for _, q := range p.Targets {
		name := strings.NewReplacer("{{who}}", "contoso", "{{determination}}", "multiStagedAttack").Replace(q.LegendFormat)
		r.fits("bar", name, p.Options.Text.TitleSize, wideOf(p.GridPos.W)/3)
	}
	if each := (highOf(p.GridPos.H) - 40) / float64(len(p.Targets)); p.Options.Text.ValueSize*1.2 > each {
		r.t.Errorf("%d bars are %.0f pixels high each", len(p.Targets), each)
	}
}

// cells are what columns hold, as wide as a team has it. An objective and a tenant may have any name.
var cells = map[string]string{
	"Incident": "1234567", "Owner": "nobody", "Priority": "medium", "Severity": "informational", "Created": "59 minutes ago",
	"Status": "awaitingAction", "Tenant": "fabrikam-eu", "Portal": "open", "Objective": "acknowledge-medium-severity", "Target": "30 mins",
	"Next miss in": "59.9 mins", "Late": "123", "In time": "100%", "Before": "100%", "Met": "1,234", "Missed": "1,234",
	"Level": "critical", "Alert": "HighPriorityUnassigned", "Since": "59 minutes ago",
	"Number": "1,234", "Median": "59.9 mins", "9 of 10": "59.9 mins", "Job": "msgraph_security", "Exporter": "SEEING", "Open": "1,234",
	"High priority": "1,234", "High severity": "1,234", "Assigned to nobody": "1,234", "Objectives missed": "1,234",
	"Instance": "10.120.130.140:10365", "Scrape": "answers", "Age": "59.9 mins", "First sync": "100%", "Sweep period": "59.9 mins",
	"Limit": "1,234 /min", "Incidents held": "12,345", "Version": "1.12.3", "Go": "go1.26.8", "Configuration": "FAILED", "Read at": "2026-11-24 08:51:05",
}

// lines are how many a table shows at least: as many as there usually are.
var lines = map[string]int{
	"Most pressing incidents": 10, "Objectives": 6, "Firing alerts": 3, "Attainment": 4, "By priority": 4, "By severity": 4, "By tenant": 5, "Each target": 5, "Each process": 4,
}

// checkColumns shows that a table is whole: that its columns are as wide as what they
// hold, and together no wider than the panel.
func checkColumns(r ruler, p panel) {
	r.t.Helper()
	const padding = 14
	together, seen := 0.0, 0
	for _, o := range p.FieldConfig.Overrides {
		var width float64
		if !o.get("custom.minWidth", &width) {
			continue
		}
		seen++
		together += width
		sample, known := cells[o.Matcher.Options]
		if !known {
			r.t.Errorf("what does the column %s hold?", o.Matcher.Options)
		}
		r.fits("heading", o.Matcher.Options, 14, width-padding)
		r.fits("cell", sample, 14, width-padding)
	}
	if room := wideOf(p.GridPos.W) - 16; together > room {
		r.t.Errorf("the columns are %.0f pixels wide, and have %.0f", together, room)
	}
	if shown := int((highOf(p.GridPos.H) - 40 - 36) / 36); shown < lines[p.Title] {
		r.t.Errorf("shows %d lines, want %d", shown, lines[p.Title])
	}
	if want := columnsOf(r.t, p); seen != len(want) || seen == 0 {
		r.t.Errorf("%d columns have a width of %v", seen, want)
	}
}

// columnsOf returns the names of the columns that a table shows.
func columnsOf(t *testing.T, p panel) []string {
	t.Helper()
	var all []string
	for _, step := range p.Transformations {
		if names, ok := step.Options["renameByName"].(map[string]any); ok {
			for _, name := range names {
				all = append(all, fmt.Sprint(name))
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
