package tenant

import (
	"context"
	"io"
	"net/http"
)

// withLifetime returns a transport whose requests end with ctx, bodies included. The client
// ends most requests with the context of their caller, but several callers may wait for one
// sign-in, which has the context of none of them.
func withLifetime(ctx context.Context, next http.RoundTripper) http.RoundTripper {
	return roundTripperFunc(func(r *http.Request) (*http.Response, error) {
		shorter, cancel := context.WithCancel(r.Context())
		stop := context.AfterFunc(ctx, cancel)
		release := func() { stop(); cancel() }
		resp, err := next.RoundTrip(r.WithContext(shorter))
		if err != nil {
			release()
			return nil, err
		}
		resp.Body = &releasingBody{resp.Body, release}
		return resp, nil
	})
}

// A roundTripperFunc is a transport of one function.
type roundTripperFunc func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f roundTripperFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A releasingBody releases the context of its request when it is closed.
type releasingBody struct {
	io.ReadCloser
	release func()
}

// Close implements [io.Closer].
func (b *releasingBody) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}
