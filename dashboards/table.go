package main

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/table"
)

// A column of a table: the field that it is made of, its name, the least width in pixels,
// and what else is set for it. Grafana's own least width is 150, with which the last
// columns of a table of seven leave the screen.
type column struct {
	field, name string
	width       int
	properties  []dashboard.DynamicConfigValue
}

func col(field, name string, width int, properties ...dashboard.DynamicConfigValue) column {
	return column{field, name, width, properties}
}

// list is a table of the present. Words stay words: Grafana takes an id for a number.
func list(title, description string, queries ...query) *table.PanelBuilder {
	return describe(table.NewPanelBuilder(), title, description, queries).
		Decimals(0).CellHeight(common.TableCellHeightSm).ShowHeader(true).
		Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{})).
		ColorScheme(always(grey)).Thresholds(levels(blue)).
		OverrideByFieldType("string", []dashboard.DynamicConfigValue{property("unit", "string")})
}

// laid gives a table its columns, in order; fields that are none of them are hidden.
func laid(t *table.PanelBuilder, hidden []string, columns ...column) *table.PanelBuilder {
	exclude, index, rename := map[string]bool{}, map[string]int{}, map[string]string{}
	for _, name := range append([]string{"Time"}, hidden...) {
		exclude[name] = true
	}
	for i, c := range columns {
		index[c.field], rename[c.field] = i, c.name
		t = t.OverrideByName(c.name, append(c.properties, property("custom.minWidth", c.width)))
	}
	return t.WithTransformation(dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{
		"excludeByName": exclude, "indexByName": index, "renameByName": rename,
	}})
}

// joined puts the rows of several queries of a table beside each other by their labels.
func joined() dashboard.DataTransformerConfig {
	return dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}}
}

// sorted orders the rows of a table by a field. Rows that are equal stay as they were.
func sorted(field string, descending bool) dashboard.DataTransformerConfig {
	return dashboard.DataTransformerConfig{Id: "sortBy", Options: map[string]any{
		"fields": map[string]any{}, "sort": []map[string]any{{"field": field, "desc": descending}},
	}}
}

// asTime has a table take a text for the time that it is.
func asTime(field string) dashboard.DataTransformerConfig {
	return dashboard.DataTransformerConfig{Id: "convertFieldType", Options: map[string]any{
		"fields": map[string]any{}, "conversions": []map[string]any{{"targetField": field, "destinationType": "time"}},
	}}
}

// ranked gives series a label by which a table sorts them as a scale has them.
func ranked(expr, label string, words ...string) string {
	expr = fmt.Sprintf(`label_replace(%s, "rank", "9", "", "")`, expr)
	for i, word := range words {
		expr = fmt.Sprintf(`label_replace(%s, "rank", "%d", "%s", "%s")`, expr, i, label, word)
	}
	return expr
}

// filled has the cells of a column painted in the colour of their value.
func filled(properties ...dashboard.DynamicConfigValue) []dashboard.DynamicConfigValue {
	return append(properties, property("color", map[string]string{"mode": "thresholds"}),
		property("custom.cellOptions", map[string]string{"type": "color-background", "mode": "basic"}))
}

// spoken has a column show words for values, each in its colour. One without a word
// stays as it is.
func spoken(words ...step) dashboard.DynamicConfigValue {
	options := map[string]any{}
	for i, w := range words {
		result := map[string]any{"color": w.color, "index": i}
		if w.matcher != "" {
			result["text"] = w.matcher
		}
		options[w.name] = result
	}
	return property("mappings", []any{map[string]any{"type": "value", "options": options}})
}

// graded is a column of the words of severity and priority, in their colours.
func graded(field, name string, width int) column {
	words := append(severities(), step{name: "none", color: grey}, step{name: "unknown", color: purple})
	for i := range words {
		words[i].matcher = ""
	}
	return col(field, name, width, filled(spoken(words...), property("thresholds", steps(grey)))...)
}

// toned is a column of numbers on the colour of their threshold.
func toned(field, name string, width int, thresholds dashboard.ThresholdsConfig, properties ...dashboard.DynamicConfigValue) column {
	return col(field, name, width, filled(append(properties, property("thresholds", thresholds))...)...)
}

// lasting is a column of seconds.
func lasting(field, name string, width int) column {
	return col(field, name, width, property("unit", "s"), property("decimals", 1), property("noValue", "-"))
}

// seen shows in a table whether a tenant sees.
func seen(field, name string) column {
	return col(field, name, 90, filled(spoken(step{"0", blind, red}, step{"0.5", noData, grey}, step{"1", seeing, blue}), property("thresholds", steps(grey)))...)
}

// steps are thresholds for an override.
func steps(base string, above ...dashboard.Threshold) dashboard.ThresholdsConfig {
	return dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute, Steps: append([]dashboard.Threshold{{Color: base}}, above...)}
}
