package graphsim

import (
	"net/http"
	"strconv"
	"time"
)

// throttle counts a Graph request and refuses it when the last minute held too many already.
// Refused requests count too, so that a client which hammers stays out.
func (s *Sim) throttle(c *call, now time.Time) *answer {
	limit := s.cfg.RequestsPerMinute
	if limit <= 0 || c.operation == TokenOperation {
		return nil
	}
	old := 0
	for old < len(s.recent) && !s.recent[old].After(now.Add(-time.Minute)) {
		old++
	}
	s.recent = append(s.recent[old:], now)
	if len(s.recent) <= limit {
		return nil
	}
	a := s.refuse(c, http.StatusTooManyRequests, "activityLimitReached", "Too many requests. Please retry later.")
	free := s.recent[len(s.recent)-limit].Add(time.Minute)
	a.retryAfter(s.cfg.ThrottleRetryAfter, free.Sub(now), now)
	return a
}

// retryAfter sets the header in the given form, rounded up to whole seconds.
func (a *answer) retryAfter(form RetryAfter, wait time.Duration, now time.Time) {
	seconds := (wait + time.Second - 1).Truncate(time.Second)
	switch form {
	case RetrySeconds:
		a.header.Set("Retry-After", strconv.Itoa(int(seconds.Seconds())))
	case RetryDate:
		a.header.Set("Retry-After", now.Add(seconds).Add(time.Second-1).Format(http.TimeFormat))
	}
}
