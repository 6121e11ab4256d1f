package main

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A theme is what Grafana's have of colours where these boards say nothing.
type theme struct{ panel, text, link string }

// themes are facts about Grafana 10 to 12: the ground of a panel, its text and its links.
var themes = map[string]theme{
	"dark":  {"#181B1F", "#CCCCDC", "#6E9FFF"},
	"light": {"#FFFFFF", "#24292E", "#1F62E0"},
}

// legible is the least contrast of a text that WCAG 2 asks for at level AA.
const legible = 4.5

// TestContrast computes the contrast of each text that stands on a colour of these boards,
// by both of the rules by which Grafana picks the text's own, in both themes.
func TestContrast(t *testing.T) {
	seen := map[string]bool{}
	eachPanel(t, func(t *testing.T, p panel) {
		for _, ground := range grounds(t, p) {
			seen[ground] = true
			for name, th := range themes {
				for _, text := range texts(ground, th) {
					if c := contrast(text, under(ground, th)); c < legible {
						t.Errorf("%s theme: %s on %s has a contrast of %.2f", name, text, ground, c)
					}
				}
			}
		}
	})
	if got := len(seen); got < 6 {
		t.Errorf("only %v have a text on them", slices.Sorted(maps.Keys(seen)))
	}
	for name, th := range themes {
		for _, text := range []string{th.text, th.link} {
			if c := contrast(text, th.panel); c < legible {
				t.Errorf("%s theme: %s on a panel has a contrast of %.2f", name, text, c)
			}
		}
	}
}

// grounds returns the colours of a panel on which a text stands: those of every
// threshold and of every word of a tile, and of a column whose cells are painted.
func grounds(t *testing.T, p panel) []string {
	t.Helper()
	var all []string
	painted := p.Type == "stat" && p.Options.ColorMode == "background_solid"
	if p.Type == "stat" && !painted && p.Options.ColorMode != "none" {
		t.Errorf("colour mode %q: a text of such a colour is legible in one theme only", p.Options.ColorMode)
	}
	if painted {
		all = colors(p.FieldConfig.Defaults)
	}
	for _, o := range p.FieldConfig.Overrides {
		var cell struct{ Type string }
		if o.get("custom.cellOptions", &cell) && cell.Type != "color-background" {
			t.Errorf("%s: cells of type %q", o.Matcher.Options, cell.Type)
		}
		if painted || cell.Type != "" {
			var f field
			o.get("thresholds", &f.Thresholds)
			o.get("mappings", &f.Mappings)
			all = append(all, colors(f)...)
		}
	}
	return all
}

// colors returns those of thresholds and of words.
func colors(f field) []string {
	var all []string
	for _, s := range f.Thresholds.Steps {
		all = append(all, s.Color)
	}
	for _, m := range f.Mappings {
		for _, c := range regexp.MustCompile(`"color":\s*"([^"]*)"`).FindAllSubmatch(m.Options, -1) {
			all = append(all, string(c[1]))
		}
	}
	return all
}

// under is the colour that a text stands on: nothing painted is the panel itself.
func under(ground string, th theme) string {
	if ground == "transparent" {
		return th.panel
	}
	return ground
}

// texts returns the colours that Grafana may give a text on a colour: most panels take the
// light one unless the ground is brighter than 180 of 255, others white wherever that has a
// contrast of 3, else black.
func texts(ground string, th theme) []string {
	if ground == "transparent" {
		return []string{th.text}
	}
	byBrightness, byContrast := "#F7F8FA", "#FFFFFF"
	r, g, b := channels(ground)
	if (299*r+587*g+114*b)*255/1000 > 180 {
		byBrightness = "#202226"
	}
	if contrast("#FFFFFF", ground) < 3 {
		byContrast = "#000000"
	}
	return []string{byBrightness, byContrast}
}

// contrast is that of WCAG 2: from 1 to 21.
func contrast(a, b string) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(color string) float64 {
	linear := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	r, g, b := channels(color)
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

// channels are red, green and blue from 0 to 1.
func channels(color string) (r, g, b float64) {
	var all [3]uint8
	if _, err := fmt.Sscanf(color, "#%02X%02X%02X", &all[0], &all[1], &all[2]); err != nil {
		panic(color)
	}
	return float64(all[0]) / 255, float64(all[1]) / 255, float64(all[2]) / 255
}

// TestColors shows that the colours are few, and that "act", "look" and "as it should be"
// differ in brightness or hue for everybody: the first two by three to one.
func TestColors(t *testing.T) {
	palette := []string{blue, amber, red, grey, sky, purple, teal, orange, "transparent"}
	for _, name := range files(t, ".") {
		text := string(read(t, name))
		found := regexp.MustCompile(`"(?:color|fixedColor)": "([^"]*)"`).FindAllStringSubmatch(text, -1)
		if len(found) == 0 {
			t.Error(name, "no colour")
		}
		for _, c := range found {
			if !slices.Contains(palette, c[1]) {
				t.Errorf("%s: %s is not of the palette", name, c[1])
			}
		}
		if strings.Contains(text, `"continuous-`) {
			t.Errorf("%s: a scheme of many colours", name)
		}
	}
	if c := contrast(amber, red); c < 3 {
		t.Errorf("look and act differ by %.2f", c)
	}
	if c := contrast(amber, blue); c < 3 {
		t.Errorf("look and fine differ by %.2f", c)
	}
}

// TestContrastIsThatOfWCAG holds the computation to known pairs.
func TestContrastIsThatOfWCAG(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000000", "#FFFFFF", 21}, {"#777777", "#FFFFFF", 4.48}, {"#FFFFFF", "#E69F00", 2.25}, {"#D55E00", "#E69F00", 1.72}} {
		if got := contrast(c.a, c.b); math.Abs(got-c.want) > 0.02 {
			t.Errorf("%s on %s: got %.2f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}
