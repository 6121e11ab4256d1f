package contract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"msgraph_security_exporter/graphclient"
)

// An inquiry puts questions to Graph within bounds, and keeps the answers, so that several questions can be
// told by one.
type inquiry struct {
	graph   *graphclient.Client
	spent   int                 // requests
	end     error               // why nothing more is asked
	lists   map[string]*listing // by what was asked
	walked  []*listing          // pages, the first one first
	skews   []time.Duration     // Graph's clock less the local one, of each answer that is dated
	undated int                 // answers without a Date
	refused []refusal           // each refusal that Graph was asked again after included
}

// A refusal is an answer other than 200, reduced to what can be told.
type refusal struct {
	status     int
	code       codeKind
	form       string // of its body
	retryAfter string // form of that header
	limits     []string
}

var errSpent = fmt.Errorf("the %d requests of a report are used up", maxRequests)

func newInquiry(c *graphclient.Client) *inquiry {
	return &inquiry{graph: c, lists: map[string]*listing{}}
}

// The pauses after an answer that may be another the next time.
const (
	pauseThrottled = 20 * time.Second
	pauseFailed    = 2 * time.Second
)

// maxTries is how often a question is put that Graph throttles, or fails to answer.
const maxTries = 3

// first returns the plain first page.
func (in *inquiry) first(ctx context.Context) *listing { return in.list(ctx, "$top", "50") }

// list asks for a list with these options, by name and value, unless it has been asked before.
func (in *inquiry) list(ctx context.Context, options ...string) *listing {
	key := strings.Join(options, "\x00")
	if l := in.lists[key]; l != nil {
		return l
	}
	l := in.again(ctx, options...)
	in.lists[key] = l
	return l
}

// again asks for a list, also if it has been asked for before.
func (in *inquiry) again(ctx context.Context, options ...string) *listing {
	v := url.Values{}
	for i := 0; i+1 < len(options); i += 2 {
		v.Set(options[i], options[i+1])
	}
	return in.ask(ctx, graphclient.Question{Options: v})
}

// filtered asks for a full page of what matches a filter.
func (in *inquiry) filtered(ctx context.Context, filter string) *listing {
	return in.list(ctx, "$top", "50", "$filter", filter)
}

// follow asks for what a nextLink leads to.
func (in *inquiry) follow(ctx context.Context, link string) *listing {
	return in.ask(ctx, graphclient.Question{Link: link})
}

// ask puts a question, and once or twice more if the answer may have been an accident.
func (in *inquiry) ask(ctx context.Context, q graphclient.Question) *listing {
	for try := 1; ; try++ {
		switch {
		case in.end != nil:
			return &listing{skipped: true, cause: in.end}
		case in.spent+2 > maxRequests: // a token that is refused costs one more
			return &listing{skipped: true, cause: errSpent}
		}
		reply, err := in.graph.Ask(ctx, q)
		in.spent += max(1, reply.Requests)
		in.observe(&reply, err)
		pause, ending := judge(err, try)
		if ending {
			in.end = err
		}
		if pause == 0 || !sleep(ctx, pause) {
			return newListing(q, &reply, err)
		}
	}
}

// judge returns how long to wait before the question is put again, 0 if that makes no sense, and whether
// asking anything more makes none.
func judge(err error, try int) (pause time.Duration, ending bool) {
	e, ok := errors.AsType[*graphclient.Error](err)
	if !ok {
		return 0, false
	}
	final := try == maxTries
	switch {
	case e.Operation == graphclient.OperationToken, e.Status == http.StatusUnauthorized:
		return 0, true
	case e.Status == 0 && final, e.Status == http.StatusTooManyRequests && final:
		return 0, true
	case e.Reason == graphclient.ReasonTimeout && e.Unwrap() != nil: // the caller's end
		return 0, true
	case e.Status == http.StatusTooManyRequests:
		return pauseThrottled, false
	case (e.Status == 0 || e.Status >= http.StatusInternalServerError) && !final:
		return pauseFailed << (try - 1), false
	}
	return 0, false
}

// observe notes of an answer what questions about all of them are told by.
func (in *inquiry) observe(reply *graphclient.Reply, err error) {
	if reply.Status == 0 {
		return
	}
	if reply.Date.IsZero() {
		in.undated++
	} else {
		middle := reply.Sent.Add(reply.Arrived.Sub(reply.Sent) / 2)
		in.skews = append(in.skews, reply.Date.Sub(middle).Round(time.Second))
	}
	if e, ok := errors.AsType[*graphclient.Error](err); ok && reply.Status != http.StatusOK {
		in.refused = append(in.refused, newRefusal(reply, e))
	}
}

// sleep waits for d; false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// one asks for one incident.
func (in *inquiry) one(ctx context.Context, id string) *listing {
	return in.ask(ctx, graphclient.Question{ID: id})
}

// walk follows the nextLinks of the plain list for so many pages, or as far as they lead, and returns the
// pages. The last one has a refusal if that is how it ended.
func (in *inquiry) walk(ctx context.Context, pages int) []*listing {
	if in.walked == nil {
		in.walked = []*listing{in.first(ctx)}
	}
	for len(in.walked) < pages {
		last := in.walked[len(in.walked)-1]
		if last.link == "" || last.refusal != "" {
			break
		}
		in.walked = append(in.walked, in.follow(ctx, last.link))
	}
	return in.walked
}
