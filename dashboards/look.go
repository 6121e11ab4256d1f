package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// The colours. None means anything by itself: a number or a word always stands beside it.
// Each that a text may stand on is either dark enough for Grafana's light text or light
// enough for its dark one, which begins at a brightness of 180 of 255; a test computes it.
const (
	blue   = "#0072B2" // as it should be
	amber  = "#F2CC0C" // look at it
	red    = "#C4162A" // act
	grey   = "#6E6E6E" // not known, or neither good nor bad
	sky    = "#8CCBF2"
	purple = "#8F3BB8"
	teal   = "#009E73" // lines only: no text stands on it
	orange = "#D55E00" // likewise
)

// A step is one of a scale: its name, which series it is made of, its colour.
type step struct{ name, matcher, color string }

// severities has a step for everything: what Microsoft may add is in the last.
func severities() []step {
	return []step{
		{"high", `severity="high"`, red},
		{"medium", `severity="medium"`, amber},
		{"low", `severity="low"`, sky},
		{"informational", `severity="informational"`, grey},
		{"other", `severity!~"high|medium|low|informational"`, purple},
	}
}

func priorities() []step {
	return []step{
		{"high", `priority="high"`, red},
		{"medium", `priority="medium"`, amber},
		{"low", `priority="low"`, sky},
		{"no score", `priority!~"high|medium|low"`, grey},
	}
}

func statuses() []step {
	return []step{
		{"active", `status="active"`, amber},
		{"in progress", `status="inProgress"`, blue},
		{"awaiting", `status="awaitingAction"`, sky},
		{"other", `status!~"active|inProgress|awaitingAction"`, purple},
	}
}

func classifications() []step {
	return []step{
		{"true positive", `classification="truePositive"`, red},
		{"expected", `classification="informationalExpectedActivity"`, sky},
		{"false positive", `classification="falsePositive"`, amber},
		{"undecided", `classification!~"truePositive|informationalExpectedActivity|falsePositive"`, grey},
	}
}

// ages are the steps that the exporter counts by.
func ages() []step {
	return []step{
		{"1 hour", `age="1h"`, sky}, {"4 hours", `age="4h"`, sky}, {"1 day", `age="1d"`, amber},
		{"3 days", `age="3d"`, amber}, {"7 days", `age="7d"`, red}, {"30 days", `age="30d"`, red},
	}
}

// from is a threshold: from the value on there is the colour.
func from(value float64, color string) dashboard.Threshold {
	return dashboard.Threshold{Value: &value, Color: color}
}

// levels are thresholds over a first colour.
func levels(base string, steps ...dashboard.Threshold) cog.Builder[dashboard.ThresholdsConfig] {
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).
		Steps(append([]dashboard.Threshold{{Color: base}}, steps...))
}

func byThresholds() cog.Builder[dashboard.FieldColor] {
	return dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdThresholds)
}

func always(color string) cog.Builder[dashboard.FieldColor] {
	return dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdFixed).FixedColor(color)
}

// property is one setting of the fields that an override is about.
func property(id string, value any) dashboard.DynamicConfigValue {
	return dashboard.DynamicConfigValue{Id: id, Value: value}
}

func fixed(color string) dashboard.DynamicConfigValue {
	return property("color", map[string]string{"mode": "fixed", "fixedColor": color})
}

// overridable is a builder of any kind of panel.
type overridable[B any] interface {
	OverrideByName(name string, properties []dashboard.DynamicConfigValue) B
}

// painted gives each series of a scale its colour.
func painted[B overridable[B]](panel B, scale []step) B {
	for _, s := range scale {
		panel = panel.OverrideByName(s.name, []dashboard.DynamicConfigValue{fixed(s.color)})
	}
	return panel
}

// say shows a word for a value, in its colour.
func say(value, word, color string) dashboard.ValueMapping {
	return dashboard.ValueMapping{ValueMap: &dashboard.ValueMap{
		Type:    dashboard.MappingTypeValueToText,
		Options: map[string]dashboard.ValueMappingResult{value: {Text: &word, Color: &color}},
	}}
}

// sayFrom shows a word for all values from one on.
func sayFrom(value float64, word, color string) dashboard.ValueMapping {
	return dashboard.ValueMapping{RangeMap: &dashboard.RangeMap{
		Type:    dashboard.MappingTypeRangeToText,
		Options: dashboard.DashboardRangeMapOptions{From: &value, Result: dashboard.ValueMappingResult{Text: &word, Color: &color}},
	}}
}

// sayNothing shows a word where there is no value at all, in its colour.
func sayNothing(word, color string) dashboard.ValueMapping {
	return dashboard.ValueMapping{SpecialValueMap: &dashboard.SpecialValueMap{
		Type: dashboard.MappingTypeSpecialValue,
		Options: dashboard.DashboardSpecialValueMapOptions{
			Match: dashboard.SpecialValueMatchNull, Result: dashboard.ValueMappingResult{Text: &word, Color: &color},
		},
	}}
}

// sayBetween shows a word for all values from one to another.
func sayBetween(value, to float64, word, color string) dashboard.ValueMapping {
	m := sayFrom(value, word, color)
	m.RangeMap.Options.To = &to
	return m
}
