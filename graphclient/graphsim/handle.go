package graphsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const jsonType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

// process answers a call from the state of this moment, and logs both.
func (s *Sim) process(c *call) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.revealDue(now)
	s.logRequest(c, now)
	a := s.handle(c, now)
	if a.failure == nil && !a.hang {
		a.header.Set("request-id", s.guid())
		if id := c.Header.Get("client-request-id"); id != "" {
			a.header.Set("client-request-id", id)
		}
		c.entry.Status, c.entry.Rows = a.status, a.rows
	}
	return a
}

// handle lets faults go first, then the throttle, then the check of the token.
func (s *Sim) handle(c *call, now time.Time) *answer {
	throttled := s.throttle(c, now)
	f := s.faultFor(c)
	if a := s.faultAnswer(f, c, now); a != nil {
		return a
	}
	var a *answer
	switch {
	case throttled != nil:
		a = throttled
	case c.operation == TokenOperation:
		a = s.signIn(c, now)
	case !s.authorized(c, now):
		a = s.refuse(c, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
		a.header.Set("WWW-Authenticate", `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`)
	case c.operation == OtherOperation:
		a = s.refuse(c, http.StatusNotFound, "BadRequest", fmt.Sprintf("Resource not found for the segment '%s'.", c.URL.Path))
	case c.Method != http.MethodGet:
		a = s.refuse(c, http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
	case c.operation == GetOperation:
		a = s.get(c)
	default:
		a = s.list(c, f)
	}
	f.spoilBody(a)
	return a
}

// get answers GET …/security/incidents/{id}: the incident itself, in no wrapper.
func (s *Sim) get(c *call) *answer {
	rec := s.records[c.id]
	if rec == nil || rec.read == nil {
		return s.refuse(c, http.StatusNotFound, "ResourceNotFound", "Incident "+c.id+" was not found.")
	}
	o := &options{expand: c.query.Get("$expand") != ""}
	body := struct {
		Context string `json:"@odata.context"`
		*wire
	}{c.base + "/v1.0/$metadata#security/incidents/$entity", s.toWire(rec.read, c, o)}
	if len(rec.read.Override) > 0 {
		return answerJSON(http.StatusOK, overridden(body, rec.read, nil), 1)
	}
	return answerJSON(http.StatusOK, body, 1)
}

// answerJSON is an answer whose body is v.
func answerJSON(status int, v any, rows int) *answer {
	return &answer{status: status, header: http.Header{"Content-Type": {jsonType}}, body: marshal(v), rows: rows}
}

// refuse is Graph's error answer. The code may well be empty: clients decide by the status.
func (s *Sim) refuse(c *call, status int, code, message string) *answer {
	return answerJSON(status, map[string]any{"error": map[string]any{
		"code": code, "message": message,
		"innerError": map[string]string{
			"date":              s.now().Format("2006-01-02T15:04:05"),
			"request-id":        s.guid(),
			"client-request-id": c.Header.Get("client-request-id"),
		},
	}}, 0)
}

// A queryError is the message with which Graph refuses a query.
type queryError string

func (e queryError) Error() string { return string(e) }

func queryErrorf(format string, args ...any) error { return queryError(fmt.Sprintf(format, args...)) }

// marshal renders v as Graph does, with & and < as they are.
func marshal(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(fmt.Sprintf("graphsim: %v", err)) // an Override that is no JSON
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// guid makes up an identifier.
func (s *Sim) guid() string {
	a, b := s.rng.Uint64(), s.rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}
