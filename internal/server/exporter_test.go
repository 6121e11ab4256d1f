package server

import (
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"msgraph_security_exporter/internal/config"
)

// TestMain lets more tests run at once than there are processors: they mostly wait.
func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "12")
	os.Exit(m.Run())
}

// testTimeout is how long a test waits for what has to happen, which on a loaded machine,
// and under the race detector, takes a hundred times what it does elsewhere.
const testTimeout = 3 * time.Minute

// An exporter is the whole program, running in this process.
type exporter struct {
	url     string
	log     *logBuffer
	stop    context.CancelFunc // what a signal does
	signals chan os.Signal     // what another does
	done    chan struct{}      // closed when the program has ended
	err     error              // how, valid then
}

// run does what an exporter does that is started with flags and variables.
func run(ctx context.Context, signals <-chan os.Signal, args []string, getenv func(string) string, log io.Writer) error {
	cfg, err := config.Parse(args, getenv, io.Discard)
	if err != nil {
		return err
	}
	return Serve(ctx, cfg, cfg.Logger(log), signals)
}

// start runs the program and returns when it listens. It is stopped with the test.
func start(t *testing.T, getenv func(string) string, args ...string) *exporter {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	e := &exporter{log: newLogBuffer(), stop: stop, signals: make(chan os.Signal), done: make(chan struct{})}
	go func() {
		defer close(e.done)
		e.err = run(ctx, e.signals, args, getenv, e.log)
	}()
	t.Cleanup(func() {
		if err := e.end(); err != nil {
			t.Errorf("the program ended with: %v", err)
		}
	})
	e.url = "http://" + e.await(t, `Started.*addresses"?[=:]"?([^ ,"\n]+)`)
	return e
}

// end stops the program and returns how it ended.
func (e *exporter) end() error {
	e.stop()
	<-e.done
	return e.err
}

// await waits for a line of the log and returns what the pattern's group matches.
func (e *exporter) await(t *testing.T, pattern string) string {
	t.Helper()
	deadline := time.After(testTimeout)
	for {
		text, grown := e.log.read()
		if m := regexp.MustCompile(pattern).FindStringSubmatch(text); m != nil {
			return m[len(m)-1]
		}
		select {
		case <-grown:
		case <-e.done:
			t.Fatalf("ended with %v before logging %s:\n%s", e.err, pattern, text)
		case <-deadline:
			t.Fatalf("did not log %s:\n%s", pattern, text)
		}
	}
}

// synced waits for the first synchronisation.
func (e *exporter) synced(t *testing.T) {
	t.Helper()
	e.await(t, "First synchronisation is complete")
}

// longestTimeout is what a puller sends that waits for as long as it may, so that what it
// waits for is in its answer however busy the machine is.
const longestTimeout = "120"

// get returns an answer of the exporter.
func (e *exporter) get(t *testing.T, path string, timeout ...string) (int, string) {
	t.Helper()
	return e.ask(t, http.MethodGet, path, timeout...)
}

// ask returns an answer of the exporter. With a timeout it says how long it waits, as
// Prometheus does.
func (e *exporter) ask(t *testing.T, method, path string, timeout ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, e.url+path, http.NoBody)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	r.Header["X-Prometheus-Scrape-Timeout-Seconds"] = timeout
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(body)
}

// A page is the series of a scrape, as they are written.
type page map[string]float64

func (e *exporter) scrape(t *testing.T) page {
	t.Helper()
	return e.read(t, "/metrics", longestTimeout)
}

// read returns the series of a page.
func (e *exporter) read(t *testing.T, path string, timeout ...string) page {
	t.Helper()
	status, text := e.get(t, path, timeout...)
	if status != http.StatusOK {
		t.Errorf("got status %d:\n%s", status, text)
	}
	return seriesOf(t, text)
}

// seriesOf returns the series that a page is made of.
func seriesOf(t *testing.T, text string) page {
	t.Helper()
	p := page{}
	for line := range strings.Lines(text) {
		if i := strings.LastIndexByte(line, ' '); !strings.HasPrefix(line, "#") && i > 0 {
			value, err := strconv.ParseFloat(strings.TrimSpace(line[i:]), 64)
			if err != nil {
				t.Errorf("%s: %v", line, err)
			}
			p[line[:i]] = value
		}
	}
	return p
}

// family returns the series of one metric.
func (p page) family(name string) page {
	f := page{}
	for series, value := range p {
		if metric, _, _ := strings.Cut(series, "{"); metric == name {
			f[series] = value
		}
	}
	return f
}

// A logBuffer is a log that can be waited for.
type logBuffer struct {
	mu    sync.Mutex
	text  bytes.Buffer
	grown chan struct{} // closed at the next line
}

func newLogBuffer() *logBuffer { return &logBuffer{grown: make(chan struct{})} }

func (j *logBuffer) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	close(j.grown)
	j.grown = make(chan struct{})
	return j.text.Write(b)
}

func (j *logBuffer) read() (string, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String(), j.grown
}
