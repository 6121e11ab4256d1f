package graphsim

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// An answer is what the service sends back, and how.
type answer struct {
	status       int
	header       http.Header
	body         []byte
	rows         int           // incidents in it
	failure      error         // sent in place of an answer
	hang         bool          // never sent
	byteInterval time.Duration // a byte is sent each, when not 0
	cut          bool          // the connection breaks half-way through the body
}

// ServeHTTP answers one request. It waits for the latency, or for a faulty answer to end.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, err := s.respond(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), a.header)
	if a.header.Get("Date") == "" {
		w.Header()["Date"] = nil // or net/http sends its own
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	if _, err := io.Copy(flusher{w, a.byteInterval > 0}, a.reader(r.Context())); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// A flusher sends each write at once, if it is to.
type flusher struct {
	http.ResponseWriter
	each bool
}

func (f flusher) Write(b []byte) (int, error) {
	n, err := f.ResponseWriter.Write(b)
	if f.each && err == nil {
		err = http.NewResponseController(f.ResponseWriter).Flush()
	}
	return n, err
}

// RoundTrip answers one request without a network, and returns the context's error if that
// ends first. Like a transport it leaves the body compressed when the request itself asks
// for gzip.
func (s *Sim) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := s.respond(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status:     strconv.Itoa(a.status) + " " + http.StatusText(a.status),
		StatusCode: a.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        a.header,
		Body:          io.NopCloser(a.reader(r.Context())),
		ContentLength: int64(len(a.body)),
		Request:       r,
	}, nil
}

// respond answers one request. It reads the rows at a moment within the latency, as a service
// does, and dates the answer when it leaves.
func (s *Sim) respond(r *http.Request) (*answer, error) {
	ctx := r.Context()
	c := newCall(r)
	before, after := s.latency()
	if err := sleep(ctx, before); err != nil {
		return nil, err
	}
	a := s.process(c)
	if a.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if err := sleep(ctx, after); err != nil {
		return nil, err
	}
	if a.failure != nil {
		return nil, a.failure
	}
	a.compress(r)
	s.setDate(a)
	return a, nil
}

// latency cuts the time that an answer takes at the moment when the rows are read.
func (s *Sim) latency() (before, after time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	total := s.cfg.Latency
	if s.cfg.Jitter > 0 {
		total += time.Duration(s.rng.Int64N(int64(s.cfg.Jitter)))
	}
	if total <= 0 {
		return 0, 0
	}
	before = time.Duration(s.rng.Int64N(int64(total) + 1))
	return before, total - before
}

// sleep waits for d, or less when the context ends before, and then returns its error.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// setDate dates an answer by the clock of the node that sends it.
func (s *Sim) setDate(a *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.cfg.OmitDate {
		a.header.Set("Date", s.now().Add(s.skew()).Format(http.TimeFormat))
	}
}

// compress compresses the body if the client asked for it.
func (a *answer) compress(r *http.Request) {
	if len(a.body) == 0 || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		return
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	_, _ = z.Write(a.body) // a Buffer takes everything
	_ = z.Close()
	a.body = b.Bytes()
	a.header.Set("Content-Encoding", "gzip")
	a.header.Set("Vary", "Accept-Encoding")
}

// reader returns the body as the client receives it.
func (a *answer) reader(ctx context.Context) io.Reader {
	switch {
	case a.cut:
		return io.MultiReader(bytes.NewReader(a.body[:len(a.body)/2]), brokenBody{})
	case a.byteInterval > 0:
		return &slowBody{ctx: ctx, each: a.byteInterval, rest: a.body}
	}
	return bytes.NewReader(a.body)
}

// brokenBody is where a connection ended too early.
type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// slowBody is a body that comes one byte at a time.
type slowBody struct {
	ctx  context.Context //nolint:containedctx // Read has no context to take, and must end with the request's
	each time.Duration
	rest []byte
}

func (d *slowBody) Read(b []byte) (int, error) {
	if len(d.rest) == 0 {
		return 0, io.EOF
	}
	if len(b) == 0 {
		return 0, nil
	}
	if err := sleep(d.ctx, d.each); err != nil {
		return 0, err
	}
	b[0], d.rest = d.rest[0], d.rest[1:]
	return 1, nil
}

// What a transport reports when there is no answer.
var (
	reset       = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	unreachable = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
)
