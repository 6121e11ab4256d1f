package graphclient

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxBody      = 32 << 20 // of an answer, decompressed
	maxErrorBody = 64 << 10
)

// get sends a request until it is answered well or trying again makes no sense,
// and decodes the answer.
func (c *Client) get(ctx context.Context, op Operation, u *url.URL, into any) (Answer, error) {
	for try := 1; ; try++ {
		answer, err := c.attempt(ctx, op, u, into)
		if err == nil {
			return answer, nil
		}
		wait, again := retry(err, try)
		if !again {
			return answer, err
		}
		if !sleep(ctx, wait) {
			return answer, transportError(ctx, op, ctx.Err())
		}
	}
}

// attempt sends a request once, with a new token if the one at hand is refused.
func (c *Client) attempt(ctx context.Context, op Operation, u *url.URL, into any) (Answer, *Error) {
	for renewed := false; ; renewed = true {
		token, err := c.tokens.token(ctx)
		if err != nil {
			return Answer{}, err
		}
		if err := c.limiter.wait(ctx, op); err != nil {
			return Answer{}, err
		}
		answer, err := c.send(ctx, op, u, token, into)
		if err == nil {
			return answer, nil
		}
		err.Message = strings.ReplaceAll(err.Message, token, hidden)
		if err.Status != http.StatusUnauthorized || renewed {
			return answer, err
		}
		c.tokens.reject(token)
	}
}

// send carries out one exchange within [requestLimit].
func (c *Client) send(caller context.Context, op Operation, u *url.URL, token string, into any) (answer Answer, failure *Error) {
	ctx, cancel := context.WithTimeout(withOperation(caller, op), requestLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return answer, &Error{Reason: ReasonBadRequest, Operation: op, Message: "no request can be made of the URL"}
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "application/json")
	// Without it, status awaitingAction is sent as unknownFutureValue.
	r.Header.Set("Prefer", "include-unknown-enum-members")
	r.Header.Set("User-Agent", c.agent)
	answer.Sent = time.Now()
	defer func() {
		answer.Arrived = time.Now()
		c.logAttempt(caller, op, answer, failure)
	}()
	resp, err := c.http.Do(r)
	if err != nil {
		return answer, transportError(caller, op, err)
	}
	defer resp.Body.Close()
	answer.Date, _ = http.ParseTime(resp.Header.Get("Date"))
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Warning") != "" {
		return answer, c.refusal(op, resp)
	}
	return answer, readBody(caller, op, resp, into)
}

// readBody decodes a good answer.
func readBody(ctx context.Context, op Operation, resp *http.Response, into any) *Error {
	body := &bodyReader{r: io.LimitReader(resp.Body, maxBody)}
	err := decode(json.NewDecoder(body), into)
	switch {
	case err == nil:
		return nil
	case body.err != nil: // the connection's fault, not the text's
		e := transportError(ctx, op, body.err)
		e.Message = "answer breaks off: " + e.Message
		return e
	}
	return &Error{
		Reason: ReasonMalformed, Operation: op, Status: resp.StatusCode, RequestID: requestID(resp),
		Message: fmt.Sprintf("answer of type %q is not the JSON expected: %s", oneLine(resp.Header.Get("Content-Type")), oneLine(err.Error())),
	}
}

// A bodyReader remembers why reading ended, other than by the end.
type bodyReader struct {
	r   io.Reader
	err error
}

func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// refusal makes an error of an answer that is not 200, and tells the limiter.
// An answer with a Warning is one that a provider is missing from:
//
//	Warning: 199 - "Vendor/Provider/504/10000"
func (c *Client) refusal(op Operation, resp *http.Response) *Error {
	e := &Error{
		Reason: reasonOfStatus(resp.StatusCode), Operation: op, Status: resp.StatusCode, RequestID: requestID(resp),
		RetryAfter: retryAfter(resp.Header, time.Now()),
	}
	if w := resp.Header.Get("Warning"); w != "" && resp.StatusCode < 300 {
		e.Reason, e.Message = ReasonIncomplete, "Warning: "+oneLine(w)
		return e
	}
	// {"error":{"code":"","message":"…","innerError":{…}}}, or anything else.
	var body struct {
		Error struct{ Code, Message text }
	}
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if json.Unmarshal(raw, &body) == nil {
		e.Code, e.Message = oneLine(string(body.Error.Code)), oneLine(string(body.Error.Message))
	}
	if loc := resp.Header.Get("Location"); loc != "" {
		e.Message = "redirect, not followed"
	}
	if e.Reason == ReasonThrottled || e.Status == http.StatusServiceUnavailable && e.RetryAfter > 0 {
		c.limiter.throttled(e.RetryAfter, e.Reason == ReasonThrottled)
	}
	return e
}

func requestID(resp *http.Response) string { return oneLine(resp.Header.Get("Request-Id")) }

func (c *Client) logAttempt(ctx context.Context, op Operation, a Answer, failure *Error) {
	if failure != nil {
		c.log.DebugContext(ctx, "Graph request failed", "operation", string(op), "duration", a.Arrived.Sub(a.Sent), "err", failure)
		return
	}
	c.log.DebugContext(ctx, "Graph request", "operation", string(op), "status", http.StatusOK, "duration", a.Arrived.Sub(a.Sent))
}
