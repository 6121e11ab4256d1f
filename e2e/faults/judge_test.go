//go:build linux

package faults

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// labels returns an open incident's labels as the page has them, "" of one that is not open. What the
// exporter believes is not asked.
func labels(in graphsim.Incident) string {
	if in.Status == "resolved" || in.Status == "redirected" {
		return ""
	}
	priority := "none"
	if in.Score != nil {
		switch {
		case *in.Score > 85:
			priority = "high"
		case *in.Score >= 15:
			priority = "medium"
		default:
			priority = "low"
		}
	}
	return fmt.Sprintf(`classification=%q,priority=%q,severity=%q,status=%q`, in.Classification, priority, in.Severity, in.Status)
}

// current is how long before a pull the numbers that it brings without a reason may be taken: it may
// share a pass that began within five seconds, and a Date has whole seconds.
const current = 8 * time.Second

// judge returns what is wrong with a page: a number that was never right since the time that the page
// states, or one that is old without a reason.
func (c *cell) judge(p *page) error {
	said := p.up() && len(p.reasons) == 0
	from := p.taken()
	switch {
	case len(p.open) == 0 && said:
		return errors.New("up and no reason, but no numbers")
	case len(p.open) == 0:
		return nil
	case c.fault.skewed && !said:
		return nil // what the stated time means is not known
	case c.fault.skewed:
		from = p.sent.Add(-current)
	case from.IsZero():
		return errors.New("numbers without a time")
	case said && from.Before(p.sent.Add(-current)):
		return fmt.Errorf("up and no reason, but taken %s before the pull", p.sent.Sub(from))
	case !said && !p.up() && p.arrived.Sub(from) > maxAge+5*time.Second && c.fault.stderr == kept:
		return fmt.Errorf("numbers that are %s old are not withdrawn", p.arrived.Sub(from))
	}
	// A change without a date may go unseen for as long as the page says that one can.
	unseen := max(p.values["msgraph_security_sweep_period_seconds"], p.values["msgraph_security_sweep_young_period_seconds"], 20)
	return c.compare(p, from, time.Duration((unseen+15)*float64(time.Second)))
}

// compare returns where a page differs from the truth between a time and its arrival, undated changes
// being due only after a while.
func (c *cell) compare(p *page, from time.Time, undated time.Duration) error {
	var wrong []error
	bounds := c.sim.Bounds(from, p.arrived, graphsim.Slack{Undated: undated}, labels)
	for l, v := range p.open {
		if b := bounds[l]; int(v) < b.Throughout || int(v) > b.AtAnyMoment {
			wrong = append(wrong, fmt.Errorf("{%s} is %v, want %d to %d", l, v, b.Throughout, b.AtAnyMoment))
		}
	}
	for l, b := range bounds {
		if _, ok := p.open[l]; !ok && b.Throughout > 0 {
			wrong = append(wrong, fmt.Errorf("{%s} is missing, want %d", l, b.Throughout))
		}
	}
	if wrong == nil {
		return nil
	}
	return fmt.Errorf("wrong since %s before the pull (up %t, reasons %v): %w", p.sent.Sub(from).Round(time.Millisecond), p.up(), p.reasons, errors.Join(wrong...))
}

// visible returns the reasons on a page that tell of a fault.
func (c *cell) visible(p *page) []string {
	return slices.DeleteFunc(slices.Clone(p.reasons), func(r string) bool { return r == "synchronising" })
}

// waiting reports whether a page announces that the exporter leaves somebody alone for a while.
func waiting(p *page) bool {
	now := float64(p.arrived.Unix())
	return p.values["msgraph_security_credential_retry_timestamp_seconds"] > now ||
		p.values["msgraph_security_sign_in_retry_timestamp_seconds"] > now || slices.Contains(p.reasons, "throttled")
}
