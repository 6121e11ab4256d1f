package graphclient

import (
	"net"
	"net/http"
	"net/url"
	"time"
)

// NewTransport returns the transport that a client uses by default: proxies and certificate
// authorities from the environment, HTTP/2, gzip, and bounds on each step.
func NewTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  requestLimit,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           32,
		MaxIdleConnsPerHost:    8,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: maxHeader,
		// All requests share one HTTP/2 connection. Without pings, one whose peer
		// has silently gone is given request after request, each of which times
		// out, until the kernel gives it up after a quarter of an hour.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 10 * time.Second},
	}
}

// proxy returns the proxy of the environment, if any, for all but requests to a platform's
// own service.
func proxy(r *http.Request) (*url.URL, error) {
	if r.Context().Value(directKey{}) != nil {
		return nil, nil
	}
	return http.ProxyFromEnvironment(r)
}

// stay follows no redirect: it would carry the token, or with a 307 the secret, to wherever
// the answer says. The answer is returned as it is and is an error.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
