package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// The colours of Okabe and Ito, which the colour-blind tell apart. None means anything
// by itself: a number or a word always stands beside it.
const (
	blue       = "#0072B2" // as it should be
	orange     = "#E69F00" // look at it
	vermillion = "#D55E00" // act
	sky        = "#56B4E9"
	green      = "#009E73"
	yellow     = "#F0E442"
	purple     = "#CC79A7"
	grey       = "#999999"
)

// A step is one of a scale: its name, which series it is made of, its colour.
type step struct{ name, matcher, color string }

// severities has a step for everything: what Microsoft may add is in the last.
func severities() []step {
	return []step{
		{"high", `severity="high"`, vermillion},
		{"medium", `severity="medium"`, orange},
		{"low", `severity="low"`, sky},
		{"informational", `severity="informational"`, grey},
		{"unknown or other", `severity!~"high|medium|low|informational"`, purple},
	}
}

func priorities() []step {
	return []step{
		{"high", `priority="high"`, vermillion},
		{"medium", `priority="medium"`, orange},
		{"low", `priority="low"`, sky},
		{"no score", `priority!~"high|medium|low"`, grey},
	}
}

func statuses() []step {
	return []step{
		{"active: nobody has begun", `status="active"`, vermillion},
		{"in progress", `status="inProgress"`, sky},
		{"awaiting action", `status="awaitingAction"`, orange},
		{"other", `status!~"active|inProgress|awaitingAction"`, purple},
	}
}

func classifications() []step {
	return []step{
		{"true positive", `classification="truePositive"`, vermillion},
		{"expected activity", `classification="informationalExpectedActivity"`, sky},
		{"false positive", `classification="falsePositive"`, orange},
		{"not classified", `classification!~"truePositive|informationalExpectedActivity|falsePositive"`, grey},
	}
}

// ages are dark for the old: the scale is legible without colours as well.
func ages() []step {
	return []step{
		{"1 hour", `age="1h"`, sky}, {"4 hours", `age="4h"`, sky}, {"1 day", `age="1d"`, orange},
		{"3 days", `age="3d"`, orange}, {"7 days", `age="7d"`, vermillion}, {"30 days", `age="30d"`, vermillion},
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

// wordColors gives each word of a scale its colour, in a column of a table.
func wordColors() []dashboard.DynamicConfigValue {
	words := map[string]any{}
	for i, s := range append(severities(), step{name: "none", color: grey}, step{name: "unknown", color: purple}, step{name: "other", color: purple}) {
		words[s.name] = map[string]any{"color": s.color, "index": i}
	}
	return []dashboard.DynamicConfigValue{
		property("mappings", []any{map[string]any{"type": "value", "options": words}}),
		property("color", map[string]string{"mode": "thresholds"}), colored("color-background"),
	}
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
