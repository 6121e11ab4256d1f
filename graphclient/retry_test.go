package graphclient

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// bubble runs a test on a fake clock, where an hour costs nothing.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// TestRetryAfter: seconds and dates are understood, dates by the clock that wrote them, and
// nothing makes the exporter wait for more than ten minutes.
func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 17, 9, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, tc := range []struct {
		value, date string
		want        time.Duration
	}{
		{"", "", 0},
		{"0", "", 0},
		{"7", "", 7 * time.Second},
		{" 7 ", "", 7 * time.Second},
		{"600", "", 10 * time.Minute},
		{"601", "", 10 * time.Minute},
		{"9999999999", "", 10 * time.Minute},
		{"99999999999999999999999999", "", 10 * time.Minute},
		{"-7", "", 0},
		{"1.5", "", 0},
		{"1h", "", 0},
		{"soon", "", 0},
		{at(90 * time.Second), "", 90 * time.Second},
		{at(-90 * time.Second), "", 0},
		{at(24 * time.Hour), "", 10 * time.Minute},
		{at(time.Hour + 20*time.Second), at(time.Hour), 20 * time.Second},
		{at(20 * time.Second), at(time.Hour), 0},
		{at(20 * time.Second), "nonsense", 20 * time.Second},
		{"20", at(time.Hour), 20 * time.Second},
	} {
		h := http.Header{"Retry-After": {tc.value}, "Date": {tc.date}}
		if got := retryAfter(h, now); got != tc.want {
			t.Errorf("%q at %q: got %s, want %s", tc.value, tc.date, got, tc.want)
		}
	}
	if got := retryAfter(http.Header{}, now); got != 0 {
		t.Errorf("no header: got %s", got)
	}
}

// TestRetry: what may be different next time is tried three times, soon; what is an answer is
// not, nor is what asks for more patience than a pull has.
func TestRetry(t *testing.T) {
	first, second := [2]time.Duration{375 * time.Millisecond, 500 * time.Millisecond}, [2]time.Duration{750 * time.Millisecond, time.Second}
	for _, tc := range []struct {
		err  Error
		try  int
		want [2]time.Duration // bounds of the wait, zero: no other try
	}{
		{Error{Reason: ReasonServerError, Status: 500}, 1, first},
		{Error{Reason: ReasonServerError, Status: 502}, 2, second},
		{Error{Reason: ReasonServerError, Status: 503}, 3, [2]time.Duration{}},
		{Error{Reason: ReasonServerError, Status: 504}, 1, first},
		{Error{Reason: ReasonServerError, Status: 501}, 1, [2]time.Duration{}},
		{Error{Reason: ReasonServerError, Status: 507}, 1, [2]time.Duration{}},
		{Error{Reason: ReasonServerError, Status: 503, RetryAfter: 4 * time.Second}, 1, [2]time.Duration{4 * time.Second, 4 * time.Second}},
		{Error{Reason: ReasonServerError, Status: 503, RetryAfter: 6 * time.Second}, 1, [2]time.Duration{}},
		{Error{Reason: ReasonThrottled, Status: 429}, 1, first},
		{Error{Reason: ReasonThrottled, Status: 429, RetryAfter: time.Second}, 2, [2]time.Duration{time.Second, time.Second}},
		{Error{Reason: ReasonThrottled, Status: 429, RetryAfter: time.Minute}, 1, [2]time.Duration{}},
		{Error{Reason: ReasonThrottled}, 1, [2]time.Duration{}}, // by the limiter
		{Error{Reason: ReasonUnreachable}, 1, first},
		{Error{Reason: ReasonMalformed, Status: 200}, 2, second},
		{Error{Reason: ReasonMalformed, Status: 302}, 1, [2]time.Duration{}},
		{Error{Reason: ReasonIncomplete, Status: 206}, 1, first},
		{Error{Reason: ReasonTimeout}, 1, [2]time.Duration{}},
		{Error{Reason: ReasonBadRequest, Status: 400}, 1, [2]time.Duration{}},
		{Error{Reason: ReasonUnauthorized, Status: 401}, 1, [2]time.Duration{}},
		{Error{Reason: ReasonForbidden, Status: 403}, 1, [2]time.Duration{}},
		{Error{Reason: ReasonNotFound, Status: 404}, 1, [2]time.Duration{}},
		{Error{Reason: ReasonCredential, Status: 401, Operation: OperationToken}, 1, [2]time.Duration{}},
		{Error{Reason: ReasonUnreachable, Operation: OperationToken}, 1, [2]time.Duration{}},
	} {
		t.Run(fmt.Sprintf("%s %d try %d", tc.err.Reason, tc.err.Status, tc.try), func(t *testing.T) {
			for range 100 {
				got, again := retry(&tc.err, tc.try, false)
				if again != (tc.want[1] > 0) || got < tc.want[0] || got > tc.want[1] {
					t.Fatalf("got %s, %t; want from %s to %s", got, again, tc.want[0], tc.want[1])
				}
			}
		})
	}
}

// TestRetryPatiently: a patient listing waits for as long as Graph asks it to, three times.
func TestRetryPatiently(t *testing.T) {
	throttled := Error{Reason: ReasonThrottled, Status: 429, RetryAfter: time.Minute}
	if got, again := retry(&throttled, 2, true); got != time.Minute || !again {
		t.Errorf("got %s, %t; want a minute and another try", got, again)
	}
	if _, again := retry(&throttled, 3, true); again {
		t.Error("tried a fourth time")
	}
}

// TestSleepEndsWithItsContext: a wait is as long as it was to be, or ends with the context.
func TestSleepEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if !sleep(ctx, time.Second) || time.Since(began) != time.Second {
			t.Errorf("a second took %s", time.Since(began))
		}
		if sleep(ctx, time.Hour) || time.Since(began) != 3*time.Second {
			t.Errorf("cut after %s", time.Since(began))
		}
	})
}
