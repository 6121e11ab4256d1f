// Package contract asks Microsoft Graph what nobody has documented or what is disputed, and on which
// the rest of the program would like to rely.
//
// It reads only, and tells shapes: an answer is made of words and numbers of this package's own, and of
// nothing that Graph has sent. See docs/contract.md.
package contract

import (
	"context"
	"errors"
	"fmt"
	"time"

	"msgraph_security_exporter/graphclient"
)

const (
	// maxRequests bounds what a report costs.
	maxRequests = 60
	// maxDuration bounds how long it takes. At the limiter's pace it takes one to two minutes.
	maxDuration = 15 * time.Minute
)

// A Subject is whom the questions are put to.
type Subject struct {
	Graph   *graphclient.Client
	Cloud   string // in words, empty if Graph is elsewhere
	Version string // of this program
}

// A verdict compares an answer with what is assumed.
type verdict string

const (
	agrees  verdict = "as assumed"
	differs verdict = "otherwise"
	told    verdict = "answered" // either way is assumed possible
	unseen  verdict = "not seen" // nothing was there to tell it by
	unasked verdict = "not asked"
)

// An answer is what is told about a question.
type answer struct {
	verdict verdict
	text    string // a sentence, of this package's words
}

func answerf(v verdict, format string, args ...any) answer {
	return answer{v, fmt.Sprintf(format, args...)}
}

// A certainty says how sure an assumption is.
type certainty string

const (
	high   certainty = "H" // Microsoft's own schema, or seen on a live tenant
	medium certainty = "M" // one good source
	low    certainty = "L" // inference
	open   certainty = "?" // unknown
)

// A question is one thing to find out about Graph.
type question struct {
	name    string
	assumed string
	sure    certainty
	matters string // where in the program
	asked   string // how, for people
	tell    func(context.Context, *inquiry) answer
}

// questions returns all questions in their order. The first ones bring what the others are told by.
func questions() []question {
	var all []question
	for _, group := range [][]question{pageQuestions(), linkQuestions(), filterQuestions(), optionQuestions(), rowQuestions(), serviceQuestions()} {
		all = append(all, group...)
	}
	return all
}

// Ask puts all questions, and returns the report. With an error it is of the questions that were answered
// before: Graph cannot be reached, or refuses even a plain list.
func Ask(ctx context.Context, s Subject) (*Report, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, maxDuration, fmt.Errorf("gave up after %s", maxDuration))
	defer cancel()
	in := newInquiry(s.Graph)
	r := &Report{Cloud: s.Cloud, Version: s.Version, On: time.Now().UTC()}
	if first := in.first(ctx); in.end == nil && first.refusal != "" {
		in.end = fmt.Errorf("a plain list of incidents is %s: %w", first.refusal, first.cause)
	}
	for _, q := range questions() {
		if in.end == nil && ctx.Err() != nil {
			in.end = context.Cause(ctx)
		}
		if in.end != nil {
			break
		}
		a := q.tell(ctx, in)
		if q.sure == open && (a.verdict == agrees || a.verdict == differs) {
			a.verdict = told
		}
		if in.end == nil {
			r.entries = append(r.entries, entry{q, a})
		}
	}
	r.Requests = in.spent
	if in.end != nil {
		r.cut = reasonInWords(in.end)
		return r, fmt.Errorf("asking Graph about its contract: %w", in.end)
	}
	return r, nil
}

// reasonInWords says why the questions ended, in words of this program.
func reasonInWords(err error) string {
	e, ok := errors.AsType[*graphclient.Error](err)
	switch {
	case ok && e.Status != 0:
		return fmt.Sprintf("%s (HTTP %d)", e.Reason, e.Status)
	case ok:
		return string(e.Reason)
	}
	return "interrupted"
}
