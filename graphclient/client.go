// Package graphclient reads security incidents from Microsoft Graph.
//
// It speaks plain HTTP and JSON as docs/graph.md and Microsoft's schema describe
// it, signs in with client credentials, keeps under a limit that adapts to what
// Graph tolerates, and tells errors apart by what a caller can do about them.
package graphclient

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"
)

// requestLimit bounds one attempt at a request, its body included.
const requestLimit = 30 * time.Second

// An Operation says what a request is for: deltas and single incidents are waited
// for by a pull, sweeps are not and give way.
type Operation string

// The operations.
const (
	OperationDelta Operation = "delta"
	OperationSweep Operation = "sweep"
	OperationGet   Operation = "get"
	OperationToken Operation = "token"
)

type operationKey struct{}

// OperationOf returns the operation of a request by its context, so that a
// RoundTripper around the transport can label what it measures.
func OperationOf(ctx context.Context) Operation {
	op, _ := ctx.Value(operationKey{}).(Operation)
	return op
}

func withOperation(ctx context.Context, op Operation) context.Context {
	return context.WithValue(ctx, operationKey{}, op)
}

// Config says which tenant to read, as whom, and how hard to press.
type Config struct {
	// Endpoint is the Graph root without a version, such as
	// https://graph.microsoft.com; http only to a loopback address.
	Endpoint string
	// Authority is the root of the sign-in service, such as
	// https://login.microsoftonline.com.
	Authority string
	// TenantID and ClientID name the directory and the application.
	TenantID, ClientID string
	// Secret returns the client secret. It is called at each sign-in, so that
	// a rotated one is noticed.
	Secret func() (Secret, error)
	// RequestsPerMinute is the ceiling of the client-side limit, 120 by default.
	RequestsPerMinute int
	// Transport carries all requests, those to the token endpoint included;
	// nil for one of the client's own, see [NewTransport].
	Transport http.RoundTripper
	// Logger gets one line a request at debug level; nil for none.
	Logger *slog.Logger
	// UserAgent names the program to Graph.
	UserAgent string
}

// A Client reads one tenant's incidents. All methods may be called at once.
type Client struct {
	root    *url.URL // …/v1.0/security/incidents
	http    *http.Client
	tokens  *tokenCache
	limiter *limiter
	log     *slog.Logger
	agent   string
}

// New returns a client. It asks nothing yet.
func New(cfg Config) (*Client, error) {
	endpoint, err := ParseEndpoint(cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	authority, err := ParseEndpoint(cfg.Authority)
	if err != nil {
		return nil, err
	}
	if cfg.Transport == nil {
		cfg.Transport = NewTransport()
	}
	// A redirect is never followed: it would carry the token, or the secret,
	// to wherever the answer says.
	plain := &http.Client{Transport: cfg.Transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return &Client{
		root:    endpoint.JoinPath("v1.0/security/incidents"),
		http:    plain,
		tokens:  newTokenCache(signIn{cfg: cfg, authority: authority, endpoint: endpoint, http: plain}),
		limiter: newLimiter(cmp.Or(cfg.RequestsPerMinute, 120)),
		log:     cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler)),
		agent:   cmp.Or(cfg.UserAgent, "msgraph_security_exporter"),
	}, nil
}

// NewTransport returns the transport that a client uses by default: proxies and
// certificate authorities from the environment, and bounds on each step.
func NewTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: requestLimit,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   8,
	}
}

// RequestsPerMinute returns what the client-side limit allows now.
func (c *Client) RequestsPerMinute() float64 { return c.limiter.perMinute() }
