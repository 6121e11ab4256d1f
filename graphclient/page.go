package graphclient

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// pageSize is the most that Graph answers at once; above it HTTP 400:
	// {"error":{"code":"","message":"… The limit of '50' for Top query has been exceeded. …"}}
	pageSize = "50"
	// maxPages cuts a listing that never ends.
	maxPages = 200
)

// A Query selects incidents.
type Query struct {
	Operation Operation
	// Filter is an OData expression, sent as it is. Not every server heeds it
	// and a nextLink may lose it: check the rows.
	Filter string
}

// An Answer says when a request was answered, by Graph's clock and by the local one.
type Answer struct {
	// Date is the header of that name; zero when it is missing.
	Date time.Time
	// Sent and Arrived are local, with a monotonic reading, and of the attempt
	// that succeeded.
	Sent, Arrived time.Time
}

// A Page is a part of a list. The caller owns it.
type Page struct {
	Answer
	Incidents []Incident // may be empty, and may hold an incident twice
	More      bool       // a nextLink follows, even after an empty page
}

// wirePage is a page in JSON.
type wirePage struct {
	Value    []wireIncident `json:"value"`
	NextLink *string        `json:"@odata.nextLink"`
}

// Incidents lists incidents page by page; breaking out of the range stops the
// requests, and an error is the last element. No $expand (alerts on a list are
// answered with HTTP 500 on large tenants), no $orderby and no $select, whose
// support is not documented. A listing of more than one page is read from a list
// that moves: incidents may be missing from it.
func (c *Client) Incidents(ctx context.Context, q Query) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		first := *c.root
		query := url.Values{"$top": {pageSize}}
		if q.Filter != "" {
			query.Set("$filter", q.Filter)
		}
		first.RawQuery = encode(query)
		for u, seen := &first, map[string]bool{}; u != nil; {
			page, next, err := c.page(ctx, q, u)
			if err == nil && next != nil && (seen[next.RawQuery] || len(seen) == maxPages) {
				err = &Error{Reason: ReasonIncomplete, Operation: q.Operation, Message: "nextLink repeats or never ends"}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) {
				return
			}
			if u = next; u != nil {
				seen[u.RawQuery] = true
			}
		}
	}
}

func (c *Client) page(ctx context.Context, q Query, u *url.URL) (*Page, *url.URL, error) {
	var body wirePage
	answer, err := c.get(ctx, q.Operation, u, &body)
	if err != nil {
		return nil, nil, err
	}
	malformed := func(message string) error {
		return &Error{Reason: ReasonMalformed, Operation: q.Operation, Status: http.StatusOK, Message: message}
	}
	if body.Value == nil {
		return nil, nil, malformed("answer without a list of incidents")
	}
	page := &Page{Answer: answer, Incidents: make([]Incident, len(body.Value))}
	for i := range body.Value {
		if page.Incidents[i], err = body.Value[i].incident(); err != nil {
			return nil, nil, malformed(err.Error())
		}
	}
	if body.NextLink == nil || *body.NextLink == "" {
		return page, nil, nil
	}
	page.More = true
	next, err := c.nextLink(*body.NextLink, q)
	if err != nil {
		return nil, nil, malformed(err.Error())
	}
	return page, next, nil
}

// nextLink checks where a nextLink leads: the token goes to the configured host
// and to nothing else. A positional link that lost the filter gets it back, or it
// would count positions in another list.
func (c *Client) nextLink(link string, q Query) (*url.URL, error) {
	u, err := url.Parse(link)
	if err != nil {
		return nil, fmt.Errorf("nextLink is no URL")
	}
	u = c.root.ResolveReference(u)
	if u.Scheme != c.root.Scheme || !strings.EqualFold(u.Host, c.root.Host) || u.User != nil {
		return nil, fmt.Errorf("nextLink leads to %q instead of %q: not followed", oneLine(u.Scheme+"://"+u.Host), c.root.Host)
	}
	if query := u.Query(); q.Filter != "" && query.Has("$skip") && !query.Has("$filter") {
		query.Set("$filter", q.Filter)
		u.RawQuery = encode(query)
	}
	u.Host = c.root.Host
	return u, nil
}

// encode writes a query with %20 for a blank, which every server reads, and $ as
// it is.
func encode(v url.Values) string {
	return strings.NewReplacer("+", "%20", "%24", "$").Replace(v.Encode())
}

// Incident reads one incident by its id. An incident that does not exist is an
// [Error] of reason [ReasonNotFound]; the answer's times are valid with it.
func (c *Client) Incident(ctx context.Context, id string) (Incident, Answer, error) {
	var body wireIncident
	answer, err := c.get(ctx, OperationGet, c.root.JoinPath(url.PathEscape(id)), &body)
	if err != nil {
		return Incident{}, answer, err
	}
	in, err := body.incident()
	if err == nil && in.ID != id {
		err = fmt.Errorf("asked for incident %s, answered with %s", id, oneLine(in.ID))
	}
	if err != nil {
		return Incident{}, answer, &Error{Reason: ReasonMalformed, Operation: OperationGet, Status: http.StatusOK, Message: err.Error()}
	}
	return in, answer, nil
}

// decode reads one JSON value that ends with the body.
func decode(d *json.Decoder, into any) error {
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return fmt.Errorf("text after the JSON")
	}
	return nil
}
