package graphclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

// TestReasonOfStatus: the HTTP status alone decides.
func TestReasonOfStatus(t *testing.T) {
	for _, tc := range []struct {
		status int
		op     Operation
		want   Reason
	}{
		{201, OperationDelta, ReasonMalformed},
		{204, OperationDelta, ReasonMalformed},
		{206, OperationDelta, ReasonIncomplete},
		{302, OperationDelta, ReasonMalformed},
		{307, OperationToken, ReasonMalformed},
		{400, OperationSweep, ReasonBadRequest},
		{401, OperationSweep, ReasonUnauthorized},
		{403, OperationSweep, ReasonForbidden},
		{404, OperationSweep, ReasonBadRequest},
		{404, OperationGet, ReasonNotFound},
		{404, OperationToken, ReasonBadRequest},
		{408, OperationSweep, ReasonTimeout},
		{410, OperationGet, ReasonBadRequest},
		{429, OperationSweep, ReasonThrottled},
		{500, OperationSweep, ReasonServerError},
		{503, OperationSweep, ReasonServerError},
		{504, OperationSweep, ReasonServerError},
	} {
		if got := reasonOf(tc.status, tc.op); got != tc.want {
			t.Errorf("%d of %s: got %s, want %s", tc.status, tc.op, got, tc.want)
		}
	}
}

// TestReasonOf: every error has a reason, however deep it is wrapped.
func TestReasonOf(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want Reason
	}{
		{nil, ""},
		{&Error{Reason: ReasonForbidden}, ReasonForbidden},
		{fmt.Errorf("listing: %w", &Error{Reason: ReasonForbidden}), ReasonForbidden},
		{errors.Join(errors.New("other"), &Error{Reason: ReasonThrottled}), ReasonThrottled},
		{context.Canceled, ReasonTimeout},
		{fmt.Errorf("waiting: %w", context.DeadlineExceeded), ReasonTimeout},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, ReasonTimeout},
		{&net.OpError{Op: "dial", Err: errors.New("no route")}, ReasonUnreachable},
		{errors.New("anything"), ReasonUnreachable},
	} {
		if got := ReasonOf(tc.err); got != tc.want {
			t.Errorf("%v: got %q, want %q", tc.err, got, tc.want)
		}
	}
}

// TestErrorText: an error says in one line what was done, what is wrong and what Graph says.
func TestErrorText(t *testing.T) {
	for _, tc := range []struct {
		err  Error
		want string
	}{
		{
			Error{Reason: ReasonThrottled, Operation: OperationDelta, Status: 429, Code: "activityLimitReached", Message: "Too many requests", RequestID: "5f2c"},
			"listing incidents: throttled (HTTP 429): activityLimitReached: Too many requests (request-id 5f2c)",
		},
		{Error{Reason: ReasonUnreachable, Operation: OperationToken, Message: "connection refused"}, "signing in: unreachable: connection refused"},
		{Error{Reason: ReasonNotFound, Operation: OperationGet, Status: 404}, "reading an incident: not_found (HTTP 404)"},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

// TestOneLine: whatever a server writes can be logged.
func TestOneLine(t *testing.T) {
	long := strings.Repeat("é", maxMessage)
	for _, tc := range []struct{ in, want string }{
		{"", ""},
		{"as it is", "as it is"},
		{" a\r\n\tb\x00c\x1b[31md ", "a b c [31md"},
		{"a\u2028b\u202ec\u200bd", "a b c d"},
		{"a\xffb", "a?b"},
		{long, long},
		{long + "x", long[:len(long)-2] + "…"},
	} {
		if got := oneLine(tc.in); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.in, got, tc.want)
		}
	}
}

// TestRequestID: the id of a request is that of the header, and where a proxy has lost the header that of the
// body.
func TestRequestID(t *testing.T) {
	for header, want := range map[string]string{"Request-Id: of-the-header": "of-the-header", "X-Other: x": "of-the-body"} {
		bubble(t, func(t *testing.T) {
			client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) {
				return answer(r, http.StatusBadRequest, `{"error":{"code":"BadRequest","message":"no","innerError":{"request-id":"of-the-body"}}}`, header)
			}))
			_, _, err := list(t.Context(), client, Query{})
			if e, ok := errors.AsType[*Error](err); !ok || e.RequestID != want || e.Code != "BadRequest" || e.Message != "no" {
				t.Errorf("got %v, want the id %s", err, want)
			}
		})
	}
}

// TestLongBodyWaits: whoever waits for another's long answer to end leaves when its own time is over.
func TestLongBodyWaits(t *testing.T) {
	client := connect(t, roundTrip(nil))
	client.longBody <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, release, err := client.read(ctx, &http.Response{Header: http.Header{}, Body: io.NopCloser(strings.NewReader(strings.Repeat("x", smallBody)))})
	if release(); !errors.Is(err, context.Canceled) || len(client.longBody) != 1 {
		t.Errorf("got %v, and %d long bodies are held", err, len(client.longBody))
	}
}

// TestExchangeError: what ends an exchange keeps its operation, and shows neither an address nor a header.
func TestExchangeError(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tc := range []struct {
		over bool
		err  error
		want Error
	}{
		{true, io.EOF, Error{Reason: ReasonTimeout, Message: "no complete answer within 30s"}},
		{false, os.ErrDeadlineExceeded, Error{Reason: ReasonTimeout, Message: "no complete answer within 30s"}},
		{false, &url.Error{Op: "Get", URL: "https://x/tenant", Err: io.ErrUnexpectedEOF}, Error{Reason: ReasonUnreachable, Message: "the connection ended before the answer did"}},
		{false, io.EOF, Error{Reason: ReasonUnreachable, Message: "the connection ended before the answer did"}},
		{false, &url.Error{Op: "Get", URL: "https://x/tenant", Err: errors.New("no route")}, Error{Reason: ReasonUnreachable, Message: "no route"}},
		{false, errors.New(`failed to parse Location header "https://x/secret"`), Error{Reason: ReasonMalformed, Message: "redirect to nowhere, not followed"}},
	} {
		tc.want.Operation = OperationSweep
		ctx := t.Context()
		if tc.over {
			ctx = over
		}
		if got := exchangeError(ctx, OperationSweep, tc.err); *got != tc.want {
			t.Errorf("%v: got %+v, want %+v", tc.err, *got, tc.want)
		}
	}
}
