package main

import (
	"slices"
	"strings"
	"testing"
)

// TestBoards holds what a dashboard is known by and how one comes from it to the others.
func TestBoards(t *testing.T) {
	uids := map[string]bool{wallUID: true, performanceUID: true, healthUID: true}
	eachBoard(t, func(t *testing.T, m model) {
		if !uids[m.UID] || len(m.UID) > 40 {
			t.Errorf("uid %q: not one of those that links hold", m.UID)
		}
		delete(uids, m.UID)
		if m.Title == "" || m.Description == "" || m.Refresh == "" || m.Time.To != "now" {
			t.Errorf("something is missing: %+v", m)
		}
		if m.SchemaVersion != 38 {
			t.Errorf("schema version %d, want that of Grafana 10.0", m.SchemaVersion)
		}
		var to []string
		for _, l := range m.Links {
			to = append(to, strings.TrimPrefix(l.URL, "/d/"))
			if !l.KeepTime || !l.IncludeVars || l.Title == "" || l.Placement != "" {
				t.Errorf("link %+v: leaves something behind, or hides", l)
			}
		}
		want := slices.DeleteFunc([]string{wallUID, performanceUID, healthUID}, func(uid string) bool { return uid == m.UID })
		if !slices.Equal(to, want) {
			t.Errorf("links to %v, want %v", to, want)
		}
	})
	if len(uids) > 0 {
		t.Errorf("nothing has the uids %v", uids)
	}
}

// TestVariables shows that whoever imports a dashboard chooses the data source, and the
// target by its labels, and that what a label lacks is not left out by "All".
func TestVariables(t *testing.T) {
	eachBoard(t, func(t *testing.T, m model) {
		var names []string
		for _, v := range m.Templating.List {
			names = append(names, v.Name)
			if v.Label == "" || v.Description == "" {
				t.Errorf("%s: says nothing", v.Name)
			}
			if v.Type == "query" && v.Datasource != (source{"prometheus", "${datasource}"}) {
				t.Errorf("%s: asks %v", v.Name, v.Datasource)
			}
			if v.Name == "tenant" || v.Name == "instance" {
				if !v.IncludeAll || v.AllValue != ".*" {
					t.Errorf("%s: a series without the label has no place in %q", v.Name, v.AllValue)
				}
			}
			if v.Name == "job" && v.AllValue != "" {
				t.Errorf("job: all are %q, which are not ours", v.AllValue)
			}
		}
		if first := []string{"datasource", "job", "tenant", "instance"}; !slices.Equal(names[:4], first) {
			t.Errorf("got %v, want %v first", names, first)
		}
	})
}

// screen is how many lines of the grid a browser shows on a screen of 1080.
const screen = 22

// TestLayout shows that panels have ids and places of their own, that nothing reaches
// over the edge or leaves a hole, and that the edge of the first screen cuts no panel.
func TestLayout(t *testing.T) {
	eachBoard(t, func(t *testing.T, m model) {
		ids, taken, bottom := map[int]string{}, map[[2]int]string{}, 0
		for _, p := range m.Panels {
			if other, is := ids[p.ID]; is || p.ID == 0 {
				t.Errorf("%s: id %d is that of %s", p.name(), p.ID, other)
			}
			ids[p.ID] = p.name()
			g := p.GridPos
			if g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > columns {
				t.Errorf("%s: not on the grid: %+v", p.name(), g)
			}
			for x := g.X; x < g.X+g.W; x++ {
				for y := g.Y; y < g.Y+g.H; y++ {
					if other, is := taken[[2]int{x, y}]; is {
						t.Fatalf("%s covers %s", p.name(), other)
					}
					taken[[2]int{x, y}] = p.name()
				}
			}
			bottom = max(bottom, g.Y+g.H)
			if g.Y < screen && g.Y+g.H > screen {
				t.Errorf("%s: is cut by the edge of the screen", p.name())
			}
		}
		if len(taken) != columns*bottom {
			t.Errorf("%d cells are taken of %d by %d", len(taken), columns, bottom)
		}
		if first := m.Panels[0]; first.Type != "stat" || first.name() != "Exporter" || first.GridPos.X+first.GridPos.Y != 0 {
			t.Errorf("%q is at the top left, want whether the numbers can be believed", first.name())
		}
	})
}
