package graphclient

import (
	"context"
	"time"
)

// maxRefusedPause is how long a credential that was refused is not shown again, in the end. Each try
// is a failed sign-in in the logs that the team itself watches, and one too many may lock the
// application out.
const maxRefusedPause = 5 * time.Minute

// A rejection is that of a secret, a token or a certificate.
type rejection struct {
	why   Error
	times int       // in a row
	retry time.Time // not to be shown before
}

// ask signs in with that, unless the sign-in service has refused just that and the pause after it is
// not over: then the answer is the same, without a request. What has changed is shown at once.
func (c *rereadCredential) ask(ctx context.Context, s *signIn, x *exchange, auth clientAuth) (accessToken, *Error) {
	before := c.rejections[auth.id]
	if time.Now().Before(before.retry) {
		return accessToken{}, &before.why
	}
	held, failure := s.ask(ctx, x, auth)
	switch {
	case failure == nil:
		delete(c.rejections, auth.id)
	case failure.Reason == ReasonCredential:
		pause := jittered(min(minTokenPause<<min(before.times, 20), maxRefusedPause))
		c.rememberRejection(auth.id, rejection{*failure, before.times + 1, time.Now().Add(max(pause, failure.RetryAfter))})
	}
	return held, failure
}

// rememberRejection keeps a refusal, and besides it only that of what was accepted last: for others nobody
// will ask again, and secrets would pile up.
func (c *rereadCredential) rememberRejection(id Secret, r rejection) {
	kept := map[Secret]rejection{}
	if c.accepted != nil {
		if old, ok := c.rejections[c.accepted.id]; ok {
			kept[c.accepted.id] = old
		}
	}
	kept[id] = r
	c.rejections = kept
}
