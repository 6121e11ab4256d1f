package graphclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode"
)

// A Reason tells errors apart by what can be done about them.
type Reason string

// The reasons. NotFound is returned by [Client.Incident] only.
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

// An Error is an answer, or the lack of one, that is of no use.
type Error struct {
	Reason    Reason
	Operation Operation
	Status    int    // of the answer; 0 if there was none
	Code      string // Graph's or Entra's own, may be empty
	Message   string // one line, no secret in it
	RequestID string
	// RetryAfter is how long Graph asked to be left alone; 0 if it did not.
	RetryAfter time.Duration
	cause      error
}

// Error returns one line with all that is known.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", e.Reason)
	if e.Status != 0 {
		fmt.Fprintf(&b, ": %s request answered with HTTP %d", e.Operation, e.Status)
	} else if e.Operation != "" {
		fmt.Fprintf(&b, ": %s request", e.Operation)
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

// Unwrap returns the end of the caller's context, where that was the cause, and
// nothing else: errors of the transport may hold the request.
func (e *Error) Unwrap() error { return e.cause }

// ReasonOf returns the reason of any error of this package, and "" for nil.
func ReasonOf(err error) Reason {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return ReasonTimeout
	}
	return ReasonUnreachable
}

// reasonOfStatus decides by the HTTP status alone: codes and bodies vary.
func reasonOfStatus(status int) Reason {
	switch {
	case status == http.StatusTooManyRequests:
		return ReasonThrottled
	case status == http.StatusUnauthorized:
		return ReasonUnauthorized
	case status == http.StatusForbidden:
		return ReasonForbidden
	case status == http.StatusNotFound:
		return ReasonNotFound
	case status == http.StatusRequestTimeout || status == http.StatusGatewayTimeout:
		return ReasonTimeout
	case status >= 500:
		return ReasonServerError
	case status >= 400:
		return ReasonBadRequest
	case status == http.StatusPartialContent:
		return ReasonIncomplete
	default: // a redirect, or a success that the contract does not know
		return ReasonMalformed
	}
}

// transportError translates an error of net/http, which names the URL and may
// hold the request, into one that does neither.
func transportError(ctx context.Context, op Operation, err error) *Error {
	e := &Error{Operation: op, Reason: ReasonUnreachable, Message: plainCause(err)}
	var netErr net.Error
	switch {
	case ctx.Err() != nil:
		e.cause, e.Reason, e.Message = ctx.Err(), ReasonTimeout, "gave up waiting"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		e.Reason, e.Message = ReasonTimeout, fmt.Sprintf("no complete answer within %s", requestLimit)
	}
	return e
}

// plainCause returns the innermost error's text, which names no URL.
func plainCause(err error) string {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return oneLine(err.Error())
}

const maxMessage = 300

// oneLine makes foreign text safe to log: no control characters, not too long.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}
