package main

import "strings"

// counted is by how much a counter has grown in a window of time that ends now, added up
// by a label, or altogether if that is "".
//
// It is the difference of the two ends, which is whole and of which neighbouring windows
// add up, however often Prometheus pulls: increase() sees what lies between the pulls
// within a window only, and guesses the rest. Replicas are averaged, since one may show
// on this side of an end what another shows on that. Where no replica has both ends, or
// each began anew in between, increase() has to do.
func counted(by, metric, window string, matchers ...string) string {
	m, labels := series(metric, matchers...), labelsOf(metric)
	sum := func(expr string) string { return whole(by, labels, expr) }
	grew := sum(m) + " - " + sum(m+" offset "+window)
	began := sum("resets("+m+"["+window+"])") + " > 0"
	return gathered(by, "avg by ("+with(by)+") (("+grew+") >= 0 unless "+began+") or "+once(by, sum("increase("+m+"["+window+"])")))
}

// inRange is counted in the whole time range, as a whole number.
func inRange(by, metric string, matchers ...string) string {
	return "round(" + counted(by, metric, wholeRange, matchers...) + ")"
}

// before is by how much a counter grew in the period before the time range, which is as
// long. It is nothing unless nearly all of that period was seen, and all tenants in it.
func before(by, metric string, matchers ...string) string {
	m := series(metric, matchers...)
	return "round(" + gathered(by, once(by, whole(by, labelsOf(metric), "increase("+m+"["+wholeRange+"] offset "+wholeRange+")"))) + ")"
}

// sought is an expression about the period before, if there are numbers of it.
func sought(expr string) string {
	seen := "count_over_time(" + once("", series("up")) + "[" + wholeRange + ":5m] offset " + wholeRange + ")"
	return "(" + expr + ") and on () (min(" + seen + ") * 300 >= 0.9 * $__range_s)"
}

// covered is the share of the time range in which the numbers could be believed, of the
// tenant of which the least was seen.
func covered() string {
	seen := "sum_over_time(" + once("", series("up")) + "[" + wholeRange + ":5m])"
	return "clamp_max(min(" + seen + ") / clamp_min(floor(vector($__range_s / 300)), 1), 1) or 0 * max(" + series("up") + ")"
}

// The histograms of the incidents, by severity and by priority.
const (
	acknowledge           = "incident_acknowledge_duration_seconds"
	resolve               = "incident_resolve_duration_seconds"
	acknowledgeByPriority = "incident_acknowledge_duration_by_priority_seconds"
	resolveByPriority     = "incident_resolve_duration_by_priority_seconds"
)

// labelOf returns the one label of a histogram.
func labelOf(histogram string) string {
	if strings.Contains(histogram, "_by_priority_") {
		return "priority"
	}
	if histogram == latency {
		return "operation"
	}
	return "severity"
}

// A growth is by how much a counter or a histogram has grown in some time.
type growth func(series string) string

// increased is the growth in a span of time, as a selector has it.
func increased(span string) growth {
	return func(series string) string { return "increase(" + series + span + ")" }
}

// Spans of time.
const (
	inWhole  = "[$__range]"
	inPast   = "[$__range] offset $__range"
	inWindow = "[$window]"
)

// perSecond is the growth of late, or of a quarter of an hour where pulls are so rare that
// less has none.
func perSecond(series string) string {
	return "(rate(" + series + "[$__rate_interval]) or rate(" + series + "[15m]))"
}

// of is what a histogram has grown by: native ones, and classic ones by their bucket.
// Native ones of replicas are averaged, because max passes over them; where a replica
// is younger than the time in question that changes their number and not their shape.
func (g growth) of(by, histogram string, matchers ...string) (native, classic string) {
	labels := []string{labelOf(histogram)}
	m, bucket := series(histogram, matchers...), series(histogram+"_bucket", matchers...)
	native = gathered(by, "avg by ("+with(by)+") ("+whole(by, labels, g(m))+")")
	le := strings.TrimPrefix(by+", le", ", ")
	classic = gathered(le, once(le, whole(by, labels, g(bucket))))
	return native, classic
}

// quantile is that of what a histogram has grown by; nothing where nothing happened.
func (g growth) quantile(q, by, histogram string, matchers ...string) string {
	native, classic := g.of(by, histogram, matchers...)
	return "histogram_quantile(" + q + ", " + native + ") >= 0 or histogram_quantile(" + q + ", " + classic + ") >= 0"
}

// observed is how often a histogram was given something in the time range.
func observed(by, histogram string) string {
	labels := []string{labelOf(histogram)}
	ask := func(expr string) string { return gathered(by, once(by, whole(by, labels, expr))) }
	native := ask("histogram_count(increase(" + series(histogram) + "[" + wholeRange + "]))")
	return "round(" + native + " or " + ask("increase("+series(histogram+"_count")+"["+wholeRange+"])") + ")"
}
