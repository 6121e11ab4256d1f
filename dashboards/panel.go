package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// blind stands where a number of incidents is not known: never a zero.
const blind = "BLIND"

// A kind is the builder of a kind of panel.
type kind[B any] interface {
	Title(title string) B
	Description(description string) B
	WithTarget(target cog.Builder[variants.Dataquery]) B
	NoValue(text string) B
	Unit(unit string) B
}

// describe begins a panel: what every panel has. It counts incidents unless it says
// otherwise: whole ones, without "K" for a thousand.
func describe[B kind[B]](panel B, title, description string, queries []query) B {
	panel = panel.Title(title).Description(description).NoValue(blind).Unit("locale")
	for _, q := range queries {
		panel = panel.WithTarget(q)
	}
	return panel
}

func lastValue() cog.Builder[common.ReduceDataOptions] {
	return common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}).Fields("").Values(false)
}

// number is a stat that fills its panel with a colour.
func number(title, description string, queries ...query) *stat.PanelBuilder {
	return describe(stat.NewPanelBuilder(), title, description, queries).
		Decimals(0).ReduceOptions(lastValue()).Orientation(common.VizOrientationAuto).
		ColorMode(common.BigValueColorModeBackgroundSolid).GraphMode(common.BigValueGraphModeNone).
		JustifyMode(common.BigValueJustifyModeCenter).
		ColorScheme(byThresholds()).Thresholds(levels(blue))
}

// figure is a stat without colour: it is neither good nor bad.
func figure(title, description string, queries ...query) *stat.PanelBuilder {
	return number(title, description, queries...).
		ColorMode(common.BigValueColorModeNone).NoValue("none")
}

// bars are lying ones from zero, one for each series.
func bars(title, description string, queries ...query) *bargauge.PanelBuilder {
	return describe(bargauge.NewPanelBuilder(), title, description, queries).
		Decimals(0).Min(0).ReduceOptions(lastValue()).Orientation(common.VizOrientationHorizontal).
		DisplayMode(common.BarGaugeDisplayModeBasic).ValueMode(common.BarGaugeValueModeText).
		NamePlacement(common.BarGaugeNamePlacementLeft).ColorScheme(always(sky)).Thresholds(levels(sky))
}

// trend is lines over time. A gap is a gap: nothing was known then. Lines that have no
// colour of their own differ in brightness, since Grafana's palette begins with green and red.
func trend(title, description string, queries ...query) *timeseries.PanelBuilder {
	return describe(timeseries.NewPanelBuilder(), title, description, queries).
		AxisSoftMin(0).AxisSoftMax(5).LineWidth(2).FillOpacity(0).ShowPoints(common.VisibilityModeAuto).
		SpanNulls(common.BoolOrFloat64{Bool: new(false)}).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdShades).FixedColor(blue)).
		Legend(legend()).Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderNone))
}

func legend() cog.Builder[common.VizLegendOptions] {
	return common.NewVizLegendOptionsBuilder().ShowLegend(true).
		DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom)
}

// layers is a trend of parts that add up.
func layers(title, description string, queries ...query) *timeseries.PanelBuilder {
	return trend(title, description, queries...).FillOpacity(70).LineWidth(1).
		Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
}

// counts is a trend of how many there were in each stretch of time, few enough to see.
func counts(title, description string, queries ...query) *timeseries.PanelBuilder {
	return layers(title, description, queries...).Decimals(0).FillOpacity(90).MaxDataPoints(96).
		DrawStyle(common.GraphDrawStyleBars).BarAlignment(common.BarAlignmentBefore)
}

// list is a table of the present. Words stay words: Grafana takes an id for a number.
func list(title, description string, queries ...query) *table.PanelBuilder {
	return describe(table.NewPanelBuilder(), title, description, queries).
		Decimals(0).CellHeight(common.TableCellHeightSm).ShowHeader(true).
		Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{})).
		ColorScheme(always(grey)).Thresholds(levels(blue)).
		OverrideByFieldType("string", []dashboard.DynamicConfigValue{property("unit", "string")})
}

// joined puts the rows of several queries of a table beside each other by their labels.
func joined() dashboard.DataTransformerConfig {
	return dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}}
}

// arranged puts the columns of a table in an order, under new names; the others are hidden.
func arranged(hidden []string, columns ...[2]string) dashboard.DataTransformerConfig {
	exclude, index, rename := map[string]bool{}, map[string]int{}, map[string]string{}
	for _, name := range append([]string{"Time"}, hidden...) {
		exclude[name] = true
	}
	for i, c := range columns {
		index[c[0]], rename[c[0]] = i, c[1]
	}
	return dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{
		"excludeByName": exclude, "indexByName": index, "renameByName": rename,
	}}
}

// sorted orders the rows of a table by a column.
func sorted(column string, descending bool) dashboard.DataTransformerConfig {
	return dashboard.DataTransformerConfig{Id: "sortBy", Options: map[string]any{
		"fields": map[string]any{}, "sort": []map[string]any{{"field": column, "desc": descending}},
	}}
}

// colored shows a column by the colour of its value: the text, or the cell behind it.
func colored(how string) dashboard.DynamicConfigValue {
	return property("custom.cellOptions", map[string]string{"type": how, "mode": "basic"})
}
