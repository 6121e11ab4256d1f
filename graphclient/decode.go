package graphclient

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// A lengthError is the error of an answer that is longer than so many bytes.
type lengthError int64

// Error implements error.
func (e lengthError) Error() string {
	if e < 1<<20 {
		return fmt.Sprintf("answer of more than %d KiB", int64(e)>>10)
	}
	return fmt.Sprintf("answer of more than %d MiB", int64(e)>>20)
}

// errEncoding is the error of an answer in an encoding that was not asked for.
var errEncoding = errors.New("an encoding that was not asked for")

// decode returns the body of an answer, decompressed. Beyond limit bytes it is a [lengthError], and
// so is a compressed body of more than limit bytes, whatever it would decompress to.
func decode(resp *http.Response, limit int64) (io.Reader, error) {
	sent := limited{http.MaxBytesReader(nil, resp.Body, limit)}
	switch encoding := resp.Header.Get("Content-Encoding"); {
	case encoding == "" || strings.EqualFold(encoding, "identity"):
		return sent, nil
	case !strings.EqualFold(encoding, "gzip"):
		return nil, errEncoding
	}
	z, err := gzip.NewReader(sent)
	if err != nil {
		return nil, err
	}
	return limited{http.MaxBytesReader(nil, z, limit)}, nil
}

// limited is a reader whose error beyond its limit is a [lengthError].
type limited struct{ io.Reader }

// Read implements [io.Reader].
func (l limited) Read(b []byte) (int, error) {
	n, err := l.Reader.Read(b)
	if long, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = lengthError(long.Limit)
	}
	return n, err
}

// read returns the body of an answer. Of long bodies a client holds one at a time, until release is
// called: a server that answers every request with one costs no more than one that does so once.
func (c *Client) read(ctx context.Context, resp *http.Response) (body []byte, release func(), err error) {
	release = func() {}
	r, err := decode(resp, maxBody)
	if err != nil {
		return nil, release, err
	}
	body, err = io.ReadAll(io.LimitReader(r, smallBody))
	if err != nil || len(body) < smallBody {
		return body, release, err
	}
	select {
	case c.longBody <- struct{}{}:
		release = func() { <-c.longBody }
	case <-ctx.Done():
		return nil, release, ctx.Err()
	}
	whole := bytes.NewBuffer(body)
	_, err = whole.ReadFrom(r)
	return whole.Bytes(), release, err
}
