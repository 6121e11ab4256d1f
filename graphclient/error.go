package graphclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// A Reason tells errors apart by what can be done about them.
type Reason string

// The reasons. ReasonNotFound comes from [Client.Incident] only, and ReasonCredential only
// from signing in: the secret, the application or the tenant is not accepted.
const (
	ReasonThrottled    Reason = "throttled"
	ReasonUnauthorized Reason = "unauthorized"
	ReasonForbidden    Reason = "forbidden"
	ReasonBadRequest   Reason = "bad_request"
	ReasonUnreachable  Reason = "unreachable"
	ReasonTimeout      Reason = "timeout"
	ReasonServerError  Reason = "server_error"
	ReasonIncomplete   Reason = "incomplete"
	ReasonMalformed    Reason = "malformed"
	ReasonCredential   Reason = "credential"
	ReasonNotFound     Reason = "not_found"
)

// An Error is an answer that cannot be used, or the lack of one. It holds no secret, no token
// and no URL. Several callers may be given the same one: do not change it.
type Error struct {
	Reason    Reason
	Operation Operation
	Status    int    // of the HTTP answer; 0: there was none
	Code      string // Graph's own, or AADSTS and a number; may be empty
	Message   string // one line of at most 300 characters
	RequestID string // what Microsoft's support asks for; may be empty
	// RetryAfter is how long Graph asked to be left alone; 0: it did not.
	RetryAfter time.Duration
	cause      error
}

// Error returns one line with all that is known:
//
//	listing incidents: throttled (HTTP 429): activityLimitReached: Too many requests (request-id 5f2c…)
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Operation.verb(), e.Reason)
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	for _, s := range []string{e.Code, e.Message} {
		if s != "" {
			fmt.Fprintf(&b, ": %s", s)
		}
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request-id %s)", e.RequestID)
	}
	return b.String()
}

// Unwrap returns the end of the caller's context, where that was the cause, and nothing
// else: errors of net/http and oauth2 hold the request, and so the token or the secret.
func (e *Error) Unwrap() error { return e.cause }

// ReasonOf returns the reason of any error, and "" for nil.
func ReasonOf(err error) Reason {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	if errors.Is(err, context.Canceled) || isTimeout(err) {
		return ReasonTimeout
	}
	return ReasonUnreachable
}

// isTimeout holds for deadlines of contexts and of connections alike.
func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && t.Timeout()
}

// reasonOf decides by the HTTP status alone: the codes and bodies of Graph's errors vary.
func reasonOf(status int, op Operation) Reason {
	switch {
	case status == http.StatusPartialContent:
		return ReasonIncomplete
	case status < 400: // a redirect, or a success that the contract does not know
		return ReasonMalformed
	case status == http.StatusUnauthorized:
		return ReasonUnauthorized
	case status == http.StatusForbidden:
		return ReasonForbidden
	case status == http.StatusNotFound && op == OperationGet:
		return ReasonNotFound
	case status == http.StatusRequestTimeout:
		return ReasonTimeout
	case status == http.StatusTooManyRequests:
		return ReasonThrottled
	case status < 500:
		return ReasonBadRequest
	}
	return ReasonServerError
}

// waitError is the error of a caller whose context ended while it waited.
func waitError(ctx context.Context, op Operation) *Error {
	return &Error{Reason: ReasonTimeout, Operation: op, Message: "gave up waiting", cause: ctx.Err()}
}

// interrupted is the error when the caller's context ends before the next try.
func (e *Error) interrupted(ctx context.Context) *Error {
	c := *e
	c.cause = ctx.Err()
	return &c
}

// oneLine makes foreign text safe to log: no control, invisible or broken characters, and
// not too long.
func oneLine(s string) string { return shorten(printable(s), maxMessage) }

// printable returns foreign text without control, invisible and broken characters, on one line.
func printable(s string) string {
	s = strings.ToValidUTF8(s, "?")
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
}

// shorten returns a text of at most n characters.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
