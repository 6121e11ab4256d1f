package e2e

import "time"

const (
	minute = time.Minute
	hour   = time.Hour
	day    = 24 * time.Hour
)

// Targets are some of a plot's, to which the same happens.
type targets []*target

// set writes a series onto their pages.
func (ts targets) set(series string, value float64) {
	for _, t := range ts {
		t.page[series] = value
	}
}

// drop takes a series off their pages.
func (ts targets) drop(series string) {
	for _, t := range ts {
		delete(t.page, series)
	}
}

// wait has so many incidents of high priority wait for somebody, the oldest of them since then.
func (ts targets) wait(n int, oldest time.Duration) { ts.waiting(n, oldest, "low", "high") }

// waiting has so many incidents of a severity and a priority wait for somebody.
func (ts targets) waiting(n int, oldest time.Duration, severity, priority string) {
	labels := `{severity="` + severity + `",priority="` + priority + `"}`
	ts.set("msgraph_security_open_incidents"+labels, float64(n))
	ts.set("msgraph_security_open_incidents_unassigned"+labels, float64(n))
	ts.drop("msgraph_security_oldest_unassigned_incident_created_timestamp_seconds" + labels)
	if n > 0 {
		ts.set("msgraph_security_oldest_unassigned_incident_created_timestamp_seconds"+labels, oldest.Seconds())
	}
}

// die has their processes not answer, live has them answer again.
func (ts targets) die() {
	for _, t := range ts {
		t.answers = false
	}
}

func (ts targets) live() {
	for _, t := range ts {
		t.there, t.answers = true, true
	}
}

// vanish takes them away.
func (ts targets) vanish() {
	for _, t := range ts {
		t.there = false
	}
}

// move puts each pod onto another node, under another name and address.
func (ts targets) move() {
	for _, t := range ts {
		t.process += 10
	}
}

// lose has them answer without numbers, for a reason, and see has them see again.
func (ts targets) lose(reason string) {
	ts.set("msgraph_security_up", 0)
	ts.set(`msgraph_security_problem{reason="`+reason+`"}`, 1)
	for _, t := range ts {
		t.blind = true
	}
}

func (ts targets) see() {
	ts.set("msgraph_security_up", 1)
	for _, t := range ts {
		t.blind = false
		for _, reason := range []string{"unreachable", "synchronising", "credential"} {
			t.page[`msgraph_security_problem{reason="`+reason+`"}`] = 0
		}
	}
}
