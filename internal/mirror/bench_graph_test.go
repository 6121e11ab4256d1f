//go:build linux

package mirror

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/reading"
)

const (
	// played is the environment variable that has the test binary play Graph: it holds
	// the number of open incidents and, after a blank, the shape of their creation.
	played = "MIRROR_BENCH_GRAPH"
	// latency is what each answer takes at the least, and farLatency where four requests
	// are in flight, so that it is not two cores what they wait for.
	latency, farLatency = 20 * time.Millisecond, 50 * time.Millisecond
	// hot is how many incidents keep changing in a busy tenant: as many rows come with
	// each delta, and one of them is news.
	hot = 20
)

// TestMain runs the tests, or plays Graph for the benchmarks of another process.
func TestMain(m *testing.M) {
	if size, shape, ok := strings.Cut(os.Getenv(played), " "); ok {
		playGraph(size, shape)
		return
	}
	m.Run()
}

// playGraph serves a tenant until standard input ends. It prints where: the fields of
// a [graph], in their order.
func playGraph(size, shape string) {
	open, _ := strconv.Atoi(size)
	sim := graphsim.New(graphsim.Config{ExactNextLink: true})
	age := shapes[shape](rand.New(rand.NewPCG(1, 1)))
	var ids []string
	for i := range open {
		at := time.Now().Add(-time.Duration(age(i, open) * float64(time.Second)))
		ids = append(ids, sim.Add(graphsim.Incident{Created: at, Score: new(i % 101), Severity: []string{"low", "medium", "high"}[i%3]}))
	}
	var deltas atomic.Int64
	busy := func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.RawQuery, "lastUpdateDateTime") {
			n := int(deltas.Add(1))
			sim.Change(ids[n%hot], graphsim.Dated, func(in *graphsim.Incident) { in.Score = new(n / hot % 101) })
		}
		sim.ServeHTTP(w, r)
	}
	for _, h := range []http.HandlerFunc{
		after(latency, sim.ServeHTTP), after(farLatency, sim.ServeHTTP), after(latency, busy), busy,
	} {
		fmt.Println(httptest.NewServer(h).URL)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func after(d time.Duration, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(d)
		h(w, r)
	}
}

// A graph is a tenant that another process plays, under several roots: a quiet one in
// which nothing changes, the same from afar, a busy one, and a busy one without latency.
type graph struct {
	open                   int
	quiet, far, busy, near string
}

// startGraph has a tenant played until the benchmark ends.
func startGraph(b *testing.B, open int, shape string) *graph {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", played, open, shape))
	cmd.Stderr = os.Stderr
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := cmp.Or(inErr, outErr, cmd.Start()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		_ = cmd.Wait() // killed when the benchmark's context ends first
	})
	g := &graph{open: open}
	lines := bufio.NewScanner(out)
	for _, root := range []*string{&g.quiet, &g.far, &g.busy, &g.near} {
		if !lines.Scan() {
			b.Fatal("the played Graph does not say where it listens")
		}
		*root = lines.Text()
	}
	return g
}

// client returns a client of one of the roots, and the wire that it uses.
func (g *graph) client(b *testing.B, root string) (*graphclient.Client, *wire) {
	b.Helper()
	network := graphclient.NewTransport()
	b.Cleanup(network.CloseIdleConnections)
	w := &wire{network: network}
	client, err := graphclient.New(graphclient.Config{
		Endpoint: root, Authority: root, TenantID: "tenant", ClientID: "client",
		Credential:        graphclient.ClientSecret(func() (graphclient.Secret, error) { return "s", nil }),
		RequestsPerMinute: 100_000,
		Transport:         w,
	})
	if err != nil {
		b.Fatal(err)
	}
	return client, w
}

// roundTrip returns what a page of 50 rows takes while nothing else is going on.
func (g *graph) roundTrip(b *testing.B, root string) time.Duration {
	b.Helper()
	client, w := g.client(b, root)
	for range 20 {
		for _, err := range client.Incidents(b.Context(), graphclient.Query{Filter: reading.Everything.Filter(true)}) {
			if err != nil {
				b.Fatal(err)
			}
			break
		}
	}
	return time.Duration(w.nanos.Load() / w.requests.Load())
}

// A wire counts requests for incidents, and how long they took: from the first byte sent
// to the last received, which leaves out what is then made of the answer.
type wire struct {
	network         http.RoundTripper
	requests, nanos atomic.Int64
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := w.network.RoundTrip(r)
	if err != nil || graphclient.OperationOf(r.Context()) == graphclient.OperationToken {
		return resp, err
	}
	w.requests.Add(1)
	resp.Body = &timedBody{resp.Body, func() { w.nanos.Add(int64(time.Since(began))) }}
	return resp, nil
}

// A timedBody says when it has been read.
type timedBody struct {
	io.ReadCloser
	ended func()
}

func (t *timedBody) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	if err == io.EOF {
		t.ended()
	}
	return n, err
}
