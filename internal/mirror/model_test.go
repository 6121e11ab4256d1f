package mirror

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/graphclient/graphsim"
)

var (
	modelEvents = flag.Int("model.events", 6000, "events of the model test, over all seeds")
	modelFirst  = flag.Uint64("model.first", 1, "first seed of the model test, so that a long run can be cut in pieces")
	modelSeed   = flag.Uint64("model.seed", 0, "run the model test with this seed only")
)

// eventsPerSeed is the length of one random history.
const eventsPerSeed = 1500

// TestModel holds the mirror against a random world: whatever happens, each
// snapshot served with up 1 shows every incident in a state that it may be in, and
// once the world is quiet the mirror equals the truth. Run it longer with
// -model.events, and again with -model.seed of a failure.
func TestModel(t *testing.T) {
	if *modelSeed != 0 {
		replay(t, *modelSeed)
		return
	}
	var worlds sync.WaitGroup
	defer worlds.Wait()
	seeds := make(chan uint64)
	for range runtime.GOMAXPROCS(0) {
		worlds.Go(func() {
			for seed := range seeds {
				if err := runModel(t, seed, eventsPerSeed, discard); err != nil {
					t.Errorf("seed %d: %v\nreplay with: go test ./internal/mirror -run TestModel -model.seed=%d -v", seed, err, seed)
				}
			}
		})
	}
	for i := range uint64(max(1, *modelEvents/eventsPerSeed)) {
		if t.Failed() {
			break
		}
		seeds <- *modelFirst + i
	}
	close(seeds)
}

// replay runs one seed again, several times: what happens at the same instant of
// the fake clock may happen in any order.
func replay(t *testing.T, seed uint64) {
	var log strings.Builder
	for range 20 {
		log.Reset()
		logf := func(format string, args ...any) { fmt.Fprintf(&log, format+"\n", args...) }
		if err := runModel(t, seed, eventsPerSeed, logf); err != nil {
			t.Fatalf("%sseed %d: %v", log.String(), seed, err)
		}
	}
}

func discard(string, ...any) {}

// A model is one random history of a world and of the mirror that follows it.
type model struct {
	*world
	logf       func(string, ...any)
	mirror     *Mirror
	stop       func()
	tol        tolerance
	ceiling    int           // of the client's requests a minute
	patience   time.Duration // between pulls, at most
	ahead      atomic.Int64  // of a proxy's Date from Graph's, a duration
	deceived   time.Time
	aheadUntil atomic.Int64 // until when it is, since 1970 in nanoseconds
	misled     bool         // it was, or the local clock is wrong as well: T may be old
	pulls      int
	ups        int
	faulty     bool
	pulled     time.Time
	healed     time.Time // since when the background reads undisturbed
}

func runModel(t *testing.T, seed uint64, events int, logf func(string, ...any)) error {
	var failure error
	synctest.Test(t, func(t *testing.T) {
		m := newModel(seed, logf)
		m.start()
		defer func() {
			m.stop()
			time.Sleep(2 * requestLimit) // a sign-in that nobody waits for any more ends by itself
		}()
		for i := range events {
			if failure = m.step(); failure != nil {
				failure = fmt.Errorf("after %d events: %w", i, failure)
				return
			}
		}
		failure = m.quiesce()
		if failure == nil && m.ups < m.pulls/10 {
			failure = fmt.Errorf("only %d of %d pulls were up: the test shows nothing", m.ups, m.pulls)
		}
	})
	return failure
}

// newModel draws a world with some of Graph's peculiarities.
func newModel(seed uint64, logf func(string, ...any)) *model {
	rng := newWorld(seed, graphsim.Config{}).rng
	cfg := graphsim.Config{
		Latency:            one(rng, 20*time.Millisecond, 100*time.Millisecond, 400*time.Millisecond),
		Order:              one(rng, graphsim.CreatedDescending, graphsim.CreatedAscending, graphsim.UpdatedDescending, graphsim.ByID, graphsim.Shuffled, graphsim.Unstable),
		NextLink:           one(rng, graphsim.SkipWithFilter, graphsim.SkipWithoutFilter, graphsim.Token),
		ExactNextLink:      rng.IntN(2) == 0,
		PageSize:           one(rng, 25, 50, 50, 50, 50, 50),
		RefuseStatusFilter: rng.IntN(6) == 0,
		IgnoreStatusFilter: rng.IntN(6) == 0,
		Jitter:             one(rng, 0, 200*time.Millisecond),
	}
	skew := one(rng, 0, 0, 2*time.Second, 4*time.Second)
	if skew > 0 {
		cfg.NodeSkews = []time.Duration{-skew, 0, skew}
	}
	// Half of the worlds are played by a Graph that enforces a limit, to a client as it is by
	// default.
	ceiling := 100_000
	if rng.IntN(2) == 0 {
		ceiling, cfg.RequestsPerMinute = 120, one(rng, 0, 50, 150)
		cfg.ThrottleRetryAfter = one(rng, graphsim.RetryNone, graphsim.RetrySeconds, graphsim.RetryDate)
	}
	cfg.DeepSkip, cfg.RefuseDeepSkip = one(rng, 0, 0, 100), rng.IntN(2) == 0
	w := newWorld(seed, cfg)
	w.offset = one(rng, 0, 0, -3*time.Hour, 40*time.Minute)
	w.lagMode = rng.IntN(3)
	m := &model{world: w, logf: logf, ceiling: ceiling, misled: w.offset != 0, patience: one(rng, time.Second, 20*time.Second, 20*time.Second, 90*time.Second), tol: tolerance{
		skew:   skew,
		offset: w.offset,
		young:  35 * time.Second,
		old:    6 * time.Minute,
	}}
	for range one(w.rng, 0, 3, 40, 120) {
		w.create(w.upTo(72 * time.Hour))
	}
	logf("world: %+v lag mode %d", cfg, w.lagMode)
	return m
}

// start runs a new mirror, as after a restart of the exporter.
func (m *model) start() {
	client, err := graphclient.New(graphclient.Config{
		Endpoint:          "https://graph.example",
		Authority:         "https://login.example",
		TenantID:          "tenant",
		ClientID:          "client",
		Credential:        graphclient.ClientSecret(func() (graphclient.Secret, error) { return "s", nil }),
		RequestsPerMinute: m.ceiling,
		Transport:         m.proxy(),
	})
	if err != nil {
		panic(err)
	}
	cfg := Config{SweepInterval: 5 * time.Minute, MinRefreshInterval: -1}
	cfg.Logger = slog.New(slog.NewTextHandler(logWriter{m.logf}, nil))
	m.mirror = New(client, cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.mirror.Run(ctx)
	}()
	m.stop = func() { cancel(); <-done }
	m.pulled = time.Now()
	m.tol.settled, m.tol.passes, m.healed = time.Now().Add(time.Second), nil, time.Now()
}

// proxy returns a transport whose Dates are ahead as long as the model says so.
func (m *model) proxy() http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := m.sim.RoundTrip(r)
		if date, dateErr := http.ParseTime(respHeader(resp, "Date")); err == nil && dateErr == nil && time.Now().UnixNano() < m.aheadUntil.Load() {
			resp.Header.Set("Date", date.Add(time.Duration(m.ahead.Load())).Format(http.TimeFormat))
		}
		return resp, err
	})
}

func respHeader(resp *http.Response, name string) string {
	if resp == nil {
		return ""
	}
	return resp.Header.Get(name)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type logWriter struct{ logf func(string, ...any) }

func (w logWriter) Write(p []byte) (int, error) {
	w.logf("%s", strings.TrimSpace(string(p)))
	return len(p), nil
}
