package graphsim_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// census counts the open incidents in ways a dashboard would.
func census(sim *graphsim.Sim, now time.Time) map[string]int {
	n := map[string]int{}
	for _, in := range sim.Truth() {
		n["all"]++
		if !in.Open() {
			continue
		}
		n["open"]++
		n[in.Severity]++
		n[in.Status]++
		switch {
		case in.Score == nil:
			n["unscored"]++
		case *in.Score > 85:
			n["top"]++
		}
		if in.AssignedTo == "" {
			n["unassigned"]++
		}
		if now.Sub(in.Created) > 7*24*time.Hour {
			n["week"]++
		}
	}
	return n
}

func TestStoryLog(t *testing.T) {
	at := &clock{epoch}
	sim := graphsim.New(graphsim.Config{Now: at.now})
	story := graphsim.NewStory(sim, 1)
	for i := range 60 * 24 * 28 {
		if i%(60*12) == 0 || i < 5 {
			t.Log(i, census(sim, at.Time))
		}
		at.advance(time.Minute)
		story.Step(at.Time)
	}
}

var _ = context.Background
var _ = synctest.Test
