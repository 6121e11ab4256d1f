package main

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/mirror"
)

// A tenant is the stack that serves one: a client, the mirror that it keeps, and
// what is told of its incidents and its requests.
type tenant struct {
	account *account
	graph   *graphclient.Client
	mirror  *mirror.Mirror
	flow    *collector.Flow
	told    []prometheus.Collector  // that go on counting whatever the objectives
	tasks   []func(context.Context) // to be run until their context ends
	begin   func()                  // runs the tasks, if that has not been done
	end     func()                  // ends them and returns when nothing of them is left
	pulls   sync.WaitGroup          // under way
}

// newTenant builds the stack. It asks nobody before its tasks run. The end of ctx
// does not end it: scrapes under way may still have the copy refreshed.
func (f *fleet) newTenant(ctx context.Context, a *account) (*tenant, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	t := &tenant{account: a}
	t.live(ctx, cancel)
	logger := f.loggerOf(a)
	graph, network := graphConfig(a, logger), http.RoundTripper(f.network)
	if f.demo {
		network = t.simulate(&graph)
	}
	measured := collector.NewTransport(leashed(ctx, network), operation)
	graph.Transport = measured
	var err error
	if t.graph, err = graphclient.New(graph); err != nil {
		return nil, err
	}
	t.flow = collector.NewFlow(f.exemplars)
	t.mirror = mirror.New(t.graph, mirrorConfig(a, t.flow, logger))
	t.told = []prometheus.Collector{t.flow, measured, collector.NewExpiry(a.ends)}
	t.tasks = append(t.tasks, t.mirror.Run)
	return t, nil
}

// live has the tasks run from the first begin until the end. No request outlives it.
func (t *tenant) live(ctx context.Context, cancel func()) {
	var running sync.WaitGroup
	t.begin = sync.OnceFunc(func() {
		for _, task := range t.tasks {
			running.Go(func() { task(ctx) })
		}
	})
	t.end = func() {
		cancel()
		running.Wait()
	}
}

// setObjectives has the tenant's incidents held against objectives from now on.
func (t *tenant) setObjectives(objectives []collector.Objective) {
	t.flow.SetObjectives(objectives)
	t.mirror.SetObjectives(objectives)
}

// leave ends the tenant when the pulls under way are over. No new one may come.
func (t *tenant) leave() {
	t.pulls.Wait()
	t.end()
}

func graphConfig(a *account, logger *slog.Logger) graphclient.Config {
	return graphclient.Config{
		Endpoint:          a.Endpoint,
		Authority:         a.Authority,
		TenantID:          a.TenantID,
		ClientID:          a.ClientID,
		Credential:        a.credential(),
		RequestsPerMinute: a.RequestsPerMinute,
		Logger:            logger,
		UserAgent:         program + "/" + release(),
	}
}

// operation names what a request is for.
func operation(r *http.Request) string { return string(graphclient.OperationOf(r.Context())) }

func mirrorConfig(a *account, flow *collector.Flow, logger *slog.Logger) mirror.Config {
	return mirror.Config{
		SweepInterval:      a.SweepInterval,
		MaxAge:             a.MaxAge,
		MinRefreshInterval: cmp.Or(a.MinRefreshInterval, -1), // where 0 is the default
		Tags:               a.Tags,
		WebURLs:            a.IncidentInfo > 0,
		Observe:            flow.Observe,
		Logger:             logger,
	}
}
