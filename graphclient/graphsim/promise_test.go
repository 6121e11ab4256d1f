package graphsim_test

import (
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// late counts the objectives that open incidents have missed, those of a team that has
// declared none, and incidents of high priority or severity that nobody has.
func late(all []graphsim.Incident, now time.Time) (missed, unowned int) {
	resolve := map[string]time.Duration{"high": 24 * time.Hour, "medium": 72 * time.Hour, "low": 168 * time.Hour}
	take := map[string]time.Duration{"high": 30 * time.Minute, "medium": 4 * time.Hour}
	for _, in := range all {
		if !in.Open() {
			continue
		}
		age, nobody := now.Sub(in.Created), in.AssignedTo == "" && in.Status == "active"
		top := in.Score != nil && *in.Score > 85
		if bound, is := resolve[in.Severity]; is && age > bound {
			missed++
		}
		if bound, is := take[in.Severity]; is && nobody && age > bound {
			missed++
		}
		if top && nobody && age > 15*time.Minute {
			missed++
		}
		if in.AssignedTo == "" && (top || in.Severity == "high") {
			unowned++
		}
	}
	return missed, unowned
}

// The team begins within its promises, whatever the seed, and breaks one now and then.
func TestStoryKeepsItsPromises(t *testing.T) {
	for seed := range uint64(3) {
		at := &clock{epoch}
		sim := graphsim.New(graphsim.Config{Now: at.now})
		story := graphsim.NewStory(sim, seed)
		if missed, _ := late(sim.Truth(), at.Time); missed > 0 {
			t.Errorf("seed %d: begins with %d missed", seed, missed)
		}
		const hours = 48
		some, most, crowded := 0, 0, 0
		for range hours * 12 {
			at.advance(5 * time.Minute)
			story.Step(at.Time)
			missed, unowned := late(sim.Truth(), at.Time)
			if most = max(most, missed); missed > 0 {
				some++
			}
			if unowned > 4 {
				crowded++
			}
		}
		t.Logf("seed %d: something is missed in %d of %d moments, at most %d, five unowned in %d", seed, some, hours*12, most, crowded)
		if some < hours || some > hours*6 || most > 6 || crowded > hours {
			t.Errorf("seed %d: something is missed in %d of %d moments, at most %d, five unowned in %d", seed, some, hours*12, most, crowded)
		}
	}
}
