package graphsim

import "time"

// A Transition is the moment when clients began to read another state of an incident.
type Transition struct {
	At            time.Time // the service's true time
	Dating        Dating    // Dated when Updated moved with it, or the change was meant to move it
	Before, After *Incident // nil: not readable. They must not be written to
}

// A moment is a Transition without what was before.
type moment struct {
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

// remember adds what becomes readable to the record's past.
func (r *record) remember(v version, before *Incident) {
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
	r.past = append(r.past, moment{v.at, kind, v.state})
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
	s.settle(s.now())
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
	add := func(state *Incident) {
		k := ""
		if state != nil {
			k = key(*state)
		}
		for _, known := range keys {
			if known == k {
				return
			}
		}
		keys = append(keys, k)
	}
	add(r.read)
	if n := len(r.past); n > 0 && r.past[n-1].at.After(to) {
		keys = keys[:0] // the present state came later
	}
	var last time.Time // when a reader has let go of the state before the transition at hand
	for i := len(r.past) - 1; i >= 0; i-- {
		before := r.base
		if i > 0 {
			before = r.past[i-1].state
		}
		m := r.past[i]
		gone := m.at.Add(slack.of(Transition{At: m.at, Dating: m.dating, Before: before, After: m.state}))
		if last.IsZero() || gone.Before(last) {
			last = gone
		}
		began := i > 0 && r.past[i-1].at.After(to)
		if !last.Before(from) && !began {
			add(before)
		}
	}
	return keys
}

// ForgetBefore drops the history before t, of which Bounds can then say nothing any more.
func (s *Sim) ForgetBefore(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.now())
	for id, rec := range s.records {
		n := 0
		for n < len(rec.past) && rec.past[n].at.Before(t) {
			rec.base = rec.past[n].state
			n++
		}
		rec.past = append([]moment(nil), rec.past[n:]...)
		if len(rec.past) == 0 && rec.truth == nil && rec.read == nil {
			delete(s.records, id)
		}
	}
}
