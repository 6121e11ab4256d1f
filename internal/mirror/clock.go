package mirror

import (
	"time"

	"msgraph_security_exporter/graphclient"
)

// maxClockJump is how far Graph's clock may run ahead of what the local
// monotonic clock predicts before it is doubted: nodes differ by seconds, and a
// watermark from a node that runs ahead would skip changes.
const maxClockJump = 5 * time.Second

// clockPatience is how long a jump has to last before it is the new truth.
const clockPatience = time.Minute

// A serviceClock follows Graph's clock by the Date headers of its answers. The
// local wall clock is never trusted for what Graph calls now: a host that is
// wrong by an hour would otherwise ask for the changes of the wrong hour.
type serviceClock struct {
	local time.Time // local time of the last belief, with its monotonic reading
	date  time.Time // Graph's time at that moment; zero before the first answer
	ahead time.Time // since when every answer has been ahead of the belief
	skew  time.Duration
	dated bool // some answer carried a Date
}

// sent returns the time on Graph's clock at which the request of an answer was
// sent, or shortly before: the Date of the answer, less the time that the answer
// took, less a second for the fraction that a Date does not carry.
func (c *serviceClock) sent(a graphclient.Answer) time.Time {
	now := c.observe(a)
	return now.Add(-a.Arrived.Sub(a.Sent) - time.Second)
}

// observe takes in an answer and returns Graph's time as it arrived.
func (c *serviceClock) observe(a graphclient.Answer) time.Time {
	date := a.Date
	if date.IsZero() {
		date = c.predict(a.Arrived)
	} else {
		c.dated = true
		c.skew = date.Sub(a.Arrived.Round(0))
	}
	if c.doubts(date, a.Arrived) {
		return c.predict(a.Arrived)
	}
	c.local, c.date, c.ahead = a.Arrived, date, time.Time{}
	return date
}

// predict returns what Graph's clock shows at the local time now if it runs as
// fast as the local one; before the first Date that is the local clock itself.
func (c *serviceClock) predict(now time.Time) time.Time {
	if c.date.IsZero() {
		return now.Round(0)
	}
	return c.date.Add(now.Sub(c.local))
}

// doubts reports whether a Date is too far ahead to be believed at once. It is
// believed when the local wall clock moved as well, as it does when the host was
// asleep, which the monotonic clock does not see; or when it lasts.
func (c *serviceClock) doubts(date, now time.Time) bool {
	jump := date.Sub(c.predict(now))
	if c.date.IsZero() || jump <= maxClockJump {
		return false
	}
	slept := now.Round(0).Sub(c.local.Round(0)) - now.Sub(c.local)
	if slept > jump-maxClockJump {
		return false
	}
	if c.ahead.IsZero() {
		c.ahead = now
	}
	return now.Sub(c.ahead) < clockPatience
}
