// Package graphclient reads security incidents from Microsoft Graph.
//
// It speaks plain HTTP and JSON: signs in, reads lists page by page, keeps under a limit
// that adapts to what Graph tolerates, and tells errors apart by what a caller can do about
// them. Of Prometheus it knows nothing; who wants to measure wraps [Config.Transport] and
// asks [OperationOf] what a request is for.
package graphclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"msgraph_security_exporter/internal/show"
)

const (
	// requestLimit bounds one attempt at a request, its body included.
	requestLimit = 30 * time.Second
	// defaultCeiling is the ceiling of the limiter, in requests a minute. No published
	// limit names incidents; the nearest, for alerts of the same API, is 150.
	defaultCeiling = 120
)

// An Operation says what a request is for, as its metrics are labelled.
type Operation string

// The operations. OperationToken is a sign-in.
const (
	OperationDelta Operation = "delta"
	OperationSweep Operation = "sweep"
	OperationGet   Operation = "get"
	OperationToken Operation = "token"
)

// verb returns what fails when the operation does, as errors begin.
func (op Operation) verb() string {
	switch op {
	case OperationToken:
		return "signing in"
	case OperationGet:
		return "reading an incident"
	}
	return "listing incidents"
}

type operationKey struct{}

// OperationOf returns the operation of an outgoing request by its context, so that a
// RoundTripper around the transport can label what it measures.
func OperationOf(ctx context.Context) Operation {
	op, _ := ctx.Value(operationKey{}).(Operation)
	return op
}

func withOperation(ctx context.Context, op Operation) context.Context {
	return context.WithValue(ctx, operationKey{}, op)
}

// Config says which tenant a client reads, how it signs in, and how many requests it may send.
type Config struct {
	// Endpoint is the Graph root without a version, such as
	// https://graph.microsoft.com, and Authority the root of the sign-in service;
	// see [CloudNamed] for the known ones and [ParseEndpoint] for what is accepted.
	Endpoint, Authority string
	// TenantID (a GUID or a domain) and ClientID name the directory and the application,
	// which [ManagedIdentity] and [AzureCLI] may do without.
	TenantID, ClientID string
	// Credential is how to sign in. It belongs to this one client.
	Credential Credential
	// RequestsPerMinute is the ceiling of the client-side limit; 0: 120.
	RequestsPerMinute int
	// Transport carries all requests, those to the token endpoint included;
	// nil: one from [NewTransport].
	Transport http.RoundTripper
	// Logger gets a line for each request at debug level, and one for each change of state
	// that no error reports; nil: no lines.
	Logger *slog.Logger
	// Hidden is what no text shows, besides the credential itself: a proxy's password, say,
	// which the proxy may send back.
	Hidden []Secret
	// UserAgent names the program to Graph and to the sign-in service.
	UserAgent string
}

// A Client reads one tenant's incidents. All its methods may be called at once. Nothing of it
// runs on but a sign-in under way, for 30 s at most, so that it needs no closing.
type Client struct {
	root       *url.URL // …/v1.0/security/incidents
	http       *http.Client
	tokens     *tokenCache
	credential Credential
	limiter    *limiter
	redact     *redactor
	log        *slog.Logger
	agent      string
	// longBody is held by whoever has a long body of an answer in memory.
	longBody chan struct{}
}

// New returns a client. It asks nothing yet.
func New(cfg Config) (*Client, error) {
	endpoint, endpointErr := ParseEndpoint(cfg.Endpoint)
	authority, authorityErr := ParseEndpoint(cfg.Authority)
	if err := errors.Join(endpointErr, authorityErr, cfg.check()); err != nil {
		return nil, err
	}
	cfg.RequestsPerMinute = cmp.Or(cfg.RequestsPerMinute, defaultCeiling)
	cfg.Logger = cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))
	cfg.UserAgent = cmp.Or(cfg.UserAgent, "msgraph_security_exporter")
	if cfg.Transport == nil {
		cfg.Transport = NewTransport()
	}
	in := newSignIn(cfg, endpoint, authority)
	return &Client{
		root:       endpoint.ResolveReference(&url.URL{Path: "/v1.0/security/incidents"}),
		http:       &http.Client{Transport: cfg.Transport, CheckRedirect: noRedirects},
		credential: cfg.Credential,
		tokens:     &tokenCache{signIn: in.newToken, log: cfg.Logger},
		limiter:    newLimiter(cfg.RequestsPerMinute, time.Now()),
		redact:     in.redact,
		log:        cfg.Logger,
		agent:      cfg.UserAgent,
		longBody:   make(chan struct{}, 1),
	}, nil
}

// tenantPattern keeps a tenant from being a path; Entra itself judges the rest.
var tenantPattern = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.-]*$`)

// check reports what [ParseEndpoint] does not, all of it at once.
func (cfg *Config) check() error {
	var errs []error
	if !tenantPattern.MatchString(cfg.TenantID) {
		errs = append(errs, fmt.Errorf("tenant id %s: want a GUID or a domain", show.Value(cfg.TenantID)))
	}
	if cfg.ClientID == "" && !withoutClientID(cfg.Credential) {
		errs = append(errs, errors.New("client id: missing"))
	}
	if cfg.Credential == nil {
		errs = append(errs, errors.New("credential: missing"))
	}
	if cfg.RequestsPerMinute < 0 {
		errs = append(errs, fmt.Errorf("%d requests a minute: want at least 1", cfg.RequestsPerMinute))
	}
	return errors.Join(errs...)
}

// withoutClientID reports whether a credential can do without the id of an application.
func withoutClientID(c Credential) bool {
	switch c.(type) {
	case platformCredential, azureCLI:
		return true
	}
	return false
}

// RequestsPerMinute returns what the client-side limit allows now.
func (c *Client) RequestsPerMinute() float64 { return c.limiter.perMinute() }

// Throttled reports whether Graph has asked to be left alone, and the time is not over.
func (c *Client) Throttled() bool { return c.limiter.stopped(time.Now()) }
