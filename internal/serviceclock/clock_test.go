package serviceclock

import (
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient"
)

// TestClock follows a service whose clock is an hour behind this host's,
// through what nodes and proxies do to it.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const behind = -time.Hour
		var c Clock
		answer := func(off time.Duration) graphclient.Answer {
			now := time.Now()
			return graphclient.Answer{Date: now.Add(behind + off), Sent: now.Add(-2 * time.Second), Arrived: now}
		}
		steps := []struct {
			name  string
			after time.Duration
			in    func() graphclient.Answer
			want  time.Duration // of sent, from now on the service's clock
		}{
			{"first", 0, func() graphclient.Answer { return answer(0) }, -3 * time.Second},
			{"a node a little ahead", time.Minute, func() graphclient.Answer { return answer(4 * time.Second) }, 1 * time.Second},
			{"back again", time.Minute, func() graphclient.Answer { return answer(0) }, -3 * time.Second},
			{"a node far ahead is not believed", time.Minute, func() graphclient.Answer { return answer(20 * time.Minute) }, -3 * time.Second},
			{"not even half a minute later", 30 * time.Second, func() graphclient.Answer { return answer(20 * time.Minute) }, -3 * time.Second},
			{"nor for nine minutes", 9 * time.Minute, func() graphclient.Answer { return answer(20 * time.Minute) }, -3 * time.Second},
			{"but after ten", 30 * time.Second, func() graphclient.Answer { return answer(20 * time.Minute) }, 20*time.Minute - 3*time.Second},
			{"a little behind is believed at once", time.Minute, func() graphclient.Answer { return answer(19*time.Minute + 30*time.Second) }, 19*time.Minute + 27*time.Second},
			{"far behind is not", time.Minute, func() graphclient.Answer { return answer(-time.Minute) }, 19*time.Minute + 27*time.Second},
			{"but twice", time.Second, func() graphclient.Answer { return answer(-time.Minute) }, -time.Minute - 3*time.Second},
			{"no Date", time.Minute, func() graphclient.Answer {
				a := answer(0)
				a.Date = time.Time{}
				return a
			}, -time.Minute - 3*time.Second},
			{"read late, as by a process that was suspended", time.Minute, func() graphclient.Answer {
				a := answer(-time.Minute - 25*time.Second)
				a.Sent = a.Arrived.Add(-25 * time.Second)
				return a
			}, -time.Minute - 51*time.Second},
			{"and right again at once", time.Second, func() graphclient.Answer { return answer(-time.Minute) }, -time.Minute - 3*time.Second},
		}
		for _, s := range steps {
			time.Sleep(s.after)
			if got, _ := c.Observe(s.in()); !got.Equal(time.Now().Add(behind + s.want)) {
				t.Errorf("%s: got %s, want %s", s.name, got, time.Now().Add(behind+s.want))
			}
		}
	})
}
