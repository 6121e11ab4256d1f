package graphclient

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// badAnswers are the ways of answering badly that the contract knows, and what is made of them.
var badAnswers = []struct {
	name  string
	fault graphsim.Fault
	want  Error // Message: a part of it
	tries int
}{
	{"400", graphsim.Fault{Status: 400, Text: "The query specified in the URI is not valid."}, Error{Reason: ReasonBadRequest, Status: 400, Message: "The query specified in the URI is not valid."}, 1},
	{"401", graphsim.Fault{Status: 401, Code: "InvalidAuthenticationToken"}, Error{Reason: ReasonUnauthorized, Status: 401, Code: "InvalidAuthenticationToken"}, 2},
	{"403", graphsim.Fault{Status: 403, Code: "Forbidden", Text: "Missing scopes."}, Error{Reason: ReasonForbidden, Status: 403, Code: "Forbidden", Message: "is SecurityIncident.Read.All granted, with admin consent? Missing scopes."}, 1},
	{"404", graphsim.Fault{Status: 404}, Error{Reason: ReasonBadRequest, Status: 404}, 1},
	{"429", graphsim.Fault{Status: 429, Code: "activityLimitReached"}, Error{Reason: ReasonThrottled, Status: 429, Code: "activityLimitReached"}, 3},
	{"429 short", graphsim.Fault{Status: 429, RetryAfter: 2 * time.Second}, Error{Reason: ReasonThrottled, Status: 429, RetryAfter: 2 * time.Second}, 3},
	{"429 long", graphsim.Fault{Status: 429, RetryAfter: time.Minute}, Error{Reason: ReasonThrottled, Status: 429, RetryAfter: time.Minute}, 1},
	{"429 date", graphsim.Fault{Status: 429, RetryAfter: time.Minute, RetryAfterDate: true}, Error{Reason: ReasonThrottled, Status: 429, RetryAfter: time.Minute}, 1},
	{"429 empty", graphsim.Fault{Status: 429, Body: graphsim.BodyEmpty}, Error{Reason: ReasonThrottled, Status: 429}, 3},
	{"500", graphsim.Fault{Status: 500, Code: "UnknownError"}, Error{Reason: ReasonServerError, Status: 500, Code: "UnknownError"}, 3},
	{"502 HTML", graphsim.Fault{Status: 502, Body: graphsim.BodyHTML}, Error{Reason: ReasonServerError, Status: 502}, 3},
	{"503 text", graphsim.Fault{Status: 503, Body: graphsim.BodyText, Text: "Try\r\nlater."}, Error{Reason: ReasonServerError, Status: 503, Message: "Try later."}, 3},
	{"503 long", graphsim.Fault{Status: 503, RetryAfter: time.Minute}, Error{Reason: ReasonServerError, Status: 503, RetryAfter: time.Minute}, 1},
	{"504", graphsim.Fault{Status: 504}, Error{Reason: ReasonServerError, Status: 504}, 3},
	{"501", graphsim.Fault{Status: 501}, Error{Reason: ReasonServerError, Status: 501}, 1},
	{"204", graphsim.Fault{Status: 204, Body: graphsim.BodyEmpty}, Error{Reason: ReasonMalformed, Status: 204}, 1},
	{"206", graphsim.Fault{Kind: graphsim.FaultPartial}, Error{Reason: ReasonIncomplete, Status: 206, Message: `Warning: 199 - "Microsoft/`}, 3},
	{"206 without a warning", graphsim.Fault{Status: 206, Body: graphsim.BodyJSON, Text: emptyBody}, Error{Reason: ReasonIncomplete, Status: 206, Message: "a partial answer"}, 3},
	{"200 with a warning", graphsim.Fault{Status: 200, Body: graphsim.BodyJSON, Text: emptyBody, Header: http.Header{"Warning": {`199 - "Vendor/Provider/504/1"`}}}, Error{Reason: ReasonIncomplete, Status: 200, Message: `Warning: 199 - "Vendor/Provider/504/1"`}, 3},
	{"302", graphsim.Fault{Kind: graphsim.FaultRedirect, Location: "https://evil.example/a?b"}, Error{Reason: ReasonMalformed, Status: 302, Message: "redirect to https://evil.example, not followed"}, 1},
	{"HTML", graphsim.Fault{Kind: graphsim.FaultHTML}, Error{Reason: ReasonMalformed, Status: 200, Message: `answer of type "text/html; charset=utf-8": invalid character '<' looking for beginning of value`}, 3},
	{"JSON that breaks off", graphsim.Fault{Kind: graphsim.FaultGarbage}, Error{Reason: ReasonMalformed, Status: 200, Message: "unexpected end of JSON input"}, 3},
	{"nothing", graphsim.Fault{Kind: graphsim.FaultEmptyOK}, Error{Reason: ReasonMalformed, Status: 200, Message: "unexpected end of JSON input"}, 3},
	{"cut", graphsim.Fault{Kind: graphsim.FaultTruncated}, Error{Reason: ReasonUnreachable, Status: 200, Message: "the connection ended before the answer did"}, 3},
	{"reset", graphsim.Fault{Kind: graphsim.FaultDisconnect}, Error{Reason: ReasonUnreachable, Message: "read tcp: connection reset by peer"}, 3},
	{"unreachable", graphsim.Fault{Kind: graphsim.FaultUnreachable}, Error{Reason: ReasonUnreachable, Message: "dial tcp: connection refused"}, 3},
	{"hang", graphsim.Fault{Kind: graphsim.FaultHang}, Error{Reason: ReasonTimeout, Message: "no complete answer within 30s"}, 1},
	{"drip", graphsim.Fault{Kind: graphsim.FaultDrip}, Error{Reason: ReasonTimeout, Status: 200, Message: "no complete answer within 30s"}, 1},
}

// TestFaults: each way of answering badly has its reason, is tried as often as makes sense,
// says in one line what happened, and is forgotten with the next good answer.
func TestFaults(t *testing.T) {
	for _, tc := range badAnswers {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{})
				tc.fault.Match = graphsim.ListOperation
				sim.Fault(tc.fault)
				client := connect(t, sim)
				began := time.Now()
				_, pages, err := list(t.Context(), client, Query{Operation: OperationDelta})
				got, ok := errors.AsType[*Error](err)
				if !ok || pages > 0 {
					t.Fatalf("%d pages, %v", pages, err)
				}
				if got.Reason != tc.want.Reason || got.Status != tc.want.Status || got.Code != tc.want.Code || got.Operation != OperationDelta ||
					got.RetryAfter != tc.want.RetryAfter || !strings.Contains(got.Message, tc.want.Message) || got.cause != nil || strings.Contains(err.Error(), "\n") {
					t.Errorf("got %#v", got)
				}
				if (got.RequestID != "") != (got.Status != 0) {
					t.Errorf("request id %q", got.RequestID)
				}
				if n := operations(sim)[graphsim.ListOperation]; n != tc.tries {
					t.Errorf("%d tries, want %d", n, tc.tries)
				}
				if d := time.Since(began); d > requestLimit {
					t.Errorf("took %s", d)
				}
				sim.ClearFaults()
				time.Sleep(70 * time.Second)
				if _, _, err := list(t.Context(), client, Query{}); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			})
		})
	}
}

// TestThirdTrySucceeds: two bad answers cost a second or so, and leave nothing behind in the
// good one.
func TestThirdTrySucceeds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		tries := 0
		client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) {
			if tries++; tries < 3 {
				return answer(r, http.StatusOK, `{"@odata.nextLink":"?x","value":[`+row("id", `"9"`)+`,{}]}`)
			}
			return answer(r, http.StatusOK, `{"value":[`+row("id", `"1"`)+`]}`)
		}))
		began := time.Now()
		for page, err := range client.Incidents(t.Context(), Query{}) {
			if err != nil || page.More || len(page.Incidents) != 1 || page.Incidents[0].ID != "1" {
				t.Errorf("got %+v, %v", page, err)
			}
		}
		if d := time.Since(began); d < time.Second || d > 2*time.Second {
			t.Errorf("took %s", d)
		}
	})
}

// TestCallerLeaves: wherever a request is when its caller's context ends, the caller gets its
// context's error there and then.
func TestCallerLeaves(t *testing.T) {
	const patience = 300 * time.Millisecond
	for _, tc := range []struct {
		name  string
		fault *graphsim.Fault
		setUp func(*Client)
	}{
		{name: "signing in", fault: &graphsim.Fault{Match: graphsim.TokenOperation, Kind: graphsim.FaultHang}},
		{name: "before the answer", fault: &graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultHang}},
		{name: "in the body", fault: &graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultDrip}},
		{name: "between tries", fault: &graphsim.Fault{Match: graphsim.ListOperation, Status: 500}},
		{name: "throttled", setUp: func(c *Client) { c.limiter.stopFor(4*time.Second, time.Now()) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{})
				client := connect(t, sim)
				if tc.fault != nil {
					sim.Fault(*tc.fault)
				}
				if tc.setUp != nil {
					tc.setUp(client)
				}
				for _, end := range []struct {
					context func() (context.Context, context.CancelFunc)
					want    error
				}{
					{func() (context.Context, context.CancelFunc) { return context.WithTimeout(t.Context(), patience) }, context.DeadlineExceeded},
					{func() (context.Context, context.CancelFunc) {
						ctx, cancel := context.WithCancel(t.Context())
						time.AfterFunc(patience, cancel)
						return ctx, cancel
					}, context.Canceled},
				} {
					ctx, cancel := end.context()
					defer cancel()
					began := time.Now()
					_, _, err := list(ctx, client, Query{Operation: OperationDelta})
					if d := time.Since(began); d != patience || !errors.Is(err, end.want) {
						t.Errorf("left after %s: %v", d, err)
					}
					began = time.Now()
					if _, _, err = client.Incident(ctx, "1"); time.Since(began) > 0 || !errors.Is(err, end.want) {
						t.Errorf("with a context that has ended: %v", err)
					}
				}
				time.Sleep(requestLimit) // a sign-in has a life of its own
			})
		})
	}
}

// TestErrorBodyThatHangs: an error whose body never ends is cut like any other, and what its
// header says is heeded before that.
func TestErrorBodyThatHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) {
			resp, _ := answer(r, http.StatusTooManyRequests, "", "Retry-After: 120")
			resp.Body = hangingBody{r.Context()}
			return resp, nil
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		if _, _, err := list(ctx, client, Query{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if _, _, err := list(t.Context(), client, Query{}); ReasonOf(err) != ReasonThrottled || time.Since(began) != 5*time.Second {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
		time.Sleep(2 * time.Minute)
		began = time.Now()
		_, _, err := list(t.Context(), client, Query{})
		if e, ok := errors.AsType[*Error](err); !ok || e.Reason != ReasonTimeout || e.Status != 429 || time.Since(began) != requestLimit {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
	})
}

// TestBodyLimit: of an answer that does not end 8 MiB are read, and little more to know it.
func TestBodyLimit(t *testing.T) {
	var body *endlessBody
	client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) {
		resp, _ := answer(r, http.StatusOK, "")
		body = &endlessBody{}
		resp.Body = body
		return resp, nil
	}))
	_, err := client.attempt(t.Context(), Query{Operation: OperationSweep}, client.root, nil)
	if err == nil || err.Reason != ReasonMalformed || err.Message != `answer of type "": answer of more than 8 MiB` || body.read > maxBody+1<<20 {
		t.Errorf("%d bytes read, %v", body.read, err)
	}
}

// An endlessBody is blanks for as long as one cares to read: 40 MiB here.
type endlessBody struct{ read int }

func (b *endlessBody) Read(p []byte) (int, error) {
	if b.read > 40<<20 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = ' '
	}
	b.read += len(p)
	return len(p), nil
}

func (*endlessBody) Close() error { return nil }

// A hangingBody never brings anything.
type hangingBody struct {
	ctx context.Context //nolint:containedctx // Read has no context to take
}

func (b hangingBody) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}

func (hangingBody) Close() error { return nil }

// TestWarned: a warning that something is missing or stale spoils an answer, one about the
// API's future does not.
func TestWarned(t *testing.T) {
	for _, tc := range []struct {
		warnings []string
		want     bool
	}{
		{nil, false},
		{[]string{`199 - "Vendor/Provider/504/10000"`}, true},
		{[]string{`110 proxy "Response is Stale"`}, true},
		{[]string{`299 - "This API will end"`}, false},
		{[]string{`214 proxy "Transformation Applied"`}, false},
		{[]string{`299 - "a"`, `199 - "b"`}, true},
		{[]string{`299 - "a", 199 - "b"`}, true},
		{[]string{`something else`}, true},
	} {
		if got := hasWarning(http.Header{"Warning": tc.warnings}); got != tc.want {
			t.Errorf("%q: got %t", tc.warnings, got)
		}
	}
}

// TestThrottledByServer: over a server that allows 50 requests a minute and says nothing of when
// to come back, the client finds a limit below that, and keeps to it.
func TestThrottledByServer(t *testing.T) {
	for _, form := range []graphsim.RetryAfter{graphsim.RetryNone, graphsim.RetrySeconds, graphsim.RetryDate} {
		bubble(t, func(t *testing.T) {
			sim := graphsim.New(graphsim.Config{RequestsPerMinute: 50, ThrottleRetryAfter: form, Latency: 100 * time.Millisecond})
			client := connect(t, sim)
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			for ctx.Err() == nil {
				_, _, _ = list(ctx, client, Query{Operation: OperationSweep, Background: true, Patient: true})
			}
			good, refused := 0, 0
			for _, r := range sim.Requests() {
				switch r.Status {
				case http.StatusOK:
					good++
				case http.StatusTooManyRequests:
					refused++
				}
			}
			if refused > 12 || good < 60*25 {
				t.Errorf("Retry-After %d: %d good, %d refused in an hour", form, good, refused)
			}
		})
	}
}
