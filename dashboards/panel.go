package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

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
	panel = panel.Title(title).Description(description).NoValue(noData).Unit("locale")
	for _, q := range queries {
		panel = panel.WithTarget(q)
	}
	return panel
}

func lastValue() cog.Builder[common.ReduceDataOptions] {
	return common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}).Fields("").Values(false)
}

// size fixes how large names and values are, in pixels: as large as fits would have the
// one push the other over the edge.
func size(name, value float64) cog.Builder[common.VizTextDisplayOptions] {
	return common.NewVizTextDisplayOptionsBuilder().TitleSize(name).ValueSize(value)
}

// tile is a stat that fills its panel with a colour, and has its name inside, large enough
// for four metres: it needs no title. Several values stand on each other.
func tile(name, description string, queries ...query) *stat.PanelBuilder {
	return describe(stat.NewPanelBuilder(), "", description, queries).
		Decimals(0).ReduceOptions(lastValue()).Orientation(common.VizOrientationHorizontal).
		TextMode(common.BigValueTextModeValueAndName).Text(size(22, 36)).
		ColorMode(common.BigValueColorModeBackgroundSolid).GraphMode(common.BigValueGraphModeNone).
		JustifyMode(common.BigValueJustifyModeCenter).
		ColorScheme(byThresholds()).Thresholds(levels(blue))
}

// figure is a stat without colour: it is neither good nor bad. It has a title, and a
// name for each of its values, which stand on each other.
func figure(title, description string, queries ...query) *stat.PanelBuilder {
	return describe(stat.NewPanelBuilder(), title, description, queries).
		Decimals(0).ReduceOptions(lastValue()).Orientation(common.VizOrientationHorizontal).
		TextMode(common.BigValueTextModeValueAndName).Text(size(14, 26)).
		ColorMode(common.BigValueColorModeNone).GraphMode(common.BigValueGraphModeNone).
		JustifyMode(common.BigValueJustifyModeCenter).
		ColorScheme(byThresholds()).Thresholds(levels(blue))
}

// bars are lying ones from zero, one for each series.
func bars(title, description string, queries ...query) *bargauge.PanelBuilder {
	return describe(bargauge.NewPanelBuilder(), title, description, queries).
		Decimals(0).Min(0).ReduceOptions(lastValue()).Orientation(common.VizOrientationHorizontal).
		DisplayMode(common.BarGaugeDisplayModeGradient).ValueMode(common.BarGaugeValueModeText).Text(size(16, 24)).
		NamePlacement(common.BarGaugeNamePlacementLeft).ColorScheme(always(sky)).Thresholds(levels(sky))
}

// trend is lines over time. A gap is a gap: nothing was known then. Lines that have no
// colour of their own have one by their name, which means nothing: two tenants differ, and
// one is the same wherever it is drawn.
func trend(title, description string, queries ...query) *timeseries.PanelBuilder {
	return describe(timeseries.NewPanelBuilder(), title, description, queries).
		AxisSoftMin(0).AxisSoftMax(5).LineWidth(2).FillOpacity(0).ShowPoints(common.VisibilityModeAuto).
		SpanNulls(common.BoolOrFloat64{Bool: new(false)}).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdPaletteClassicByName)).
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
