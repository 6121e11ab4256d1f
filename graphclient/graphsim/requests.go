package graphsim

import (
	"net/url"
	"slices"
	"time"
)

// A Request is one entry of the log. It holds neither tokens nor secrets.
type Request struct {
	At        time.Time // when it was decided, half-way through its latency
	Operation Operation
	Method    string
	Host      string
	Path      string
	Query     url.Values // decoded
	Prefer    string     // the header
	UserAgent string
	Encoding  string // the Accept-Encoding header
	Scope     string // of a token request

	Authorization bool // whether there was such a header
	Status        int  // 0: no answer
	Rows          int  // incidents in the answer
}

// Requests returns the log, oldest first. It forgets the oldest entries as
// [Config.KeepRequests] allows.
func (s *Sim) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := make([]Request, len(s.log))
	for i, entry := range s.log {
		log[i] = *entry
	}
	return log
}

// ForgetRequests empties the log.
func (s *Sim) ForgetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

// logRequest adds a call to the log; the status of its answer follows.
func (s *Sim) logRequest(c *call, now time.Time) {
	c.entry = &Request{
		At: now, Operation: c.operation, Method: c.Method, Host: c.URL.Host, Path: c.URL.Path,
		Query: c.query, Prefer: c.Header.Get("Prefer"), UserAgent: c.UserAgent(),
		Encoding: c.Header.Get("Accept-Encoding"), Scope: c.form.Get("scope"),
		Authorization: c.Header.Get("Authorization") != "",
	}
	if c.entry.Host == "" {
		c.entry.Host = c.Host
	}
	if len(s.log) >= 2*s.cfg.KeepRequests {
		s.log = slices.Delete(s.log, 0, len(s.log)-s.cfg.KeepRequests)
	}
	s.log = append(s.log, c.entry)
}
