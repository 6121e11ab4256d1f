package server

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// A ledger is which incidents have kept which objectivesFile and which have broken them, worked out
// from what became of the incidents: the oracle of the counters.
type ledger struct {
	first time.Time // of the first snapshot
	lives map[string]*life
	want  page
}

// A life is what a ledger knows of an incident.
type life struct {
	taken  time.Time // when it was acknowledged; zero: it has not been
	closed bool
	judged map[string]bool // by promise
}

func newLedger(first time.Time) *ledger {
	l := &ledger{first: first, lives: map[string]*life{}, want: page{}}
	for name := range objectives() {
		l.want[keptBy(name)], l.want[brokenBy(name)] = 0, 0
	}
	return l
}

func keptBy(name string) string {
	return `msgraph_security_objective_met_total{objective="` + name + `"}`
}
func brokenBy(name string) string {
	return `msgraph_security_objective_missed_total{objective="` + name + `"}`
}

// enter notes the incidents as they are at a time, each since its last update.
func (l *ledger) enter(incidents []graphsim.Incident, at time.Time) {
	for _, in := range incidents {
		of := l.lives[in.ID]
		if of == nil {
			of = &life{judged: map[string]bool{}}
			l.lives[in.ID] = of
		}
		if of.closed {
			continue
		}
		if of.taken.IsZero() && in.Status != "redirected" && (in.AssignedTo != "" || in.Status == "inProgress") {
			of.taken = in.Updated
		}
		for name, p := range objectives() {
			l.judge(of, in, name, p, at)
		}
		of.closed = !in.Open()
	}
}

// judge decides whether an incident has kept a promise or broken it, if that can be decided and
// has not been.
func (l *ledger) judge(of *life, in graphsim.Incident, name string, p objective, at time.Time) {
	due := in.Created.Add(p.within)
	var kept bool
	var when time.Time
	switch {
	case p.acknowledge && !of.taken.IsZero():
		kept, when = !of.taken.After(due), of.taken
	case in.Status == "resolved":
		kept, when = !in.Updated.After(due), in.Updated
	case in.Open() && !due.After(at):
		when = due
	default:
		return
	}
	if of.judged[name] || !p.covers(in) || !when.After(l.first) || !due.After(l.first) {
		return
	}
	of.judged[name] = true
	if kept {
		l.want[keptBy(name)]++
	} else {
		l.want[brokenBy(name)]++
	}
}

// check compares a page with the ledger.
func (l *ledger) check(t *testing.T, got page) {
	t.Helper()
	told := page{}
	for series, value := range got {
		if strings.HasPrefix(series, "msgraph_security_objective_m") {
			told[series] = value
		}
	}
	if diff := cmp.Diff(l.want, told); diff != "" {
		t.Errorf("at %s (-want +got):\n%s", time.Now(), diff)
	}
}
