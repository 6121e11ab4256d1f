package mirror

import (
	"math/rand/v2"
	"slices"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/defender"
)

// A version is a state of one incident that clients could read from some time on.
type version struct {
	at     time.Time          // since when it is readable, on the true clock
	state  *defender.Incident // nil: there is none, or a closed one
	lag    time.Duration      // from the change to at
	dated  bool
	gone   bool // deleted: not even a closed incident can be read
	serial int
}

// A world is a simulated tenant together with the history of what could be read
// of it, kept apart from the simulator: the oracle of the model test.
type world struct {
	sim     *graphsim.Sim
	rng     *rand.Rand
	offset  time.Duration // of Graph's clock from the true one
	lagMode int
	lag     time.Duration // of the latest change, as drawn for the simulator
	history map[string][]version
	ids     []string // of incidents that may still be there
	serial  int
	decode  *defender.Decoder
}

func newWorld(seed uint64, cfg graphsim.Config) *world {
	w := &world{
		rng:     rand.New(rand.NewPCG(seed, 1)),
		history: map[string][]version{},
		decode:  defender.NewDecoder(nil, false),
	}
	cfg.Seed = seed
	cfg.Retention = -1
	cfg.Terse = true
	cfg.KeepRequests = 100
	cfg.Now = func() time.Time { return time.Now().Add(w.offset) }
	cfg.VisibilityLag = func(*rand.Rand) time.Duration { return w.lag }
	w.sim = graphsim.New(cfg)
	return w
}

// draw decides how late the next change becomes readable.
func (w *world) draw() {
	w.lag = 0
	switch p := w.rng.IntN(20); {
	case w.lagMode == 0:
	case p < 6:
		w.lag = w.upTo(25 * time.Second)
	case p < 8 && w.lagMode > 1:
		w.lag = w.upTo(14 * time.Minute)
	}
}

// note adds the present state of an incident to the history.
func (w *world) note(id string, dated bool) {
	w.serial++
	in, found := w.sim.Incident(id)
	v := version{at: time.Now().Add(w.lag), lag: w.lag, dated: dated, gone: !found, serial: w.serial}
	if found && in.Open() {
		v.state = new(fromSim(in))
	}
	versions := append(w.history[id], v)
	slices.SortStableFunc(versions, func(a, b version) int { return a.at.Compare(b.at) })
	w.history[id] = versions
}

// fromSim is the independent translation of the simulator's truth.
func fromSim(in graphsim.Incident) defender.Incident {
	out := defender.Incident{
		ID:             in.ID,
		Created:        defender.TicksOf(in.Created),
		Updated:        defender.TicksOf(in.Updated),
		Assigned:       in.AssignedTo != "",
		Severity:       defender.Severity(1 + slices.Index(defender.FieldSeverity.Names(), in.Severity)),
		Status:         defender.Status(1 + slices.Index(defender.FieldStatus.Names(), in.Status)),
		Classification: defender.Classification(max(1, 1+slices.Index(defender.FieldClassification.Names(), in.Classification))),
		Determination:  defender.Determination(max(1, slices.Index(defender.FieldDetermination.Names(), in.Determination)+1)),
	}
	if in.Score != nil {
		out.Score, out.Scored = int32(*in.Score), true
	}
	return out
}

func (w *world) pick() string {
	if len(w.ids) == 0 {
		return ""
	}
	return w.ids[w.rng.IntN(len(w.ids))]
}

func one[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func (w *world) create(age time.Duration) {
	w.draw()
	in := graphsim.Incident{Severity: one(w.rng, "low", "medium", "high", "informational")}
	if age > 0 {
		in.Created = time.Now().Add(w.offset - age).Truncate(time.Second / 10)
		in.Updated = in.Created
		w.lag = 0
	}
	if w.rng.IntN(2) == 0 {
		in.Score = new(w.rng.IntN(101))
	}
	id := w.sim.Add(in)
	w.ids = append(w.ids, id)
	w.note(id, true)
	if age > 0 {
		w.history[id][0].at = in.Created.Add(-w.offset)
	}
}

// change makes one random change to one random incident.
func (w *world) change() {
	id := w.pick()
	if id == "" {
		return
	}
	w.draw()
	kind := one(w.rng, graphsim.Dated, graphsim.Dated, graphsim.Undated)
	edit := one(w.rng,
		func(in *graphsim.Incident) { in.Severity = one(w.rng, "low", "medium", "high", "unknown") },
		func(in *graphsim.Incident) { in.Score = new(w.rng.IntN(101)) },
		func(in *graphsim.Incident) { in.AssignedTo = one(w.rng, "", "a@example.com", "b@example.com") },
		func(in *graphsim.Incident) { in.Status = one(w.rng, "active", "inProgress", "awaitingAction") },
		func(in *graphsim.Incident) {
			in.Classification = one(w.rng, "truePositive", "falsePositive", "unknown")
		},
	)
	if !w.sim.Change(id, kind, edit) {
		return
	}
	w.note(id, kind == graphsim.Dated)
}

// resolve closes an incident, or opens it again.
func (w *world) resolve() {
	id := w.pick()
	w.draw()
	if w.sim.Change(id, graphsim.Dated, func(in *graphsim.Incident) {
		if in.Open() {
			in.Status = "resolved"
		} else {
			in.Status = "active"
		}
	}) {
		w.note(id, true)
	}
}

func (w *world) merge() {
	source, target := w.pick(), w.pick()
	w.draw()
	kind := one(w.rng, graphsim.Dated, graphsim.Undated)
	if w.sim.Merge(source, target, kind) {
		w.note(source, kind == graphsim.Dated)
		w.note(target, true)
	}
}

// remove deletes an incident. One that was just updated is spared where a pass may be longer
// than a page: a row that is deleted while it is read can hide another, which is the exception
// that docs/mirror.md names.
func (w *world) remove() {
	id := w.pick()
	if versions := w.history[id]; len(w.ids) > 20 && time.Since(versions[len(versions)-1].at) < lookbackReach {
		return
	}
	w.draw()
	if w.sim.Delete(id) {
		w.note(id, false)
		w.ids = slices.DeleteFunc(w.ids, func(s string) bool { return s == id })
	}
}
