package graphclient

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestWaitersShareOneSignIn: behind a token endpoint that hangs, ten callers cost one request,
// each leaves when its own context ends, and the request itself ends after 30 s.
func TestWaitersShareOneSignIn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{})
		sim.Fault(graphsim.Fault{Match: graphsim.TokenOperation, Kind: graphsim.FaultHang})
		client := connect(t, sim)
		var wg sync.WaitGroup
		for i := range 10 {
			patience := time.Duration(i+1) * 2 * time.Second
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				began := time.Now()
				_, _, err := list(ctx, client, Query{Operation: OperationDelta})
				if d := time.Since(began); d != patience || !errors.Is(err, context.DeadlineExceeded) || ReasonOf(err) != ReasonTimeout {
					t.Errorf("left after %s instead of %s: %v", d, patience, err)
				}
			})
		}
		wg.Wait()
		began := time.Now()
		_, _, err := list(t.Context(), client, Query{})
		if d := time.Since(began); d != 10*time.Second || ReasonOf(err) != ReasonTimeout || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the patient one got %v after %s", err, d)
		}
		if got := len(sim.Requests()); got != 1 {
			t.Errorf("%d requests", got)
		}
	})
}

// TestOldTokenServes: a token is renewed before it ends, nobody waits for that, and while it
// fails the old one serves, with one line in the log; only its end is the end.
func TestOldTokenServes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log logBook
		sim := graphsim.New(graphsim.Config{TokenLifetime: time.Hour})
		client := connect(t, sim, unlimited, func(c *Config) { c.Logger = log.logger() })
		began := time.Now()
		read := func() (time.Duration, error) {
			from := time.Now()
			_, _, err := list(t.Context(), client, Query{})
			return time.Since(from), err
		}
		if _, err := read(); err != nil {
			t.Fatal(err)
		}
		sim.Fault(graphsim.Fault{Match: graphsim.TokenOperation, Kind: graphsim.FaultHang})
		for time.Since(began) < 59*time.Minute+57*time.Second {
			if d, err := read(); err != nil || d != 0 {
				t.Fatalf("after %s: waited %s, %v", time.Since(began), d, err)
			}
			time.Sleep(time.Second)
		}
		if n := operations(sim)[graphsim.TokenOperation]; n < 5 || n > 9 {
			t.Errorf("%d token requests", n)
		}
		time.Sleep(2 * time.Second)
		if _, err := read(); ReasonOf(err) != ReasonTimeout {
			t.Errorf("after the end: %v", err)
		}
		sim.ClearFaults()
		time.Sleep(50 * time.Second)
		if _, err := read(); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		want := []string{"WARN Signing in fails, the old token serves meanwhile", "INFO Signing in works again"}
		if diff := gocmp.Diff(want, log.messages("INFO", "WARN", "ERROR")); diff != "" {
			t.Error(diff)
		}
	})
}

// TestTokenIsRenewedAhead: of an hour's token the last five minutes are left for renewing it,
// of a short one a fifth; nobody ever sends one that has ended, or waits while there is one.
func TestTokenIsRenewedAhead(t *testing.T) {
	for _, tc := range []struct{ lifetime, renewed time.Duration }{
		{time.Hour, 55 * time.Minute},
		{time.Minute, 48 * time.Second},
		{5 * time.Second, 4 * time.Second},
	} {
		bubble(t, func(t *testing.T) {
			sim := graphsim.New(graphsim.Config{TokenLifetime: tc.lifetime, Latency: 100 * time.Millisecond})
			client := connect(t, sim, unlimited)
			for began := time.Now(); time.Since(began) < 4*tc.lifetime; time.Sleep(tc.lifetime / 100) {
				if _, _, err := list(t.Context(), client, Query{}); err != nil {
					t.Fatal(err)
				}
			}
			var signIns []time.Time
			for _, r := range sim.Requests() {
				if r.Operation == graphsim.TokenOperation {
					signIns = append(signIns, r.At)
				} else if r.Status != http.StatusOK {
					t.Errorf("status %d", r.Status)
				}
			}
			if len(signIns) < 4 {
				t.Fatalf("%d sign-ins", len(signIns))
			}
			for i, at := range signIns[1:] {
				if d := at.Sub(signIns[i]); d < tc.renewed-200*time.Millisecond || d > tc.renewed+tc.lifetime/20+300*time.Millisecond {
					t.Errorf("lifetime %s: renewed after %s", tc.lifetime, d)
				}
			}
		})
	}
}

// TestSignInPausesAfterFailures: a sign-in that fails is repeated after 1 s, 2 s and so on up to
// 15 s, or as Retry-After says; in between everybody is told the same, without a request.
func TestSignInPausesAfterFailures(t *testing.T) {
	for _, tc := range []struct {
		name       string
		retryAfter time.Duration
		want       []time.Duration
	}{
		{"silent", 0, []time.Duration{1, 2, 4, 8, 15, 15, 15}},
		{"Retry-After", 40 * time.Second, []time.Duration{40, 40}},
	} {
		bubble(t, func(t *testing.T) {
			sim := graphsim.New(graphsim.Config{})
			sim.Fault(graphsim.Fault{Match: graphsim.TokenOperation, Status: http.StatusServiceUnavailable, RetryAfter: tc.retryAfter})
			client := connect(t, sim)
			for range 900 {
				began := time.Now()
				_, _, err := list(t.Context(), client, Query{})
				if ReasonOf(err) != ReasonServerError || time.Since(began) > 0 {
					t.Fatalf("%s: %v after %s", tc.name, err, time.Since(began))
				}
				if pause := time.Until(client.SignInRetry()); pause <= 0 || pause > max(tc.retryAfter, maxTokenPause) {
					t.Fatalf("%s: tried again in %s", tc.name, pause)
				}
				time.Sleep(100 * time.Millisecond)
			}
			requests := sim.Requests()
			if len(requests) <= len(tc.want) {
				t.Fatalf("%s: only %d requests", tc.name, len(requests))
			}
			for i, want := range tc.want {
				want *= time.Second
				got := requests[i+1].At.Sub(requests[i].At)
				if least := cmp.Or(tc.retryAfter, want*3/4); got < least || got > want+100*time.Millisecond {
					t.Errorf("%s: pause %d is %s, want %s", tc.name, i, got, want)
				}
			}
			sim.ClearFaults()
			time.Sleep(time.Minute)
			if _, _, err := list(t.Context(), client, Query{}); err != nil || !client.SignInRetry().IsZero() {
				t.Errorf("%s: %v, and tried again at %s", tc.name, err, client.SignInRetry())
			}
		})
	}
}

// TestRevokedToken: when ten requests find their token refused, one new sign-in serves all, also
// those who hear of it when the new token is there already.
func TestRevokedToken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Jitter: 5 * time.Second})
		client := connect(t, sim)
		for round := range 3 {
			sim.RevokeTokens()
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					if _, _, err := list(t.Context(), client, Query{}); err != nil {
						t.Errorf("round %d: %v", round, err)
					}
				})
			}
			wg.Wait()
			if got := operations(sim)[graphsim.TokenOperation]; got != round+1 {
				t.Errorf("round %d: %d sign-ins", round, got)
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestTokenRefusedForEver: where Graph refuses every token (a wrong audience, say), each caller
// gets "unauthorized", after one new token at first, and tokens are fetched ever more seldom.
func TestTokenRefusedForEver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{})
		sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Status: http.StatusUnauthorized, Code: "InvalidAuthenticationToken"})
		client := connect(t, sim)
		_, _, err := list(t.Context(), client, Query{})
		if e, ok := errors.AsType[*Error](err); !ok || e.Reason != ReasonUnauthorized || e.Status != 401 || e.Code != "InvalidAuthenticationToken" {
			t.Fatalf("got %v", err)
		}
		if diff := gocmp.Diff(map[graphsim.Operation]int{"token": 2, "list": 2}, operations(sim)); diff != "" {
			t.Fatal(diff)
		}
		for range 600 {
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					if _, _, err := list(t.Context(), client, Query{}); ReasonOf(err) != ReasonUnauthorized {
						t.Errorf("got %v", err)
					}
				})
			}
			wg.Wait()
			time.Sleep(100 * time.Millisecond)
		}
		if got := operations(sim)[graphsim.TokenOperation]; got > 12 {
			t.Errorf("%d sign-ins in a minute", got)
		}
		sim.ClearFaults()
		time.Sleep(15 * time.Second)
		if _, _, err := list(t.Context(), client, Query{}); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestRotatedSecret: the secret is read at each sign-in, and only then; one that cannot be read
// is a matter of credentials, and heals.
func TestRotatedSecret(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{ClientSecret: "the second secret", TokenLifetime: time.Hour})
		secret, failure, reads := Secret("the first secret"), error(nil), 0
		client := connect(t, sim, func(c *Config) {
			c.Credential = ClientSecret(func() (Secret, error) { reads++; return secret, failure })
		})
		read := func(want Reason) {
			t.Helper()
			if _, _, err := list(t.Context(), client, Query{}); ReasonOf(err) != want {
				t.Errorf("got %v, want %q", err, want)
			}
			time.Sleep(20 * time.Second)
		}
		read(ReasonCredential)
		failure = errors.New("/run/secret: no such file")
		read(ReasonCredential)
		secret, failure = "", nil
		read(ReasonCredential)
		secret = "the second secret"
		read("")
		secret = "a third that is wrong"
		read("")
		if reads != 4 {
			t.Errorf("%d reads", reads)
		}
	})
}

// TestTokenAfterALongWait: a sweep that Graph has made wait for longer than its token lives is
// sent with a new one.
func TestTokenAfterALongWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{TokenLifetime: time.Minute})
		client := connect(t, sim)
		client.limiter.stopFor(5*time.Minute, time.Now())
		if _, _, err := list(t.Context(), client, Query{Operation: OperationSweep, Background: true, Patient: true}); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(map[graphsim.Operation]int{"token": 2, "list": 1}, operations(sim)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestSlowShortToken: a token that has ended when it arrives is given to those who wait for it,
// once, and not fetched again for ever.
func TestSlowShortToken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{TokenLifetime: time.Second, Latency: 3 * time.Second})
		client := connect(t, sim)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, _, _ = list(ctx, client, Query{})
		if got := operations(sim)[graphsim.TokenOperation]; got > 4 {
			t.Errorf("%d sign-ins", got)
		}
	})
}
