package mirror

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"msgraph_security_exporter/internal/defender"
)

// A tolerance says how late the mirror may be with what kind of change.
type tolerance struct {
	skew    time.Duration // how far ahead of the true time a snapshot's stamp may be
	look    time.Time     // when the last lookback began that has ended: what became readable late by then is due
	young   time.Duration // for undated changes of incidents younger than an hour
	old     time.Duration // for undated changes of others
	settled time.Time     // undated changes made before count from then
	burst   time.Time     // until then so much changes that late changes are left to lookbacks
	offset  time.Duration // of Graph's clock from the true one
	passes  []served      // snapshots served so far, since the start of the mirror
}

// A served is a snapshot that was served.
type served struct{ taken, read, look time.Time }

// before returns the last snapshot that was read before a deletion: what changed after it may
// never have been readable to a pass, or to a lookback.
func (t *tolerance) before(deletion time.Time) served {
	for _, p := range slices.Backward(t.passes) {
		if p.read.Before(deletion) {
			return p
		}
	}
	return served{}
}

// due returns by which stamp a snapshot has to show the version.
func (t *tolerance) due(v *version, created defender.Ticks, look time.Time) time.Time {
	base := v.at
	if base.Before(t.settled) {
		base = t.settled
	}
	switch {
	case v.dated && v.lag+2*t.skew < 28*time.Second && (v.lag < 2*time.Second || v.at.After(t.burst)):
		return v.at
	case v.dated && v.lag < 14*time.Minute+30*time.Second:
		if v.at.After(look) {
			return v.at.Add(time.Hour)
		}
		return v.at
	case v.at.Sub(created.Time().Add(-t.offset)) < 59*time.Minute:
		return base.Add(t.young)
	default:
		return base.Add(t.old)
	}
}

// allowed returns every state of an incident that a snapshot stamped taken and
// read now may show; nil among them means that it may be missing.
func (w *world) allowed(id string, taken, now time.Time, t *tolerance) []*defender.Incident {
	versions := w.visible(id, now)
	states := []*defender.Incident{}
	overdue := false // some later version had to be shown by then
	by, look := taken, t.look
	for _, v := range slices.Backward(versions) {
		if !overdue {
			states = append(states, v.state)
		}
		overdue = overdue || !t.due(&v, createdOf(versions), look).After(by.Add(-t.skew))
		if v.gone {
			last := t.before(v.at)
			by, look = last.taken, last.look
		}
	}
	if !overdue {
		states = append(states, nil) // before it could be read
	}
	return states
}

func createdOf(versions []version) defender.Ticks {
	for _, v := range versions {
		if v.state != nil {
			return v.state.Created
		}
	}
	return 0
}

// visible returns the versions that could be read at some time up to now: one
// that surfaced after a later one never was.
func (w *world) visible(id string, now time.Time) []version {
	var seen []version
	for _, v := range w.history[id] {
		if !v.at.After(now) && (len(seen) == 0 || v.serial > seen[len(seen)-1].serial) {
			seen = append(seen, v)
		}
	}
	return seen
}

// check compares a snapshot with what it may show and describes the first
// incident that is wrong.
func (w *world) check(s *Snapshot, now time.Time, t *tolerance) error {
	shown := map[string]*defender.Incident{}
	for i := range s.Open {
		shown[s.Open[i].ID] = &s.Open[i]
	}
	for id := range w.history {
		got := shown[id]
		delete(shown, id)
		states := w.allowed(id, earlier(s.Taken.Add(-w.offset), now), now, t)
		if !slices.ContainsFunc(states, func(want *defender.Incident) bool { return equal(got, want) }) {
			return fmt.Errorf("snapshot of %s read at %s: incident %s is %+v, may be %s\nhistory: %s",
				s.Taken.Format(timeFormat), now.UTC().Format(timeFormat), id, got, describe(states), w.tell(id))
		}
	}
	for id := range shown {
		return fmt.Errorf("snapshot holds incident %s, which never was", id)
	}
	return nil
}

// earlier keeps a stamp out of the future, where a proxy's Date has put it.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func equal(a, b *defender.Incident) bool { return a == b || a != nil && b != nil && *a == *b }

const timeFormat = "15:04:05.000"

func describe(states []*defender.Incident) string {
	var s strings.Builder
	for _, in := range states {
		fmt.Fprintf(&s, "\n  %+v", in)
	}
	return s.String()
}

func (w *world) tell(id string) string {
	var s strings.Builder
	for _, v := range w.history[id] {
		fmt.Fprintf(&s, "\n  from %s (lag %s, dated %t): %+v", v.at.UTC().Format(timeFormat), v.lag, v.dated, v.state)
	}
	return s.String()
}

// forgetOld shortens the histories to what can still matter.
func (w *world) forgetOld(now time.Time) {
	for id, versions := range w.history {
		if now.Sub(versions[len(versions)-1].at) < 2*time.Hour {
			continue
		}
		seen := w.visible(id, now)
		last := seen[len(seen)-1]
		if last.state == nil && !slices.Contains(w.ids, id) {
			delete(w.history, id)
		} else {
			w.history[id] = []version{last}
		}
	}
}

// upTo draws a duration below d.
func (w *world) upTo(d time.Duration) time.Duration { return time.Duration(w.rng.Int64N(int64(d))) }
