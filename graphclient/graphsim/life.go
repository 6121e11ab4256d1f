package graphsim

import (
	"slices"
	"time"
)

// A step is something that happens to an incident while it is open.
type step struct {
	after  time.Duration // since its creation
	dating Dating
	do     func(*Incident)
}

// character makes up an incident as it arrives.
func (st *Story) character() Incident {
	return Incident{Severity: st.weighted(severities), DisplayName: st.pick(titles), Tags: st.tags()}
}

func (st *Story) tags() []string {
	if st.maybe(0.25) {
		return []string{st.pick(tags)}
	}
	return nil
}

// A plot collects what happens to an incident.
type plot struct {
	steps    []step
	severity string // the worst
	score    int    // the highest
}

func (p *plot) add(after time.Duration, dating Dating, do func(*Incident)) {
	p.steps = append(p.steps, step{after, dating, do})
}

// steps plans what happens to an incident before it is closed, in order, and the closing:
// the last step. What does not certainly move lastUpdateDateTime in Graph is undated here, or
// left to chance.
func (st *Story) steps(in Incident, life time.Duration) []step {
	p := &plot{severity: in.Severity}
	st.addScores(p, in, life)
	if st.maybe(0.06) && life < toResolve["high"] {
		p.severity = "high"
		p.add(st.between(life, 0.1, 0.9), st.dating(), func(in *Incident) { in.Severity = "high" })
	}
	life = st.addWork(p, life)
	if tag := st.pick(tags); st.maybe(0.2) {
		p.add(st.between(life, 0.1, 0.9), Dated, func(in *Incident) { in.Tags = append(in.Tags, tag) })
	}
	if v := st.drawResolution(); st.maybe(0.12) {
		p.add(st.between(life, 0.4, 0.9), st.dating(), func(in *Incident) { in.Classification, in.Determination = v.classification, v.determination })
	}
	slices.SortStableFunc(p.steps, func(a, b step) int { return int(a.after - b.after) })
	steps := slices.DeleteFunc(p.steps, func(s step) bool { return s.after >= life })
	return append(steps, st.closing(in, life))
}

// addScores plans the first score and a second.
func (st *Story) addScores(p *plot, in Incident, life time.Duration) {
	if st.maybe(0.94) {
		score := st.score(in.Severity)
		p.score = score
		p.add(3*time.Second+st.between(9*time.Second, 0, 1), Undated, func(in *Incident) { in.Score = &score })
	}
	if st.maybe(0.25) {
		score := st.score(in.Severity)
		p.score = max(p.score, score)
		p.add(st.between(life, 0.1, 0.9), Undated, func(in *Incident) {
			if in.Score != nil {
				in.Score = &score
			}
		})
	}
}

// addWork plans the analysts' part: somebody takes the incident, works on it, and may have to
// wait for somebody else. It returns how long the incident stays open for that.
func (st *Story) addWork(p *plot, life time.Duration) time.Duration {
	after := st.between(life, 0.03, 0.75)
	if p.severity == "high" {
		after /= 3
	}
	taken, life := st.taking(promise(p.severity, p.score), after, life)
	analyst := st.pick(analysts)
	p.add(taken, Dated, func(in *Incident) { in.AssignedTo = analyst })
	if !st.maybe(0.8) {
		return life
	}
	begun := taken + st.between(life-taken, 0, 0.3)
	p.add(begun, Dated, func(in *Incident) { in.Status = "inProgress" })
	if st.maybe(0.3) {
		waiting := begun + st.between(life-begun, 0.1, 0.5)
		p.add(waiting, Dated, func(in *Incident) { in.Status = "awaitingAction" })
		p.add(waiting+st.between(life-waiting, 0.3, 0.9), Dated, func(in *Incident) { in.Status = "inProgress" })
	}
	return life
}

// closing is the step that resolves the incident. Informational ones resolve themselves.
func (st *Story) closing(in Incident, life time.Duration) step {
	v, analyst := st.drawResolution(), st.pick(analysts)
	if in.Severity == "informational" {
		analyst = ""
	}
	return step{life, Dated, func(in *Incident) {
		in.Status, in.Classification, in.Determination = "resolved", v.classification, v.determination
		if in.AssignedTo == "" {
			in.AssignedTo = analyst
		}
	}}
}

// plan puts the steps of an incident on the agenda.
func (st *Story) plan(id string, began time.Time, steps []step) {
	if len(steps) == 0 {
		st.retire(id, began)
		return
	}
	for _, s := range steps[:len(steps)-1] {
		st.expect(began.Add(s.after), func(time.Time) { st.happen(id, s) })
	}
	last := steps[len(steps)-1]
	st.expect(began.Add(last.after), func(now time.Time) { st.end(id, last, now) })
}

// happen carries out a step, unless the incident has been closed.
func (st *Story) happen(id string, s step) bool {
	if !st.isOpen(id) {
		return false
	}
	return st.sim.Change(id, s.dating, s.do)
}

// end closes an incident: by merging it into another, or with a resolution, which some day is
// seen to have come too early.
func (st *Story) end(id string, last step, now time.Time) {
	if target := st.anotherOpen(id); target != "" && st.maybe(0.08) {
		st.sim.Merge(id, target, st.dating())
	} else if st.happen(id, last) && st.maybe(0.03) {
		st.expect(now.Add(time.Minute+st.exponential(5*time.Minute)), func(now time.Time) { st.reopen(id, now) })
		return
	}
	st.retire(id, now)
}

func (st *Story) reopen(id string, now time.Time) {
	st.sim.Change(id, Dated, func(in *Incident) {
		in.Status, in.Classification, in.Determination = "active", "unknown", "unknown"
	})
	st.open = append(st.open, id)
	st.plan(id, now, []step{st.closing(Incident{}, st.life(Incident{}, paces[0].mean))})
}

// retire removes a closed incident after some hours, where Graph would after half a year, so that
// a story that goes on for weeks needs no more memory than one of a day.
func (st *Story) retire(id string, now time.Time) {
	st.expect(now.Add(keepResolved), func(time.Time) { st.sim.Delete(id) })
}

func (st *Story) isOpen(id string) bool {
	in, ok := st.sim.incident(id)
	return ok && in.Open()
}

// anotherOpen returns an open incident at random that is not the given one, or "".
func (st *Story) anotherOpen(than string) string {
	for len(st.open) > 0 {
		i := st.rng.IntN(len(st.open))
		id := st.open[i]
		if id != than && st.isOpen(id) {
			return id
		}
		st.open[i] = st.open[len(st.open)-1]
		st.open = st.open[:len(st.open)-1]
	}
	return ""
}

func (st *Story) dating() Dating {
	if st.maybe(0.5) {
		return Undated
	}
	return Dated
}
