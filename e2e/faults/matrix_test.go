//go:build linux

package faults

import (
	"math/rand/v2"
	"regexp"
	"testing"
	"time"
)

// TestFaultMatrix plays each fault at each moment: the exporter lives, never shows a wrong number with
// up 1 and no reason, shows the reason, tells no secret, and is right again within two good pulls.
func TestFaultMatrix(t *testing.T) {
	wanted := regexp.MustCompile(*only)
	table := newTable(t)
	var cells []func(*testing.T)
	var names []string
	for _, f := range all() {
		for m := range moments {
			name := f.name + ", " + m.String()
			if !f.applies(m) || !wanted.MatchString(name) || table.has(f, m) || f.adjusted && *sample > 0 {
				continue
			}
			names = append(names, name)
			cells = append(cells, func(t *testing.T) {
				t.Parallel()
				c := &cell{t: t, fault: f, moment: m}
				began := time.Now()
				c.play()
				t.Logf("%v, right again after %d pulls, quiet after %s; took %s", c.outcome.Reasons, c.outcome.Pulls, c.outcome.Quiet.Round(time.Millisecond), time.Since(began).Round(time.Second))
				if !t.Failed() {
					table.add(t, f, m, c.outcome)
				}
			})
		}
	}
	order := rand.New(rand.NewPCG(*seed, 0)).Perm(len(cells))
	if *sample > 0 && !*update {
		t.Logf("a sample of %d of %d cases, seed %d", *sample, len(cells), *seed)
		order = order[:min(*sample, len(order))]
	}
	t.Run("cells", func(t *testing.T) {
		for _, i := range order {
			t.Run(names[i], cells[i])
		}
	})
	if *update && !t.Failed() && *only == "" {
		table.write(t)
	}
}

// TestLog plays what becomes of the log, which a sample may lack: the exporter lives on a full disk, and
// when whoever reads its log goes away.
func TestLog(t *testing.T) {
	for _, f := range processes() {
		if f.stderr == kept {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			c := &cell{t: t, fault: f, moment: pull}
			c.play()
		})
	}
}
