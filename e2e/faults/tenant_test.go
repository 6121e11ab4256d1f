//go:build linux

package faults

import (
	"slices"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// populate gives a tenant open incidents that are hours to weeks old, a few young ones, and closed ones.
func populate(sim *graphsim.Sim, open int, updated bool) {
	now := time.Now().Truncate(time.Second)
	severities := []string{"low", "medium", "high", "informational"}
	for i := range open + 20 {
		in := graphsim.Incident{Created: now.Add(-time.Duration(2+i*7) * time.Hour), Severity: severities[i%4], Score: new(i * 3 % 101)}
		if i >= open {
			in.Status = "resolved"
		} else if i < 3 {
			in.Created = now.Add(-time.Duration(i+1) * time.Minute)
		}
		if updated {
			in.Updated = now.Add(-time.Minute)
		}
		sim.Add(in)
	}
}

// someOpen returns an open incident that is old.
func (c *cell) someOpen() string {
	for _, in := range slices.Backward(c.sim.Truth()) {
		if in.Open() && time.Since(in.Created) > 3*time.Hour {
			return in.ID
		}
	}
	return ""
}

// change has something happen that a pull must show: an incident comes, or is resolved.
func (c *cell) change() {
	if n := len(c.changes); n > 0 && n%2 == 0 {
		c.sim.Change(c.changes[n-2], graphsim.Dated, func(in *graphsim.Incident) { in.Status = "resolved" })
	}
	c.changes = append(c.changes, c.sim.Add(graphsim.Incident{Severity: "high", Score: new(90)}))
}
