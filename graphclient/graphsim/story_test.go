package graphsim_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// byStatus counts incidents in the ways a dashboard would.
func byStatus(all []graphsim.Incident, now time.Time) map[string]int {
	n := map[string]int{"all": len(all)}
	for _, in := range all {
		if !in.Open() {
			n["closed"]++
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
		if age := now.Sub(in.Created); age > 7*24*time.Hour {
			n["week old"]++
		} else if age < time.Hour {
			n["fresh"]++
		}
	}
	return n
}

// However long it goes on, the story looks like a tenant somebody could have.
func TestStoryStaysBelievable(t *testing.T) {
	at := &clock{epoch}
	sim := graphsim.New(graphsim.Config{Now: at.now})
	story := graphsim.NewStory(sim, 1)
	expected := map[string][2]int{
		"open": {80, 170}, "all": {150, 2500}, "informational": {15, 65}, "low": {15, 65}, "medium": {15, 65}, "high": {4, 40},
		"active": {25, 110}, "inProgress": {20, 90}, "awaitingAction": {0, 25}, "unscored": {1, 25}, "top": {0, 20},
		"unassigned": {12, 75}, "week old": {1, 25}, "fresh": {20, 100},
	}
	total := map[string]int{}
	const days = 14
	for i := range days * 144 {
		if i%50 == 0 {
			n := byStatus(sim.Truth(), at.Time)
			for name, r := range expected {
				if total[name] += n[name]; n[name] < r[0] || n[name] > r[1] {
					t.Errorf("after %s: got %d %s, want %d to %d", at.Sub(epoch), n[name], name, r[0], r[1])
				}
			}
		}
		at.advance(10 * time.Minute)
		story.Step(at.Time)
	}
	mean := func(name string) int { return total[name] * 50 / (days * 144) }
	if open, unassigned, top := mean("open"), mean("unassigned"), mean("top"); open < 110 || open > 130 || unassigned*4 < open || unassigned*5 > open*2 || top < 3 || top > 10 {
		t.Errorf("got on average %d open, %d unassigned, %d of high priority", open, unassigned, top)
	}
}

// Somebody who watches a dashboard sees it move within a minute, whenever that is.
func TestStoryMovesWithinAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{})
		story := graphsim.NewStory(sim, 3)
		if n := byStatus(sim.Truth(), time.Now()); n["open"] < 115 || n["open"] > 125 || n["closed"] < 50 {
			t.Errorf("begins with %v", n)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { story.Run(ctx); close(ended) }()
		still := 0
		for range 240 {
			before := time.Now()
			time.Sleep(time.Minute)
			changed, arrived := 0, 0
			for _, in := range sim.Visible() {
				if !in.Updated.Before(before) {
					changed++
				}
				if !in.Created.Before(before) {
					arrived++
				}
			}
			if changed < 2 || arrived == 0 {
				still++
			}
		}
		if still > 24 {
			t.Errorf("got %d of 240 minutes in which little happened", still)
		}
		cancel()
		<-ended
	})
}

// Each kind of event of the contract happens in a day of the story: dated and undated ones.
func TestStoryTellsOfEverything(t *testing.T) {
	at := &clock{epoch}
	sim := graphsim.New(graphsim.Config{Now: at.now})
	story := graphsim.NewStory(sim, 1)
	seen := map[string]int{}
	last := map[string]graphsim.Incident{}
	for range 2 * 3600 / 10 {
		at.advance(10 * time.Second)
		story.Step(at.Time)
		for _, in := range sim.Visible() {
			before, known := last[in.ID]
			if last[in.ID] = in; known {
				logRequest(seen, before, in)
			}
		}
	}
	for _, name := range []string{"scored", "re-scored", "assigned", "begun", "waiting", "resolved", "merged", "merged undated",
		"reopened", "raised", "raised undated", "judged", "judged undated", "tagged"} {
		if seen[name] == 0 {
			t.Errorf("not once %s: %v", name, seen)
		}
	}
}

// logRequest counts what became of an incident.
func logRequest(seen map[string]int, a, b graphsim.Incident) {
	count := func(name string, happened bool) {
		if happened {
			seen[name]++
			if a.Updated.Equal(b.Updated) {
				seen[name+" undated"]++
			}
		}
	}
	count("scored", a.Score == nil && b.Score != nil)
	count("re-scored", a.Score != nil && b.Score != nil && *a.Score != *b.Score)
	count("assigned", a.AssignedTo == "" && b.AssignedTo != "")
	count("begun", a.Status == "active" && b.Status == "inProgress")
	count("waiting", b.Status == "awaitingAction" && a.Status != b.Status)
	count("resolved", a.Open() && b.Status == "resolved" && b.Classification != "unknown" && b.Determination != "unknown")
	count("merged", a.Open() && b.Status == "redirected" && b.RedirectTo != "")
	count("reopened", !a.Open() && b.Open())
	count("raised", a.Severity != b.Severity)
	count("judged", b.Open() && a.Classification == "unknown" && b.Classification != "unknown")
	count("tagged", len(a.Tags) < len(b.Tags))
}
