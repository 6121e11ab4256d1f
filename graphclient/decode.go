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
	"sync"
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
// so is a compressed body of more than limit bytes, whatever it would decompress to. If it is
// compressed, z decompresses it.
func decode(resp *http.Response, limit int64, z *gzip.Reader) (io.Reader, error) {
	sent := limited{http.MaxBytesReader(nil, resp.Body, limit)}
	switch encoding := resp.Header.Get("Content-Encoding"); {
	case encoding == "" || strings.EqualFold(encoding, "identity"):
		return sent, nil
	case !strings.EqualFold(encoding, "gzip"):
		return nil, errEncoding
	}
	if err := z.Reset(sent); err != nil {
		return nil, err
	}
	return limited{http.MaxBytesReader(nil, z, limit)}, nil
}

// What reading an answer takes, and the next answer can take again, of whichever tenant: what reading
// costs is garbage more than anything else, and the more so the more tenants there are.
var (
	decompressors = sync.Pool{New: func() any { return new(gzip.Reader) }}
	bodies        = sync.Pool{New: func() any { return new(bytes.Buffer) }}
)

// maxKept is the largest body whose memory is kept for another; Graph's pages are far smaller.
const maxKept = 512 << 10

// keep gives the memory of a body to whoever reads next.
func keep(body *bytes.Buffer) {
	if body.Cap() <= maxKept {
		body.Reset()
		bodies.Put(body)
	}
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
// called: a server that answers every request with one costs no more than one that does so once. The body
// is not to be used after that.
func (c *Client) read(ctx context.Context, resp *http.Response) (body []byte, release func(), err error) {
	whole := bodies.Get().(*bytes.Buffer)
	release = func() { keep(whole) }
	r, err := decode(resp, maxBody, new(gzip.Reader))
	if err != nil {
		return nil, release, err
	}
	_, err = whole.ReadFrom(io.LimitReader(r, smallBody))
	if err != nil || whole.Len() < smallBody {
		return whole.Bytes(), release, err
	}
	select {
	case c.longBody <- struct{}{}:
		release = func() { <-c.longBody }
	case <-ctx.Done():
		return nil, release, ctx.Err()
	}
	_, err = whole.ReadFrom(r)
	return whole.Bytes(), release, err
}
