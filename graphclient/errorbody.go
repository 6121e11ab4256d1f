package graphclient

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// requestIDHeader is where Graph says what its support asks for.
const requestIDHeader = "Request-Id"

// wireError is the body of a refused request, if Graph wrote it; it may as well be empty,
// plain text or HTML.
type wireError struct {
	Error struct {
		Code       text `json:"code"` // may be empty
		Message    text `json:"message"`
		InnerError struct {
			RequestID text `json:"request-id"`
		} `json:"innerError"`
	} `json:"error"`
}

// responseError makes an error of an answer that is not 200, or that carries a warning. The
// limiter learns of it first: the body may never end.
func (c *Client) responseError(ctx context.Context, op Operation, resp *http.Response, sent time.Time) *Error {
	e := &Error{
		Reason: reasonOf(resp.StatusCode, op), Operation: op, Status: resp.StatusCode,
		RequestID: resp.Header.Get(requestIDHeader), RetryAfter: retryAfter(resp.Header, time.Now()),
	}
	c.adaptLimit(ctx, e, sent)
	switch {
	case resp.StatusCode < 300 && hasWarning(resp.Header):
		e.Reason, e.Message = ReasonIncomplete, "Warning: "+strings.Join(resp.Header.Values("Warning"), ", ")
	case e.Reason == ReasonIncomplete:
		e.Message = "a partial answer"
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		e.Message = redirectMessage(resp.Header)
	default:
		body, err := errorBody(resp)
		if err != nil && ctx.Err() != nil {
			e.Reason = ReasonTimeout
		}
		c.addErrorBody(e, resp.Header, body)
	}
	return e
}

// errorBody returns the body of an error, and nothing of one that is too long: its end could be the
// beginning of a secret, which nobody would recognize.
func errorBody(resp *http.Response) ([]byte, error) {
	r, err := decode(resp, maxErrorBody, new(gzip.Reader))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return body, nil
}

// adaptLimit passes on to the limiter what an answer says about coming back.
func (c *Client) adaptLimit(ctx context.Context, e *Error, sent time.Time) {
	switch e.Status {
	case http.StatusTooManyRequests:
		if from, to := c.limiter.throttled(sent, time.Now(), e.RetryAfter); to < from {
			c.log.InfoContext(ctx, "Graph throttles, limit lowered", "from_per_minute", from, "to_per_minute", to, "retry_after", e.RetryAfter)
		}
	case http.StatusServiceUnavailable:
		c.limiter.stopFor(e.RetryAfter, time.Now())
	}
}

// addErrorBody adds what Graph says in the body of an error.
func (c *Client) addErrorBody(e *Error, h http.Header, body []byte) {
	var wire wireError
	switch {
	case json.Unmarshal(body, &wire) == nil:
		e.Code, e.Message = string(wire.Error.Code), string(wire.Error.Message)
		if e.RequestID == "" {
			e.RequestID = string(wire.Error.InnerError.RequestID)
		}
	case strings.HasPrefix(h.Get("Content-Type"), "text/plain"):
		e.Message = string(body)
	}
	if e.Reason == ReasonForbidden {
		// A missing admin consent does not fail the sign-in: it shows here.
		e.Message = "is SecurityIncident.Read.All granted, with admin consent? " + e.Message
	}
}

// redirectMessage says where a redirect leads, by its host alone.
func redirectMessage(h http.Header) string {
	to, err := url.Parse(h.Get("Location"))
	if err != nil || to.Host == "" {
		return "redirect, not followed"
	}
	return "redirect to " + to.Scheme + "://" + to.Host + ", not followed"
}

var (
	staleWarning  = regexp.MustCompile(`(^|,)\s*1\d\d\s`)
	remarkWarning = regexp.MustCompile(`^\s*2\d\d\s`)
)

// hasWarning reports whether an answer says of itself that it is not the whole truth. With this
// one, a provider of alerts did not answer in time, and its incidents are missing:
//
//	Warning: 199 - "Vendor/Provider/504/10000"
//
// Other codes from 100 to 199 say that the answer is stale; codes from 200 are remarks that
// take nothing away, such as 299 for an API that will end.
func hasWarning(h http.Header) bool {
	for _, w := range h.Values("Warning") {
		if staleWarning.MatchString(w) || !remarkWarning.MatchString(w) {
			return true
		}
	}
	return false
}
