package graphclient

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
)

// A Question is one GET whose answer is of interest whatever it is: a refusal as well. It is for who
// wants to know how Graph behaves, and not for reading incidents.
type Question struct {
	// Options are the query options of a list, sent as they are; nil: none.
	Options url.Values
	// Link, if not empty, is a nextLink of such a list, which is followed as it is: what it has
	// lost stays lost.
	Link string
	// ID, if not empty, asks for one incident instead.
	ID string
}

// A Reply is how Graph has answered a question.
type Reply struct {
	Answer
	// Status and Header are of the last answer, also where an error comes with it; 0 and nil if
	// there was none. The header holds no secret, and otherwise whatever Graph has sent.
	Status int
	Header http.Header
	// Requests is how many have been sent that were answered: 2 if the first one's token was refused.
	Requests int
	// Body is that of an answer with 200: JSON perhaps, of bounded depth, with everything that Graph
	// says of incidents. It is the caller's.
	Body []byte
}

// Ask sends a question once, and once more if the token at hand is refused. It waits for the limiter for as
// long as that takes. Every answer but a plain 200 is an [*Error] beside the reply.
func (c *Client) Ask(ctx context.Context, q Question) (Reply, error) {
	var reply Reply
	query := Query{Operation: OperationSweep, Patient: true, heard: func(resp *http.Response) {
		reply.Requests++
		reply.Status, reply.Header = resp.StatusCode, c.cleanHeader(resp.Header)
	}}
	u := new(*c.root)
	u.RawQuery = encode(q.Options)
	switch {
	case q.ID != "":
		query.Operation = OperationGet
		u = u.JoinPath(url.PathEscape(q.ID))
	case q.Link != "":
		var err error
		if u, err = c.nextLink(q.Link, query); err != nil {
			return reply, c.redact.scrub(malformed(query.Operation, err))
		}
	}
	answer, err := c.attempt(ctx, query, u, func(body []byte) error {
		reply.Body = bytes.Clone(body) // whose memory another answer takes
		return checkShape(body)
	})
	reply.Answer = answer
	if err != nil {
		reply.Body = nil
		return reply, err
	}
	return reply, nil
}

// cleanHeader returns the headers of an answer without secrets.
func (c *Client) cleanHeader(h http.Header) http.Header {
	cleaned := make(http.Header, len(h))
	for name, values := range h {
		name = c.redact.clean(name)
		for _, v := range values {
			cleaned[name] = append(cleaned[name], c.redact.clean(v))
		}
	}
	return cleaned
}
