package graphsim

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const htmlPage = "<!DOCTYPE html>\n<html><head><title>Bad Gateway</title></head><body><h1>Our services aren't available right now</h1></body></html>\n"

// faultAnswer returns the answer that a fault sends in place of the true one, nil if the fault
// lets that be made.
func (s *Sim) faultAnswer(f *fault, c *call, now time.Time) *answer {
	if f == nil {
		return nil
	}
	var a *answer
	switch f.Kind {
	case FaultStatus:
		a = s.statusAnswer(f, c)
	case FaultHang:
		return &answer{hang: true}
	case FaultDisconnect:
		return &answer{failure: reset}
	case FaultUnreachable:
		return &answer{failure: unreachable}
	case FaultHTML:
		a = answerText(http.StatusOK, "text/html; charset=utf-8", htmlPage)
	case FaultGarbage:
		a = answerText(http.StatusOK, jsonType, `{"value":[{"id":"1","status`)
	case FaultRedirect:
		a = answerText(cmp.Or(f.Status, http.StatusFound), "text/plain", "")
		a.header.Set("Location", f.Location)
	case FaultEmptyOK:
		a = answerText(http.StatusOK, jsonType, "")
	default:
		return nil
	}
	f.setHeaders(a, now)
	return a
}

// statusAnswer returns the answer of a FaultStatus.
func (s *Sim) statusAnswer(f *fault, c *call) *answer {
	if f.AADSTS != 0 {
		a := s.refuseSignIn(f.AADSTS)
		a.status = cmp.Or(f.Status, a.status)
		return a
	}
	status := cmp.Or(f.Status, http.StatusInternalServerError)
	switch f.Body {
	case BodyEmpty:
		return &answer{status: status, header: http.Header{}}
	case BodyText:
		return answerText(status, "text/plain; charset=utf-8", f.Text)
	case BodyHTML:
		return answerText(status, "text/html; charset=utf-8", htmlPage)
	case BodyJSON:
		return answerText(status, jsonType, f.Text)
	}
	return s.refuse(c, status, f.Code, f.Text)
}

func answerText(status int, contentType, text string) *answer {
	return &answer{status: status, header: http.Header{"Content-Type": {contentType}}, body: []byte(text)}
}

// setHeaders adds the headers of the fault.
func (f *fault) setHeaders(a *answer, now time.Time) {
	if f.RetryAfter > 0 {
		form := RetrySeconds
		if f.RetryAfterDate {
			form = RetryDate
		}
		a.retryAfter(form, f.RetryAfter, now)
	}
	for name, values := range f.Header {
		a.header[http.CanonicalHeaderKey(name)] = values
	}
}

// spoilBody spoils the body of an answer.
func (f *fault) spoilBody(a *answer) {
	if f == nil {
		return
	}
	switch f.Kind {
	case FaultDrip:
		a.byteInterval = f.Each
		if a.byteInterval <= 0 {
			a.byteInterval = time.Second
		}
	case FaultTruncated:
		a.cut = true
	case FaultOversized:
		a.body = append(a.body, strings.Repeat(" ", max(0, cmp.Or(f.Size, 64<<20)-len(a.body)))...)
	}
}

// spoilPage spoils a page.
func (f *fault) spoilPage(s *Sim, p *page, c *call) {
	if f == nil {
		return
	}
	switch f.Kind {
	case FaultPartial:
		p.status = http.StatusPartialContent
		p.header.Add("Warning", `199 - "Microsoft/Microsoft Defender for Office 365/504/10000"`)
		f.dropRows(s, p)
	case FaultMissingRows:
		f.dropRows(s, p)
	case FaultNoRows:
		p.rows, p.nextLink = nil, ""
	case FaultNextLinkElsewhere:
		p.nextLink = f.Location
	case FaultNextLinkLoop:
		p.nextLink = c.base + c.URL.RequestURI()
	case FaultNextLinkForever:
		p.rows = nil
		p.nextLink = c.base + c.URL.Path + "?$skip=" + strconv.Itoa(s.rng.IntN(1<<30))
	}
}

// dropRows leaves out a share of the rows. It chooses them by their ids, so that the same rows
// are missing from each answer.
func (f *fault) dropRows(s *Sim, p *page) {
	share := f.Share
	if share <= 0 {
		share = 0.5
	}
	kept := p.rows[:0]
	for _, in := range p.rows {
		if float64(diceFor(in.ID).roll(1000)) >= share*1000 {
			kept = append(kept, in)
		}
	}
	p.rows = kept
}
