//go:build linux

package faults

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

const (
	between = 400 * time.Millisecond // pulls while the fault lasts
	apart   = 5 * time.Second        // pulls after it
	scrape  = 10 * time.Second       // how long a pull waits then, as Prometheus does by default
	linger  = 6 * time.Second        // how long a fault without a reason is watched
)

// during pulls while the fault lasts: until its reason is visible, or long enough to know that it needs none.
func (c *cell) during() {
	seen := map[string]bool{}
	shown := time.Time{}
	deadline := time.Now().Add(patience)
	for {
		n, at := c.front.struck()
		switch {
		case time.Now().After(deadline):
			c.t.Fatalf("struck %d times, and no reason is visible", n)
		case !shown.IsZero() && time.Since(shown) > 2*time.Second, n > 0 && !c.fault.needs(c.moment) && time.Since(at) > linger && !c.fault.mute, n > 0 && c.fault.mute && time.Since(at) > 14*time.Second:
			c.outcome.Reasons = slices.Sorted(maps.Keys(seen))
			return
		}
		c.change()
		p := c.look(c.fault.mute, 2*time.Second)
		if p != nil && n > 0 {
			for _, r := range c.visible(p) {
				seen[r] = true
			}
			if p.values["msgraph_security_config_last_reload_successful"] == 0 && c.fault.name == "a configuration file with a mistake" {
				seen["reload"] = true
			}
		}
		if n > 0 && c.checked == nil {
			c.visit()
		}
		if shown.IsZero() && len(seen) > 0 && !c.fault.mute {
			shown = time.Now()
		}
		time.Sleep(between)
	}
}

// look pulls the struck tenant and the one beside it, and judges both.
func (c *cell) look(mute bool, timeout time.Duration) *page {
	if !c.exporter.alive() {
		c.t.Fatalf("the exporter has ended: %v", c.exporter.command.ProcessState)
	}
	p, err := c.exporter.pull("struck", timeout)
	if err != nil {
		if !mute {
			c.t.Errorf("no answer: %v", err)
		}
		return nil
	}
	if err := c.judge(p); err != nil {
		c.t.Error(err)
	}
	c.search("a page", p.text)
	if !c.fault.shared {
		c.lookBeside()
	}
	return p
}

// lookBeside holds what the neighbour shows to what it showed before.
func (c *cell) lookBeside() {
	p, err := c.exporter.pull("neighbour", scrape)
	switch {
	case err != nil:
		c.t.Errorf("the neighbour: no answer: %v", err)
	case c.open == nil:
		if p.up() && len(p.reasons) == 0 {
			c.open = p.open
		}
	case !p.up() || len(p.reasons) > 0 || !maps.Equal(p.open, c.open):
		c.t.Errorf("the neighbour: up %t, reasons %v, changed %t", p.up(), p.reasons, !maps.Equal(p.open, c.open))
	}
}

// visit looks at the other pages, and has a check made at the first synchronisation.
func (c *cell) visit() {
	for _, path := range []string{"/", "/metrics", "/tenants/struck", "/sd"} {
		text, err := c.exporter.get(path, 5*time.Second)
		if err != nil && !c.fault.mute {
			c.t.Errorf("%s: %v", path, err)
		}
		c.search(path, text)
	}
	c.checked = make(chan string, 1)
	if c.moment != reload || c.fault.shared {
		close(c.checked)
		return
	}
	command := exec.CommandContext(c.t.Context(), c.binary(), "--check", "--log.level=debug", "--config.file="+filepath.Join(c.folder, "tenants.yml"))
	command.Env = append(c.environment(), "HOME="+c.folder)
	command.WaitDelay = time.Second
	go func() {
		out, _ := command.CombinedOutput() // most find something
		c.checked <- string(out)
	}()
}

// after ends the fault, and counts the pulls until everything is right again.
func (c *cell) after() {
	c.front.clear()
	if c.fault.undo != nil {
		c.fault.undo(c)
	}
	if c.moment == reload && c.fault.name == "a configuration file with a mistake" {
		c.rate--
		c.configure()
		c.trigger()
		c.front.clear()
	}
	cleared := time.Now()
	c.recover(cleared)
	for {
		p := c.look(false, scrape)
		if p != nil && p.up() && len(p.reasons) == 0 && (c.fault.skewed || c.compare(p, p.taken(), 0) == nil) {
			break
		}
		if time.Since(cleared) > patience {
			c.t.Fatalf("not quiet: %+v", p)
		}
		time.Sleep(between)
	}
	c.outcome.Quiet = time.Since(cleared)
	c.visit()
}

// recover pulls until the numbers are right and the exporter says so. Pulls during a wait that is
// announced do not count.
func (c *cell) recover(cleared time.Time) {
	var history []string
	for {
		c.change()
		p := c.look(c.fault.mute, scrape)
		if p != nil {
			right := p.up() && c.compare(p, p.sent.Add(-time.Second), time.Hour) == nil
			if !waiting(p) || right {
				c.outcome.Pulls++
				history = append(history, fmt.Sprintf("%s: up %t, %v", time.Since(cleared).Round(time.Millisecond), p.up(), p.reasons))
			}
			if right {
				break
			}
		}
		if time.Since(cleared) > patience {
			c.t.Fatalf("not right again: %v", history)
		}
		time.Sleep(apart)
	}
	if c.outcome.Pulls > 2 {
		c.t.Errorf("right again only after %d good pulls: %v", c.outcome.Pulls, history)
	}
}
