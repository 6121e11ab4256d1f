package graphsim

import "time"

// The team has promised to begin and to end its work in time, as an exporter without a
// configuration of its own wants it of any. It keeps the promises but now and then.
var (
	toResolve = map[string]time.Duration{"high": 24 * time.Hour, "medium": 3 * 24 * time.Hour, "low": 7 * 24 * time.Hour}
	toTake    = map[string]time.Duration{"high": 30 * time.Minute, "medium": 4 * time.Hour}
)

// What has a high score is to be taken sooner than whatever its severity asks for.
const (
	highScore  = 86
	toTakeHigh = 15 * time.Minute
)

// How many of those that are due the team is late with: to take what has a high score, to
// resolve. The longer something may wait, the longer it is seen late, and the rarer that is.
const (
	takenLate    = 0.05
	resolvedLate = 0.02
)

// life is how long an incident of the given pace stays open, as chance has it and the
// team has promised.
func (st *Story) life(in Incident, mean time.Duration) time.Duration {
	life := max(45*time.Second, st.exponential(mean))
	promised := toResolve[in.Severity]
	switch {
	case promised == 0 || life < promised*9/10:
		return life
	case st.late(resolvedLate):
		return st.between(promised, 1.02, 1.3)
	default:
		return st.between(promised, 0.3, 0.9)
	}
}

// taking is when somebody takes an incident that nobody would need to take before the given
// time, and how long it then stays open at least.
func (st *Story) taking(promised, after, life time.Duration) (taken, least time.Duration) {
	switch {
	case promised == 0:
		return after, life
	case st.late(takenLate * float64(toTakeHigh) / float64(promised)):
		taken = st.between(promised, 1.1, 1.6)
		return taken, max(life, taken*5/4)
	case after > promised*8/10:
		return st.between(promised, 0.2, 0.8), life
	default:
		return after, life
	}
}

// promise is how soon an incident is to be taken that will be of that severity and have
// that score at worst, or 0.
func promise(severity string, score int) time.Duration {
	promised := toTake[severity]
	if score >= highScore {
		promised = toTakeHigh
	}
	return promised
}

// late says whether the team is, which it never is before the story begins.
func (st *Story) late(share float64) bool { return st.slips && st.maybe(share) }
