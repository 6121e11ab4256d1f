package main

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// schemaVersion is that of Grafana 10.0. Later ones migrate it when they load it.
const schemaVersion = 38

// columns is how wide Grafana's grid is.
const columns = 24

// A board is a dashboard before it is laid out.
type board struct {
	uid, title, description string
	from, refresh           string // its time range begins there and ends now
	variables               []dashboard.VariableModel
	shelves                 []shelf
}

// A shelf is a line of panels of one height, under a heading if it has one. Together
// they are as wide as the grid.
type shelf struct {
	heading string
	height  uint32
	stacks  []stack
}

// A stack is one panel, or several of which each stands on the next. They are of one
// height, unless the first has one of its own.
type stack struct {
	width, first uint32
	panels       []cog.Builder[dashboard.Panel]
}

func wide(width uint32, panels ...cog.Builder[dashboard.Panel]) stack {
	return stack{width: width, panels: panels}
}

// tall gives the first panel of a stack a height, and the others the rest.
func (s stack) tall(height uint32) stack {
	s.first = height
	return s
}

// heights returns those of the panels, of which the sum is given.
func (s stack) heights(sum uint32) []uint32 {
	n := uint32(len(s.panels))
	all := slices.Repeat([]uint32{sum / n}, int(n))
	if s.first > 0 {
		all = slices.Repeat([]uint32{(sum - s.first) / (n - 1)}, int(n))
		all[0] = s.first
	}
	return all
}

// classic is the schema that every Grafana from 10 on imports.
type classic = dashboard.Dashboard //nolint:staticcheck // its successor needs Grafana 12

func (b board) build() (*classic, error) {
	d := &classic{
		Uid: &b.uid, Title: &b.title, Description: &b.description, Tags: []string{"msgraph-security"},
		Editable: new(true), GraphTooltip: new(dashboard.DashboardCursorSyncCrosshair), Timezone: new("browser"),
		Time: &dashboard.DashboardDashboardTime{From: b.from, To: "now"}, Refresh: &b.refresh,
		SchemaVersion: schemaVersion, Links: links(b.uid),
	}
	d.Templating.List = append(targets(), b.variables...)
	l := layout{}
	for _, s := range b.shelves {
		if err := l.place(s); err != nil {
			return nil, err
		}
	}
	d.Panels = l.placed
	return d, nil
}

// A layout places panels from left to right and from top to bottom.
type layout struct {
	placed []dashboard.PanelOrRowPanel
	x, y   uint32
}

// id returns the next panel's.
func (l *layout) id() uint32 { return uint32(len(l.placed) + 1) }

func (l *layout) place(s shelf) error {
	if s.heading != "" {
		row := dashboard.NewRowPanel()
		row.Id, row.Title, row.GridPos = l.id(), &s.heading, &dashboard.GridPos{H: 1, W: columns, Y: l.y}
		l.placed = append(l.placed, dashboard.PanelOrRowPanel{RowPanel: row})
		l.y++
	}
	for _, stack := range s.stacks {
		if err := l.stack(stack, s.height); err != nil {
			return err
		}
	}
	if l.x != columns {
		return fmt.Errorf("the shelf at line %d is %d columns wide, not %d", l.y, l.x, columns)
	}
	l.x, l.y = 0, l.y+s.height
	return nil
}

func (l *layout) stack(s stack, height uint32) error {
	y, heights := l.y, s.heights(height)
	for i, builder := range s.panels {
		p, err := builder.Build()
		if err != nil {
			return err
		}
		p.Id, p.GridPos = new(l.id()), &dashboard.GridPos{X: l.x, Y: y, W: s.width, H: heights[i]}
		y += heights[i]
		finish(&p)
		l.placed = append(l.placed, dashboard.PanelOrRowPanel{Panel: &p})
	}
	l.x += s.width
	return nil
}

// finish gives a panel what all have: the data source of the variable, also in each
// of its queries, which are named A, B, C as Grafana does unless they have a name.
func finish(p *dashboard.Panel) {
	source := &common.DataSourceRef{Type: new("prometheus"), Uid: new("${datasource}")}
	p.Datasource, p.Transparent, p.RepeatDirection = source, nil, nil
	if p.Type == "stat" || p.Type == "bargauge" {
		d := &p.FieldConfig.Defaults
		d.Mappings = append(d.Mappings, sayNothing(*d.NoValue, grey)) // or it has the colour of the lowest threshold
	}
	for i, target := range p.Targets {
		q := target.(prometheus.Dataquery)
		q.Datasource, q.EditorMode = source, new(prometheus.QueryEditorModeCode)
		if q.RefId == nil {
			q.RefId = new(string(rune('A' + i)))
		}
		if *q.RefId == missingID {
			honest(p)
		}
		p.Targets[i] = q
	}
}

// readable undoes what encoding/json does for HTML.
func readable(text []byte) []byte {
	for _, c := range "<>&" {
		text = bytes.ReplaceAll(text, fmt.Appendf(nil, `\u%04x`, c), []byte(string(c)))
	}
	return text
}
