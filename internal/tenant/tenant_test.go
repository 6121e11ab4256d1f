package tenant

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/configfile"
	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/graphtest"
)

// newTenant returns a tenant that a simulated Graph plays, and the number of requests in
// flight.
func newTenant(ctx context.Context, t *testing.T) (*Tenant, *graphtest.Graph, *atomic.Int64) {
	t.Helper()
	g := graphtest.New(t, "http://127.0.0.1:1", graphsim.Config{})
	g.AddSome()
	inFlight := &atomic.Int64{}
	transport := roundTripperFunc(func(r *http.Request) (*http.Response, error) {
		inFlight.Add(1)
		defer inFlight.Add(-1)
		return g.RoundTrip(r)
	})
	parsed, err := config.Parse(g.Flags(), graphtest.None, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	tenant, err := New(ctx, parsed.Plan.Tenants[0], Options{Transport: transport, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return tenant, g, inFlight
}

// TestRest shows that a tenant at rest sends nothing by itself, also if it has just been pulled, and what it
// is asked to.
func TestRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tenant, g, _ := newTenant(t.Context(), t)
		defer tenant.Close()
		tenant.Start()
		_ = tenant.Mirror.Refresh(t.Context())
		for _, busy := range []bool{true, false} {
			if !busy {
				tenant.Rest()
			}
			g.ForgetRequests()
			time.Sleep(time.Minute)
			if n := len(g.Requests()); (n > 0) != busy {
				t.Errorf("busy: %t, %d requests", busy, n)
			}
		}
		if _, _, err := tenant.Graph.Incident(t.Context(), g.Truth()[0].ID); err != nil {
			t.Error(err)
		}
	})
}

// TestLifecycle shows that a tenant sends nothing before its start, outlives the context that
// it was made with, and ends at once, with a sign-in that nobody answers.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		tenant, g, inFlight := newTenant(ctx, t)
		cancel()
		time.Sleep(time.Minute)
		if n := len(g.Requests()); n > 0 {
			t.Errorf("sent %d requests before the start", n)
		}
		tenant.Start()
		tenant.Start()
		time.Sleep(time.Minute)
		if r := tenant.Mirror.Report(); r.Snapshot == nil || len(r.Snapshot.Open) != 20 {
			t.Errorf("got %+v, want a snapshot of 20 incidents", r)
		}
		g.Fault(graphsim.Fault{Match: graphsim.TokenOperation, Kind: graphsim.FaultHang})
		g.RevokeTokens()
		refreshed := make(chan error, 1)
		go func() { refreshed <- tenant.Mirror.Refresh(t.Context()) }()
		time.Sleep(5 * time.Second)
		if inFlight.Load() == 0 {
			t.Error("no sign-in is in flight")
		}
		began := time.Now()
		tenant.Close()
		synctest.Wait()
		if took := time.Since(began); took > 0 || inFlight.Load() > 0 {
			t.Errorf("closing took %s, and %d requests go on", took, inFlight.Load())
		}
		<-refreshed
	})
}

// TestDrain shows that a tenant is closed once everybody has released it, and not before.
func TestDrain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tenant, _, _ := newTenant(t.Context(), t)
		tenant.Start()
		first, second := tenant.Acquire(), tenant.Acquire()
		var closed atomic.Bool
		go func() {
			tenant.Drain()
			closed.Store(true)
		}()
		for _, release := range []func(){first, second} {
			time.Sleep(time.Minute)
			if closed.Load() {
				t.Error("closed before everybody released it")
			}
			release()
		}
		synctest.Wait()
		if !closed.Load() {
			t.Error("not closed")
		}
	})
}

// TestDemo shows that the demo reads its own tenant, on no transport but the simulator.
func TestDemo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg, err := config.Parse([]string{"--demo"}, graphtest.None, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		refused := roundTripperFunc(func(r *http.Request) (*http.Response, error) {
			t.Errorf("sent a request to %s", r.URL)
			return nil, io.ErrUnexpectedEOF
		})
		tenant, err := New(t.Context(), cfg.Plan.Tenants[0], Options{Transport: refused, Demo: true, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer tenant.Close()
		tenant.Start()
		time.Sleep(time.Minute)
		if r := tenant.Mirror.Report(); r.Snapshot == nil || len(r.Snapshot.Open) < 50 {
			t.Errorf("got %+v, want a snapshot of a lively tenant", r)
		}
	})
}

// TestObjectives shows what becomes of the objectives of a file, and of none.
func TestObjectives(t *testing.T) {
	t.Parallel()
	got := Objectives([]configfile.Objective{
		{Name: "page", Severities: []string{"unknown", "high", "other"}, Priorities: []string{"high", "none"}, AcknowledgeWithin: time.Minute},
		{Name: "all", ResolveWithin: time.Hour},
	})
	names := func(o collector.Objective) (all []string) {
		for _, s := range o.Severities {
			all = append(all, s.String())
		}
		for _, p := range o.Priorities {
			all = append(all, p.String())
		}
		return all
	}
	if diff := cmp.Diff([]string{"unknown", "high", defender.Other, "none", "high"}, names(got[0])); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(names(got[1])) > 0 || got[1].ResolveWithin != time.Hour || got[0].AcknowledgeWithin != time.Minute {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff(collector.DefaultObjectives(), Objectives(nil)); diff != "" {
		t.Errorf("without objectives (-want +got):\n%s", diff)
	}
}
