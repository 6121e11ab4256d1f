// Package serviceclock follows the clock of a service by the Date headers of its answers.
package serviceclock

import (
	"time"

	"msgraph_security_exporter/graphclient"
)

const (
	// maxJump is how far Graph's clock may run ahead of what the local monotonic clock
	// predicts before it is not believed: nodes differ by seconds, and a watermark from a
	// clock that runs ahead would skip changes. One that is behind costs a few rows.
	maxJump = 5 * time.Second
	// MaxSway is how far the clock may fall back and what was read by it still counts: it
	// sways by as much where nodes differ by maxJump, and the overlap of passes is wider.
	MaxSway = 15 * time.Second
	// Patience is how long a jump has to last before it is the new truth.
	Patience = 10 * time.Minute
	// maxFall is how far a single Date may be behind and be believed.
	maxFall = time.Minute
)

// A Clock follows Graph's clock by the Date headers of its answers. The
// local wall clock is never trusted for what Graph calls now: a host that is
// wrong by an hour would otherwise ask for the changes of the wrong hour. The zero value is ready;
// it is not safe for concurrent use.
type Clock struct {
	local   time.Time     // local time of the last belief, with its monotonic reading
	date    time.Time     // Graph's time at that moment; zero before the first answer
	ahead   time.Time     // since when every answer has been ahead of the belief
	fallen  bool          // the last answer was far behind the belief
	slack   time.Duration // how late the belief may be: what the answer took that it is from
	answers int           // with a Date
	offset  time.Duration // how far every Date is ahead of the stamps of changes
	Skew    time.Duration // the service's clock less the local one, meaningful if Dated
	Dated   bool          // some answer carried a Date
}

// Observe takes in an answer. It returns the time on Graph's clock at which the request was
// sent, or shortly before: the Date of the answer, less the time that the answer took, less
// a second for the fraction that a Date does not carry. fell is how far the clock turned out
// to be behind what was believed.
func (c *Clock) Observe(a graphclient.Answer) (sent time.Time, fell time.Duration) {
	now, expected := a.Date.Add(-c.offset), c.Predict(a.Arrived)
	if a.Date.IsZero() {
		now = expected
	} else {
		c.Dated = true
		c.answers++
		c.Skew = a.Date.Sub(a.Arrived.Round(0))
	}
	if first := c.date.IsZero(); !first && !c.believes(now.Sub(expected), a.Arrived) {
		now = expected
	} else {
		if !first {
			fell = max(0, expected.Sub(now))
		}
		c.local, c.date, c.ahead, c.slack = a.Arrived, now, time.Time{}, a.Arrived.Sub(a.Sent)
	}
	return now.Add(-a.Arrived.Sub(a.Sent) - time.Second), fell
}

// Predict returns what Graph's clock shows at the local time now if it runs as
// fast as the local one; before the first Date that is the local clock itself.
func (c *Clock) Predict(now time.Time) time.Time {
	if c.date.IsZero() {
		return now.Round(0)
	}
	return c.date.Add(now.Sub(c.local))
}

// believes reports whether a Date that is so far ahead of what was predicted is believed.
// Far ahead it is if the local wall clock moved as well, as it does when the host was asleep,
// which the monotonic clock does not see; or if it lasts. Far behind it is if the next one
// is as well, and at once while there was but one Date to predict from.
func (c *Clock) believes(jump time.Duration, now time.Time) bool {
	switch {
	case jump < -maxFall && c.answers > 2 && !c.fallen:
		c.fallen = true
		return false
	case jump <= maxJump+c.slack:
		c.fallen = false
		return true
	}
	slept := now.Round(0).Sub(c.local.Round(0)) - now.Sub(c.local)
	if slept > jump-maxJump {
		return true
	}
	if c.ahead.IsZero() {
		c.ahead = now
	}
	return now.Sub(c.ahead) >= Patience
}

// Late notes that a change dated so long ago had not come with the passes, which were
// through with its time and see what is late by up to reach. Either it became readable later, or the clock has
// been ahead all the time, as the local one says as well; then it is set back by as much, which Late returns.
func (c *Clock) Late(by, reach time.Duration) time.Duration {
	if by <= reach || c.Skew-c.offset <= by/2 {
		return 0
	}
	c.offset += by
	c.date = c.date.Add(-by)
	return by
}

// Stamped takes in the stamp of a change: what was set back too far comes forward again.
func (c *Clock) Stamped(at, now time.Time) {
	if c.offset <= 0 {
		return
	}
	if early := at.Sub(c.Predict(now)); early > 0 {
		early = min(early, c.offset)
		c.offset -= early
		c.date = c.date.Add(early)
	}
}
