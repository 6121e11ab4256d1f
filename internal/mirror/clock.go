package mirror

import (
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/defender"
)

const (
	// maxClockJump is how far Graph's clock may run ahead of what the local monotonic clock
	// predicts before it is not believed: nodes differ by seconds, and a watermark from a
	// clock that runs ahead would skip changes. One that is behind costs a few rows.
	maxClockJump = 5 * time.Second
	// maxClockSway is how far the clock may fall back and what was read by it still counts: it
	// sways by as much where nodes differ by maxClockJump, and the overlap of passes is wider.
	maxClockSway = 15 * time.Second
	// clockPatience is how long a jump has to last before it is the new truth.
	clockPatience = 10 * time.Minute
	// maxClockFall is how far a single Date may be behind and be believed.
	maxClockFall = time.Minute
)

// A serviceClock follows Graph's clock by the Date headers of its answers. The
// local wall clock is never trusted for what Graph calls now: a host that is
// wrong by an hour would otherwise ask for the changes of the wrong hour.
type serviceClock struct {
	local   time.Time     // local time of the last belief, with its monotonic reading
	date    time.Time     // Graph's time at that moment; zero before the first answer
	ahead   time.Time     // since when every answer has been ahead of the belief
	fallen  bool          // the last answer was far behind the belief
	slack   time.Duration // how late the belief may be: what the answer took that it is from
	answers int           // with a Date
	offset  time.Duration // how far every Date is ahead of the stamps of changes
	skew    time.Duration
	dated   bool // some answer carried a Date
}

// observe takes in an answer. It returns the time on Graph's clock at which the request was
// sent, or shortly before: the Date of the answer, less the time that the answer took, less
// a second for the fraction that a Date does not carry. fell is how far the clock turned out
// to be behind what was believed.
func (c *serviceClock) observe(a graphclient.Answer) (sent time.Time, fell time.Duration) {
	now, expected := a.Date.Add(-c.offset), c.predict(a.Arrived)
	if a.Date.IsZero() {
		now = expected
	} else {
		c.dated = true
		c.answers++
		c.skew = a.Date.Sub(a.Arrived.Round(0))
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

// predict returns what Graph's clock shows at the local time now if it runs as
// fast as the local one; before the first Date that is the local clock itself.
func (c *serviceClock) predict(now time.Time) time.Time {
	if c.date.IsZero() {
		return now.Round(0)
	}
	return c.date.Add(now.Sub(c.local))
}

// believes reports whether a Date that is so far ahead of what was predicted is believed.
// Far ahead it is if the local wall clock moved as well, as it does when the host was asleep,
// which the monotonic clock does not see; or if it lasts. Far behind it is if the next one
// is as well, and at once while there was but one Date to predict from.
func (c *serviceClock) believes(jump time.Duration, now time.Time) bool {
	switch {
	case jump < -maxClockFall && c.answers > 2 && !c.fallen:
		c.fallen = true
		return false
	case jump <= maxClockJump+c.slack:
		c.fallen = false
		return true
	}
	slept := now.Round(0).Sub(c.local.Round(0)) - now.Sub(c.local)
	if slept > jump-maxClockJump {
		return true
	}
	if c.ahead.IsZero() {
		c.ahead = now
	}
	return now.Sub(c.ahead) >= clockPatience
}

// late notes that a change dated so long ago had not come with the passes, which were
// through with its time. Either it became readable late, or the clock has been ahead all the
// time, as the local one says as well; then it is set back by as much, which late returns.
func (c *serviceClock) late(by time.Duration) time.Duration {
	if by <= lookbackReach || c.skew-c.offset <= by/2 {
		return 0
	}
	c.offset += by
	c.date = c.date.Add(-by)
	return by
}

// stamped takes in the stamp of a change: what was set back too far comes forward again.
func (c *serviceClock) stamped(at defender.Ticks, now time.Time) {
	if c.offset <= 0 {
		return
	}
	if early := at.Time().Sub(c.predict(now)); early > 0 {
		early = min(early, c.offset)
		c.offset -= early
		c.date = c.date.Add(early)
	}
}
