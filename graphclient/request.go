package graphclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// get sends a request until it is answered well or trying again makes no sense. parse
// takes the body of an answer, and judges it: what it cannot use is malformed. It must
// begin afresh each time.
func (c *Client) get(ctx context.Context, q Query, u *url.URL, parse func(body []byte) error) (Answer, error) {
	for try := 1; ; try++ {
		answer, err := c.attempt(ctx, q, u, parse)
		if err == nil {
			return answer, nil
		}
		wait, again := retry(err, try, q.Patient)
		if !again || q.Background {
			return answer, err
		}
		if !sleep(ctx, wait) {
			return answer, err.interrupted(ctx)
		}
	}
}

// attempt sends a request once, and once more with a new token if the one at hand is refused.
func (c *Client) attempt(ctx context.Context, q Query, u *url.URL, parse func([]byte) error) (Answer, *Error) {
	for renewed := false; ; renewed = true {
		token, err := c.admit(ctx, q)
		if err != nil {
			return Answer{}, err
		}
		answer, err := c.send(ctx, q, u, token, parse)
		if err == nil {
			c.tokens.accept(token)
			return answer, nil
		}
		if err.Reason != ReasonUnauthorized {
			return answer, err
		}
		c.tokens.reject(token, err)
		if renewed {
			return answer, err
		}
	}
}

// admit waits until the request may be sent, and returns the token to send it with. The
// token comes first, so that nothing is booked while signing in fails, and is asked for
// again in the end, because a sweep may have waited for minutes.
func (c *Client) admit(ctx context.Context, q Query) (string, *Error) {
	if ctx.Err() != nil {
		return "", waitError(ctx, q.Operation)
	}
	if _, err := c.tokens.token(ctx); err != nil {
		return "", err
	}
	if err := c.limiter.wait(ctx, q); err != nil {
		return "", err
	}
	return c.tokens.token(ctx)
}

// send carries out one exchange, within [requestLimit].
func (c *Client) send(caller context.Context, q Query, u *url.URL, token string, parse func([]byte) error) (answer Answer, failure *Error) {
	op := q.Operation
	ctx, cancel := context.WithTimeout(withOperation(caller, op), requestLimit)
	defer cancel()
	r, err := c.request(ctx, u, token)
	if err != nil {
		return answer, &Error{Reason: ReasonBadRequest, Operation: op, Message: "no request can be made of the URL"}
	}
	answer.Sent = time.Now()
	resp, err := c.http.Do(r)
	if err == nil {
		defer resp.Body.Close()
		if q.heard != nil {
			q.heard(resp)
		}
		answer.Date, _ = http.ParseTime(resp.Header.Get("Date"))
		failure = c.receive(ctx, op, resp, answer.Sent, parse)
	} else {
		failure = exchangeError(ctx, op, err)
	}
	if failure != nil && caller.Err() != nil {
		failure = waitError(caller, op)
	}
	failure = c.redact.scrub(failure)
	answer.Arrived = time.Now()
	c.logAttempt(caller, op, answer, resp, failure)
	return answer, failure
}

func (c *Client) request(ctx context.Context, u *url.URL, token string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "application/json")
	// Without it, status awaitingAction is sent as unknownFutureValue.
	r.Header.Set("Prefer", "include-unknown-enum-members")
	r.Header.Set("User-Agent", c.agent)
	return r, nil
}

// receive reads a whole answer and tells the limiter and the parser of it.
func (c *Client) receive(ctx context.Context, op Operation, resp *http.Response, sent time.Time, parse func([]byte) error) *Error {
	if resp.StatusCode != http.StatusOK || hasWarning(resp.Header) {
		return c.responseError(ctx, op, resp, sent)
	}
	body, release, err := c.read(ctx, resp)
	defer release()
	long, ok := errors.AsType[lengthError](err)
	switch {
	case ok:
		err = long
	case err != nil && !errors.Is(err, errEncoding):
		e := exchangeError(ctx, op, err)
		e.Status, e.RequestID = resp.StatusCode, resp.Header.Get(requestIDHeader)
		return e
	case err == nil:
		err = parse(body)
	}
	if err == nil {
		return nil
	}
	e := malformed(op, fmt.Errorf("answer of type %q: %w", resp.Header.Get("Content-Type"), err))
	e.RequestID = resp.Header.Get(requestIDHeader)
	return e
}

// exchangeError is the error of an exchange that did not come to its end. The errors of net/http
// name the URL, and so the tenant and the query; what they wrap does not.
func exchangeError(ctx context.Context, op Operation, err error) *Error {
	if ctx.Err() != nil || isTimeout(err) {
		return &Error{Reason: ReasonTimeout, Operation: op, Message: fmt.Sprintf("no complete answer within %s", requestLimit)}
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if strings.HasPrefix(err.Error(), "failed to parse Location header") { // and quotes it
		return &Error{Reason: ReasonMalformed, Operation: op, Message: "redirect to nowhere, not followed"}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("the connection ended before the answer did")
	}
	return &Error{Reason: ReasonUnreachable, Operation: op, Message: err.Error()}
}

// logAttempt writes the one line that each attempt gets. resp is nil without an answer.
func (c *Client) logAttempt(ctx context.Context, op Operation, a Answer, resp *http.Response, failure *Error) {
	attrs := []slog.Attr{slog.String("operation", string(op)), slog.Duration("duration", a.Arrived.Sub(a.Sent))}
	if resp != nil {
		attrs = append(attrs, slog.Int("status", resp.StatusCode), slog.String("request_id", c.redact.clean(resp.Header.Get(requestIDHeader))))
	}
	if failure != nil {
		attrs = append(attrs, slog.Any("err", failure))
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "Asked Graph", attrs...)
}
