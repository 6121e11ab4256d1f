package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/common/version"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/mirror"
)

// A tenant is the stack that serves one: client, mirror, and what measures them.
type tenant struct {
	client    *graphclient.Client
	mirror    *mirror.Mirror
	transport *collector.Transport
	story     *graphsim.Story // of the demo, else nil
}

func newTenant(cfg *config, logger *slog.Logger) (*tenant, error) {
	t := &tenant{}
	graph := graphclient.Config{
		Endpoint:          cfg.endpoint,
		Authority:         cfg.authority,
		TenantID:          cfg.tenantID,
		ClientID:          cfg.clientID,
		Secret:            cfg.readSecret,
		RequestsPerMinute: cfg.requestsPerMinute,
		Logger:            logger,
		UserAgent:         program + "/" + version.Version,
	}
	var base http.RoundTripper = graphclient.NewTransport()
	if cfg.demo {
		base = t.demo(&graph, cfg, logger)
	} else {
		logger.Info("Reading one tenant", "tenant", cfg.tenantID, "endpoint", cfg.endpoint, "authority", cfg.authority, "auth_method", "secret")
	}
	t.transport = collector.NewTransport(base, func(r *http.Request) string {
		return string(graphclient.OperationOf(r.Context()))
	})
	graph.Transport = t.transport
	client, err := graphclient.New(graph)
	if err != nil {
		return nil, err
	}
	t.client = client
	t.mirror = newMirror(cfg, t, logger)
	return t, nil
}

// run keeps the tenant's mirror until ctx ends.
func (t *tenant) run(ctx context.Context) {
	if t.story != nil {
		done := make(chan struct{})
		go func() {
			defer close(done)
			t.story.Run(ctx)
		}()
		defer func() { <-done }()
	}
	t.mirror.Run(ctx)
}

// demo puts a simulated tenant in place of Graph and returns the way to it.
func (t *tenant) demo(graph *graphclient.Config, cfg *config, logger *slog.Logger) http.RoundTripper {
	logger.Warn("DEMO: a simulated tenant with invented incidents, nothing here is real")
	seed := uint64(time.Now().UnixNano())
	sim := graphsim.New(graphsim.Config{Seed: seed, Latency: 80 * time.Millisecond, Jitter: 40 * time.Millisecond, KeepRequests: 1000})
	t.story = graphsim.NewStory(sim, seed)
	graph.Endpoint, graph.Authority = "https://graph.demo.invalid", "https://login.demo.invalid"
	graph.TenantID, graph.ClientID = "demo", "demo"
	graph.Secret = func() (graphclient.Secret, error) { return "demo", nil }
	return sim
}

const maxSecret = 64 << 10

// readSecret returns the client secret as it is now.
func (c *config) readSecret() (graphclient.Secret, error) {
	if c.secretFile == "" {
		return c.secret, nil
	}
	return readSecret(c.secretFile)
}

// readSecret reads a secret from a file, without the line end that editors add.
// Its errors name the file and never what is in it.
func readSecret(path string) (graphclient.Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, cause(err))
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, cause(err))
	}
	secret := bytes.TrimRight(raw, "\r\n")
	switch {
	case len(raw) > maxSecret:
		return "", fmt.Errorf("%s: longer than %d bytes, not a client secret", path, maxSecret)
	case len(bytes.TrimSpace(secret)) == 0:
		return "", fmt.Errorf("%s: empty", path)
	}
	return graphclient.Secret(secret), nil
}

// cause strips the path that the error of a file carries, having been named.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
