package graphclient

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// pageSize is the most that Graph answers at once; above it HTTP 400:
// {"error":{"code":"","message":"… The limit of '50' for Top query has been exceeded. …"}}
const pageSize = "50"

// A Query selects incidents.
type Query struct {
	Operation Operation
	// Filter is an OData expression, sent as it is. Some servers ignore it, and a
	// nextLink may lose it: check the rows.
	Filter string
	// Background listings leave room under the limit to the others, which therefore do not
	// wait behind them. They are not tried again: whoever lists in the background has a pace.
	Background bool
	// Patient listings wait for as long as Graph asks to be left alone. Others fail where that
	// is longer than a pull can wait.
	Patient bool
	heard   func(*http.Response) // called with each answer, before its body is read; nil: not
}

// values returns the query options. There is no $expand (with alerts on a list, Graph
// always answers large tenants with HTTP 500), and no $orderby or $select, which Graph does not document.
func (q Query) values() url.Values {
	v := url.Values{"$top": {pageSize}}
	if q.Filter != "" {
		v.Set("$filter", q.Filter)
	}
	return v
}

// An Answer says when a request was answered, by Graph's clock and by the local one.
type Answer struct {
	// Date is the header of that name, in whole seconds; zero when it is missing.
	Date time.Time
	// Sent and Arrived are local, with a monotonic reading, and of the attempt that
	// succeeded, or else of the last one. Arrived is when the whole body was there.
	Sent, Arrived time.Time
}

// A Page is a part of a list. The caller owns it.
type Page struct {
	Answer
	Incidents []Incident // may be empty, and may hold an incident twice
	More      bool       // a nextLink follows, even after an empty page
}

// Incidents lists incidents page by page; breaking out of the range stops the requests, and
// an error, of type [*Error], is the last element. A listing of more than one page is read
// from a list that moves meanwhile: incidents may be missing from it.
func (c *Client) Incidents(ctx context.Context, q Query) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		u := new(*c.root)
		u.RawQuery = encode(q.values())
		for seen := map[string]bool{}; u != nil; {
			seen[u.RequestURI()] = true
			page, next, err := c.page(ctx, q, u)
			if err == nil && next != nil && (seen[next.RequestURI()] || len(seen) == maxPages) {
				err = &Error{
					Reason: ReasonIncomplete, Operation: q.Operation,
					Message: fmt.Sprintf("the list does not end: nextLink repeats, or leads past %d pages", maxPages),
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) {
				return
			}
			u = next
		}
	}
}

// page reads one page, and returns where the next one is.
func (c *Client) page(ctx context.Context, q Query, u *url.URL) (*Page, *url.URL, error) {
	var page *Page
	var link string
	answer, err := c.get(ctx, q, u, func(body []byte) (err error) {
		if page, link, err = parsePage(body); err == nil {
			err = c.checkEcho(page.Incidents...)
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	page.Answer, page.More = answer, link != ""
	if !page.More {
		return page, nil, nil
	}
	next, err := c.nextLink(link, q)
	if err != nil {
		return nil, nil, c.redact.scrub(malformed(q.Operation, err))
	}
	return page, next, nil
}

// Incident reads one incident by its id. One that does not exist is an [*Error] with
// [ReasonNotFound]; the answer's times are valid then, too.
func (c *Client) Incident(ctx context.Context, id string) (Incident, Answer, error) {
	if strings.Trim(id, ".") == "" { // would lead to another resource
		return Incident{}, Answer{}, &Error{Reason: ReasonBadRequest, Operation: OperationGet, Message: fmt.Sprintf("%q is no id", id)}
	}
	var in Incident
	answer, err := c.get(ctx, Query{Operation: OperationGet}, c.root.JoinPath(url.PathEscape(id)), func(body []byte) error {
		got, err := parseIncident(body)
		if err == nil {
			err = c.checkEcho(got)
		}
		if err == nil && got.ID != id {
			err = fmt.Errorf("asked for incident %s, answered with %s", id, oneLine(got.ID))
		}
		in = got
		return err
	})
	if err != nil {
		return Incident{}, answer, err
	}
	return in, answer, nil
}

// errEcho is the error of an answer that would put a secret on a page of metrics.
var errEcho = errors.New("an incident that holds what was sent to sign in")

// checkEcho reports incidents that hold the token or the credential: their ids, links and tags may be
// shown. Only somebody who wants that would send such.
func (c *Client) checkEcho(incidents ...Incident) error {
	for _, in := range incidents {
		if c.redact.repeated(in.ID, in.WebURL) || c.redact.repeated(in.Tags...) {
			return errEcho
		}
	}
	return nil
}

// malformed is the error of an answer with status 200 that cannot be used.
func malformed(op Operation, err error) *Error {
	return &Error{Reason: ReasonMalformed, Operation: op, Status: http.StatusOK, Message: err.Error()}
}
