package graphsim

import (
	"slices"
	"time"
)

// A Transition is the moment when clients began to read another state of an incident.
type Transition struct {
	At            time.Time // the service's true time
	Dating        Dating    // Dated when Updated moved with it, or the change was meant to move it
	Before, After *Incident // nil: not readable. They must not be written to
}

// A historyEntry is a Transition without what was before.
type historyEntry struct {
	at     time.Time
	dating Dating
	state  *Incident
}

// A Bound is how many incidents bore a key during a time.
type Bound struct {
	Throughout  int // those that bore no other
	AtAnyMoment int
}

// Slack is how late a reader may learn of a transition: until then it may still hold the state
// before, without being wrong.
type Slack struct {
	Dated, Undated time.Duration
	Of             func(Transition) time.Duration // in place of both, when not nil
}

func (l Slack) of(t Transition) time.Duration {
	switch {
	case l.Of != nil:
		return l.Of(t)
	case t.Dating == Dated:
		return l.Dated
	}
	return l.Undated
}

// addHistory adds what becomes readable to the record's past.
func (r *record) addHistory(v version, before *Incident) {
	if n := len(r.past); n > 0 && v.at.Before(r.past[n-1].at) {
		v.at = r.past[n-1].at
	}
	kind := v.dating
	if before == nil || v.state != nil && !before.Updated.Equal(v.state.Updated) {
		kind = Dated // an undated change that overtakes a dated one takes its date along
	}
	if v.state == nil {
		kind = Undated
	}
	r.past = append(r.past, historyEntry{v.at, kind, v.state})
}

// Bounds returns, for each key, how many incidents bore it throughout the time from from to
// to, and at any moment of it, in what clients could read; both ends and both sides of each
// transition count. An incident whose key is "" is not counted, nor is one that is not
// readable. With slack a state also counts as borne for as long as a reader may still hold it.
//
// It needs [Config.History], and panics without.
func (s *Sim) Bounds(from, to time.Time, slack Slack, key func(Incident) string) map[string]Bound {
	if !s.cfg.History {
		panic("graphsim: Bounds without Config.History")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revealDue(s.now())
	bounds := make(map[string]Bound)
	for _, rec := range s.records {
		keys := rec.keys(from, to, slack, key)
		for i, k := range keys {
			if k == "" {
				continue
			}
			b := bounds[k]
			if b.AtAnyMoment++; len(keys) == 1 && i == 0 {
				b.Throughout++
			}
			bounds[k] = b
		}
	}
	return bounds
}

// keys returns the different keys that the incident bore, or may be held to have borne.
func (r *record) keys(from, to time.Time, slack Slack, key func(Incident) string) []string {
	var keys []string
	add := func(state *Incident, began time.Time) {
		k := ""
		if state != nil {
			k = key(*state)
		}
		if !began.After(to) && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	state, began := r.before(len(r.past))
	add(state, began)
	var gone time.Time // when a reader has let go of the state before the transition at hand
	for i := len(r.past) - 1; i >= 0; i-- {
		m := r.past[i]
		state, began = r.before(i)
		due := m.at.Add(slack.of(Transition{At: m.at, Dating: m.dating, Before: state, After: m.state}))
		if gone.IsZero() || due.Before(gone) {
			gone = due
		}
		if gone.Before(from) {
			break
		}
		add(state, began)
	}
	return keys
}

// before returns what was readable before the i-th moment of the past, and since when: the
// zero time when that is not known.
func (r *record) before(i int) (state *Incident, began time.Time) {
	if i == 0 {
		return r.base, time.Time{}
	}
	return r.past[i-1].state, r.past[i-1].at
}

// ForgetBefore drops the history before t, of which Bounds can then say nothing any more.
func (s *Sim) ForgetBefore(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revealDue(s.now())
	for id, rec := range s.records {
		n := 0
		for n < len(rec.past) && rec.past[n].at.Before(t) {
			rec.base = rec.past[n].state
			n++
		}
		rec.past = append([]historyEntry(nil), rec.past[n:]...)
		if len(rec.past) == 0 && rec.truth == nil && rec.read == nil {
			delete(s.records, id)
		}
	}
}
