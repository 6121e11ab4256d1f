package graphclient

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"
)

// A Transport is a transport of net/http that decompresses within bounds: what net/http itself
// decompresses may be endless, also where it comes to nothing.
type Transport struct{ *http.Transport }

// NewTransport returns the transport that a client uses by default: proxies and certificate
// authorities from the environment, HTTP/2, gzip, and bounds on each step.
func NewTransport() *Transport {
	return &Transport{&http.Transport{
		Proxy:                  exceptPlatform(http.ProxyFromEnvironment),
		DialContext:            dial,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  requestLimit,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           32,
		MaxIdleConnsPerHost:    8,
		MaxResponseHeaderBytes: maxHeader,
		ForceAttemptHTTP2:      true,
		// All requests share one HTTP/2 connection. Without pings, one whose peer
		// has silently gone is given request after request, each of which times
		// out, until the kernel gives it up after a quarter of an hour.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 10 * time.Second},
	}}
}

// RoundTrip implements [http.RoundTripper]. It asks for gzip where the request asks for nothing.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Accept-Encoding") != "" {
		return t.Transport.RoundTrip(r)
	}
	r = r.Clone(r.Context())
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := t.Transport.RoundTrip(r)
	if err == nil && equalASCII(resp.Header.Get("Content-Encoding"), "gzip") {
		decompress(resp)
	}
	return resp, err
}

// decompress makes the body of an answer the decompressed one, which is read when it is wanted.
func decompress(resp *http.Response) {
	resp.Body = &lazyBody{sent: resp.Body}
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	resp.ContentLength, resp.Uncompressed = -1, true
}

// A lazyBody is a compressed body that is opened by the first read. It is not to be read and closed at
// the same time.
type lazyBody struct {
	sent io.ReadCloser
	r    io.Reader    // nil before the first read
	z    *gzip.Reader // behind r
}

// Read implements [io.Reader].
func (l *lazyBody) Read(b []byte) (n int, err error) {
	if l.r == nil {
		l.z = decompressors.Get().(*gzip.Reader)
		compressed := &http.Response{Header: http.Header{"Content-Encoding": {"gzip"}}, Body: l.sent}
		if l.r, err = decode(compressed, maxBody, l.z); err != nil {
			return 0, err
		}
	}
	return l.r.Read(b)
}

// Close implements [io.Closer].
func (l *lazyBody) Close() error {
	if l.z != nil {
		decompressors.Put(l.z)
		l.z = nil
	}
	l.r = l.sent // whose error says that it is closed
	return l.sent.Close()
}

// dial connects to an address. [ParseEndpoint] admits http to localhost, because that is this
// machine; a name server or a file of hosts may say otherwise, and the secret would cross the
// network in the clear. Therefore what localhost is, is checked once more when it is connected to.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	return dialerFor(address).DialContext(ctx, network, address)
}

func dialerFor(address string) *net.Dialer {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	if host, _, err := net.SplitHostPort(address); err == nil && equalASCII(host, "localhost") {
		dialer.Control = onlyLoopback
	}
	return dialer
}

// onlyLoopback refuses to connect to any address that is not of this machine. It is called with the
// address that a name has led to, before a packet is sent.
func onlyLoopback(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		return fmt.Errorf("localhost is %s here, which is not a loopback address", host)
	}
	return nil
}

// exceptPlatform has requests to a platform's own service pass the proxy by, and leaves all others to
// the function that chooses one.
func exceptPlatform(choose func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		if r.Context().Value(proxyBypassKey{}) != nil {
			return nil, nil
		}
		return choose(r)
	}
}

// noRedirects follows no redirect: it would carry the token, or with a 307 the secret, to wherever
// the answer says. The answer is returned as it is and is an error.
func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
