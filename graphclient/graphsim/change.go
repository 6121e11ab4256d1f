package graphsim

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Add creates an incident and returns its id. Zero fields get defaults: the next id, the
// service's time, active, medium, unknown. Updated defaults to Created. An incident whose
// times are given is taken to have changed then, so that its visibility lag may be over.
// Add panics when the id is taken.
func (s *Sim) Add(in Incident) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.revealDue(now)
	next := in.clone()
	changed := s.date(next, now)
	next.setDefaults()
	if next.ID == "" {
		next.ID = s.freeID()
	}
	if s.records[next.ID] != nil {
		panic(fmt.Sprintf("graphsim: incident %s exists", next.ID))
	}
	s.serial++
	rec := &record{number: s.serial}
	s.records[next.ID] = rec
	s.publish(rec, next, Dated, changed)
	return next.ID
}

// date fills in the times of a new incident and returns the true time of its last change.
func (s *Sim) date(in *Incident, now time.Time) time.Time {
	changed := now
	if in.Updated.IsZero() {
		in.Updated = in.Created
	}
	if in.Updated.IsZero() {
		in.Updated = s.stamp(now)
	} else {
		changed = in.Updated
	}
	if in.Created.IsZero() {
		in.Created = in.Updated
	}
	in.Created, in.Updated = wireTime(in.Created), wireTime(in.Updated)
	return changed
}

func (s *Sim) freeID() string {
	for {
		s.nextID++
		if id := strconv.FormatUint(s.nextID, 10); s.records[id] == nil {
			return id
		}
	}
}

// Change lets f change an incident and reports whether there is one. A dated change moves
// Updated to the service's time, unless f moves it itself.
func (s *Sim) Change(id string, kind Dating, f func(*Incident)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change(id, kind, f)
}

func (s *Sim) change(id string, kind Dating, f func(*Incident)) bool {
	now := s.now()
	s.revealDue(now)
	rec := s.records[id]
	if rec == nil || rec.truth == nil {
		return false
	}
	next := rec.truth.clone()
	f(next)
	next.ID, next.Created = rec.truth.ID, rec.truth.Created
	if kind == Dated && next.Updated.Equal(rec.truth.Updated) {
		next.Updated = s.stamp(now)
	}
	next.Updated = wireTime(next.Updated)
	s.publish(rec, next, kind, now)
	return true
}

// Merge redirects source into target, and reports whether both exist. kind is that of the
// change of source; target, which receives alerts, changes with a date.
func (s *Sim) Merge(source, target string, kind Dating) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rec := s.records[target]; rec == nil || rec.truth == nil || source == target {
		return false
	}
	merged := s.change(source, kind, func(in *Incident) {
		in.Status, in.RedirectTo = "redirected", target
	})
	return merged && s.change(target, Dated, func(*Incident) {})
}

// Delete removes an incident, as retention does, and reports whether there was one.
// Clients read it until its visibility lag is over.
func (s *Sim) Delete(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.revealDue(now)
	rec := s.records[id]
	if rec == nil || rec.truth == nil {
		return false
	}
	s.publish(rec, nil, Undated, now)
	return true
}

// Incident returns one incident as it is, readable or not, and whether there is one.
func (s *Sim) Incident(id string) (Incident, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revealDue(s.now())
	rec := s.records[id]
	if rec == nil || rec.truth == nil {
		return Incident{}, false
	}
	return *rec.truth.clone(), true
}

// Truth returns every incident as it is, readable or not, by id.
func (s *Sim) Truth() []Incident {
	return s.all(func(r *record) *Incident { return r.truth })
}

// Visible returns every incident as clients can read it now, by id.
func (s *Sim) Visible() []Incident {
	return s.all(func(r *record) *Incident { return r.read })
}

func (s *Sim) all(state func(*record) *Incident) []Incident {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revealDue(s.now())
	var states []*Incident
	for _, rec := range s.records {
		if in := state(rec); in != nil {
			states = append(states, in)
		}
	}
	slices.SortFunc(states, byID)
	all := make([]Incident, len(states))
	for i, in := range states {
		all[i] = *in.clone()
	}
	return all
}

// incident returns the true state of one incident.
func (s *Sim) incident(id string) (Incident, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revealDue(s.now())
	rec := s.records[id]
	if rec == nil || rec.truth == nil {
		return Incident{}, false
	}
	return *rec.truth, true
}
