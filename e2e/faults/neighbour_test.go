//go:build linux

package faults

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

const (
	pairs     = 100  // of pulls of a neighbour, without and with a tenant in trouble beside it
	slower    = 1.10 // the ratio of their medians at most
	tries     = 4    // until noise is ruled out
	troubling = 500 * time.Millisecond
)

// TestNeighbour measures side by side two exporters of two tenants each. In one of them the other tenant
// has a fault in all that it asks. The answers of its neighbour are the same, and no more than a tenth slower.
func TestNeighbour(t *testing.T) {
	peaceful := &cell{t: t, fault: &fault{name: "none"}, moment: pull}
	peaceful.begin()
	var states []*fault
	for _, f := range all() {
		if !f.shared && f.stderr == kept && f.only == nil && (!f.adjusted || *sample == 0) && (f.applies(pull) || f.applies(token)) {
			states = append(states, f)
		}
	}
	order := rand.New(rand.NewPCG(*seed, 1)).Perm(len(states))
	if *sample > 0 {
		order = order[:min(*sample/4, len(order))]
	}
	var worst []string
	for _, i := range order {
		f := states[i]
		t.Run(f.name, func(t *testing.T) {
			troubled := &cell{t: t, fault: f, moment: reload} // everything is struck
			troubled.begin()
			troubled.arm()
			troubled.sim.RevokeTokens()
			stop := troubled.trouble()
			defer stop()
			best := 0.0
			for range tries {
				if ratio := compareNeighbours(t, peaceful, troubled); best == 0 || ratio < best {
					best = ratio
				}
				if best <= slower {
					break
				}
			}
			worst = append(worst, fmt.Sprintf("%.3f %s", best, f.name))
			if n, _ := troubled.front.struck(); best > slower || n == 0 {
				t.Errorf("a neighbour's pulls take %.2f times as long; struck %d times", best, n)
			}
		})
	}
	slices.Sort(worst)
	for _, w := range worst {
		t.Log(w)
	}
}

// begin starts the cell, and waits until both tenants are right.
func (c *cell) begin() {
	c.setUp()
	c.start()
	c.before()
	await(c.t, "the neighbour", func() error {
		if c.lookBeside(); c.open == nil {
			return fmt.Errorf("not there yet")
		}
		return nil
	})
}

// trouble pulls the struck tenant again and again, until stop is called.
func (c *cell) trouble() (stop func()) {
	ended, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for {
			_, _ = c.exporter.pull("struck", 2*time.Second)
			select {
			case <-ended:
				return
			case <-time.After(troubling):
			}
		}
	}()
	return func() {
		close(ended)
		<-over
	}
}

// compareNeighbours pulls both neighbours in turn, and returns the ratio of their medians.
func compareNeighbours(t *testing.T, peaceful, troubled *cell) float64 {
	t.Helper()
	took := map[*cell][]time.Duration{}
	for i := range pairs {
		both := []*cell{peaceful, troubled}
		if i%2 == 1 {
			slices.Reverse(both)
		}
		for _, c := range both {
			p, err := c.exporter.pull("neighbour", 5*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if !p.up() || len(p.reasons) > 0 || !maps.Equal(p.open, c.open) {
				t.Fatalf("the neighbour: up %t, reasons %v, changed %t", p.up(), p.reasons, !maps.Equal(p.open, c.open))
			}
			took[c] = append(took[c], p.arrived.Sub(p.sent))
		}
	}
	for _, d := range took {
		slices.Sort(d)
	}
	return float64(took[troubled][pairs/2]) / float64(took[peaceful][pairs/2])
}
