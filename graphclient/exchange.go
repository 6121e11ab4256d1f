package graphclient

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
)

// An exchange carries the requests of a library that signs in: it adds what the library does not
// set, bounds what it reads, and keeps what it does not tell of the last answer.
type exchange struct {
	base   http.RoundTripper
	agent  string
	redact *redactor
	status int // 0: no answer
	header http.Header
	err    error // why there is no answer, or none that can be read
}

// RoundTrip implements [http.RoundTripper]. The answer's body is in memory.
func (x *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", x.agent)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Accept-Encoding", "identity") // what a transport decompresses has no bound
	x.hideHeaders(r)
	x.status, x.header = 0, nil
	resp, err := x.base.RoundTrip(r)
	if err == nil {
		x.status, x.header = resp.StatusCode, resp.Header
		err = bufferBody(resp)
	}
	if x.err = err; err != nil {
		return nil, err
	}
	return resp, nil
}

// hideHeaders hides what a platform's identity service takes for a password.
func (x *exchange) hideHeaders(r *http.Request) {
	for _, name := range []string{"X-Identity-Header", "Secret"} {
		x.redact.pin(roleHeader, r.Header.Values(name)...)
	}
}

// bufferBody reads the body of an answer to a sign-in into memory.
func bufferBody(resp *http.Response) error {
	defer resp.Body.Close()
	r, err := decode(resp, maxTokenBody, new(gzip.Reader))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(r)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.Header.Del("Content-Encoding")
	resp.ContentLength = int64(len(body))
	return err
}
