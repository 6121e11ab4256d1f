package graphsim_test

import (
	"net/http"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// Any minute holds so many requests; the refused ones count, so that a client that does not
// wait is never let in.
func TestThrottle(t *testing.T) {
	sim, at := tenant(graphsim.Config{RequestsPerMinute: 10, ThrottleRetryAfter: graphsim.RetrySeconds}, 1)
	c := newCaller(t, sim)
	for i := range 12 {
		if got, want := c.list().status == http.StatusOK, i < 10; got != want {
			t.Errorf("request %d: let in %t, want %t", i, got, want)
		}
		at.advance(time.Second)
	}
	if status := newCaller(t, sim).list().status; status != http.StatusTooManyRequests {
		t.Errorf("a token request should be let in, and its first request not: got %d", status)
	}
	for i := range 60 {
		at.advance(6 * time.Second)
		if got := c.list().status; got != http.StatusOK && i > 10 {
			t.Errorf("request %d at an even 10 a minute: got %d", i, got)
		}
	}
}

// Whoever comes back when told to is let in.
func TestRetryAfter(t *testing.T) {
	for _, form := range []graphsim.RetryAfter{graphsim.RetryNone, graphsim.RetrySeconds, graphsim.RetryDate} {
		sim, at := tenant(graphsim.Config{RequestsPerMinute: 5, ThrottleRetryAfter: form}, 1)
		c := newCaller(t, sim)
		at.advance(300 * time.Millisecond)
		for range 5 {
			c.list()
			at.advance(1100 * time.Millisecond)
		}
		l := c.list()
		if l.status != http.StatusTooManyRequests {
			t.Fatalf("form %d: got %d", form, l.status)
		}
		after := l.header.Get("Retry-After")
		switch form {
		case graphsim.RetryNone:
			if after != "" {
				t.Errorf("got %q", after)
			}
			continue
		case graphsim.RetrySeconds:
			d, err := time.ParseDuration(after + "s")
			if err != nil {
				t.Fatal(err)
			}
			at.advance(d)
		case graphsim.RetryDate:
			until, err := http.ParseTime(after)
			if err != nil {
				t.Fatal(err)
			}
			at.Time = until
		}
		if l = c.list(); l.status != http.StatusOK {
			t.Errorf("form %d, after %q: got %d", form, after, l.status)
		}
	}
}
