package server

import (
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/graphtest"
)

// A gate holds back Graph's answers to deltas while it is shut.
type gate struct {
	shut    atomic.Bool
	reached chan struct{} // takes one delta that waits
	opened  chan struct{} // closed to let everything pass
}

func newGate() *gate { return &gate{reached: make(chan struct{}, 1), opened: make(chan struct{})} }

func (g *gate) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.shut.Load() && isDelta(r.URL.Query().Get("$filter")) {
			select {
			case g.reached <- struct{}{}:
			default:
			}
			<-g.opened
		}
		next.ServeHTTP(w, r)
	})
}

func isDelta(filter string) bool { return strings.Contains(filter, "lastUpdateDateTime") }

// TestManyScrapes shows that a hundred scrapes at once cost one refresh, of one
// request, and that all of them get its result.
func TestManyScrapes(t *testing.T) {
	t.Parallel()
	gate := newGate()
	g := graphtest.Serve(t, graphsim.Config{}, gate.wrap)
	g.AddSome()
	e := start(t, graphtest.None, g.Flags("--collector.min-refresh-interval=9s")...)
	e.synced(t)
	g.ForgetRequests()
	gate.shut.Store(true)
	g.Add(graphsim.Incident{Severity: "high", Score: new(100)})
	var scrapes sync.WaitGroup
	for range 100 {
		scrapes.Go(func() {
			got := e.scrape(t)
			got.expect(t, series("high", "active", "unknown", "high"), 1)
			got.expect(t, `msgraph_security_refreshes_total{result="success"}`, 2) // with the first synchronisation
		})
	}
	<-gate.reached
	close(gate.opened)
	scrapes.Wait()
	deltas := 0
	for _, r := range g.Requests() {
		if isDelta(r.Query.Get("$filter")) {
			deltas++
		}
	}
	if deltas != 1 {
		t.Errorf("got %d deltas, want 1", deltas)
	}
}

// TestStop stops the program in the middle of a scrape: nobody else gets in, the
// scrape gets its answer, refreshed, and the program ends well.
func TestStop(t *testing.T) {
	t.Parallel()
	gate := newGate()
	g := graphtest.Serve(t, graphsim.Config{}, gate.wrap)
	g.AddSome()
	e := start(t, graphtest.None, g.Flags("--collector.min-refresh-interval=0s")...)
	e.synced(t)
	gate.shut.Store(true)
	g.Add(graphsim.Incident{Severity: "high", Score: new(100)})
	scraped := make(chan page)
	go func() { scraped <- e.scrape(t) }()
	<-gate.reached
	e.stop()
	e.await(t, "Stopping")
	for deadline := time.Now().Add(testTimeout); ; runtime.Gosched() {
		conn, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
		if err != nil {
			break
		}
		conn.Close()
		if time.Now().After(deadline) {
			t.Fatal("still listens")
		}
	}
	close(gate.opened)
	got := <-scraped
	got.expect(t, "msgraph_security_up", 1)
	got.expect(t, series("high", "active", "unknown", "high"), 1)
	if err := e.end(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// TestNothingOutlivesRun looks for what the program may have left behind, whether
// it was stopped in the middle of its first sign-in or later. It does not run at
// once with others, which would leave it in doubt. What has been cancelled may take a
// moment to end.
func TestNothingOutlivesRun(t *testing.T) {
	g := graphtest.Serve(t, graphsim.Config{})
	g.AddSome()
	for _, args := range [][]string{g.Flags(), {"--demo", "--web.listen-address=127.0.0.1:0", "--web.listen-address=127.0.0.1:0"}} {
		e := start(t, graphtest.None, args...)
		if args[0] != "--demo" {
			e.synced(t)
		}
		e.scrape(t)
		if err := e.end(); err != nil {
			t.Errorf("ended with %v", err)
		}
		waitForGoroutines(t, "/internal/mirror.", "/graphclient.", "graphsim.(*Story)", "exporter-toolkit")
	}
}

// waitForGoroutines waits until no goroutine has one of the words in its trace.
func waitForGoroutines(t *testing.T, words ...string) {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); ; runtime.Gosched() {
		left := running(words...)
		if left == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("goes on:\n%s", left)
		}
	}
}

// running returns the goroutines that have one of the words in their trace.
func running(words ...string) string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var found []string
	for trace := range strings.SplitSeq(string(stacks), "\n\n") {
		if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(trace, w) }) {
			found = append(found, trace)
		}
	}
	return strings.Join(found, "\n\n")
}

// TestNoAddress shows that the program ends where an address is none.
func TestNoAddress(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), nil, []string{"--demo", "--web.listen-address=nonsense"}, graphtest.None, newLogBuffer())
	if want := "serving: listen tcp: address nonsense: missing port in address"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestBusyPort shows that the program ends with one clear line, and before it asks
// anybody anything, if it cannot listen on every address.
func TestBusyPort(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{})
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	log := newLogBuffer()
	err = run(t.Context(), nil, g.Flags("--web.listen-address="+busy.Addr().String()), graphtest.None, log)
	want := "serving: listen tcp " + busy.Addr().String() + ": bind: address already in use"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if n := len(g.Requests()); n > 0 {
		t.Errorf("sent %d requests", n)
	}
}
