package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/mirror"
)

// A tenant is the stack that serves one: a client, the mirror that it keeps, and
// the registry of what is told of both.
type tenant struct {
	mirror   *mirror.Mirror
	registry *prometheus.Registry
	tasks    []func(context.Context) // to be run until their context ends
	close    func()                  // lets go of connections, when the tasks have ended
}

// newTenant builds the stack. It asks nobody before its tasks run, and no request
// outlives ctx.
func newTenant(ctx context.Context, cfg *config, logger *slog.Logger) (*tenant, error) {
	graph := graphclient.Config{
		Endpoint:          cfg.endpoint,
		Authority:         cfg.authority,
		TenantID:          cfg.tenantID,
		ClientID:          cfg.clientID,
		Secret:            cfg.secret,
		RequestsPerMinute: cfg.requestsPerMinute,
		Logger:            logger,
		UserAgent:         program + "/" + release(),
	}
	t := &tenant{}
	if cfg.demo {
		graph.Transport = t.simulate(&graph)
	} else {
		network := graphclient.NewTransport()
		graph.Transport, t.close = network, network.CloseIdleConnections
	}
	measured := collector.NewTransport(leashed(ctx, graph.Transport), operation)
	graph.Transport = measured
	client, err := graphclient.New(graph)
	if err != nil {
		return nil, err
	}
	flow := collector.NewFlow(cfg.exemplars)
	t.mirror = mirror.New(client, mirrorConfig(cfg, flow, logger))
	t.tasks = append(t.tasks, t.mirror.Run)
	t.registry, err = register(collector.New(t.mirror, cfg.shown), flow, measured)
	return t, err
}

// operation names what a request is for.
func operation(r *http.Request) string { return string(graphclient.OperationOf(r.Context())) }

func mirrorConfig(cfg *config, flow *collector.Flow, logger *slog.Logger) mirror.Config {
	return mirror.Config{
		SweepInterval:      cfg.sweepInterval,
		MaxAge:             cfg.maxAge,
		MinRefreshInterval: cmp.Or(cfg.minRefreshInterval, -1), // where 0 is the default
		Tags:               cfg.shown.Tags,
		WebURLs:            cfg.shown.IncidentInfo > 0,
		Observe:            flow.Observe,
		Logger:             logger,
	}
}

// register returns a registry of the tenant's collectors and of what every
// exporter tells of its build and its process.
func register(ours ...prometheus.Collector) (*prometheus.Registry, error) {
	registry := prometheus.NewRegistry()
	for _, c := range append(ours,
		versioncollector.NewCollector(program),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	) {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return registry, nil
}
