package server

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/graphtest"
)

// inProcess returns a simulated Graph without a listener.
func inProcess(t *testing.T, url string, cfg graphsim.Config) *graphtest.Graph {
	t.Helper()
	g := graphtest.New(t, url, cfg)
	g.AddSome()
	return g
}

// A roundTrip is a transport of one function.
type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// inBubble returns a fleet of the tenants of a file whose requests stay in this
// process, so that its time can be that of a bubble. It is closed with the test.
func inBubble(t *testing.T, path string, log io.Writer, reached ...*graphtest.Graph) *fleet {
	t.Helper()
	f := newFleet(&config.Config{}, slog.New(slog.NewTextHandler(log, nil)), prometheus.NewRegistry())
	f.transport.RegisterProtocol("http", roundTrip(func(r *http.Request) (*http.Response, error) {
		for _, g := range reached {
			if strings.HasPrefix(r.URL.String(), g.URL) {
				return g.RoundTrip(r)
			}
		}
		return nil, io.ErrUnexpectedEOF
	}))
	cfg, err := config.Parse([]string{"--config.file=" + path}, graphtest.None, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.replace(t.Context(), cfg.Plan); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.close)
	return f
}

// pull probes a tenant and returns its page and how long the answer took.
func (f *fleet) pull(t *testing.T, name, timeout string) (got page, took time.Duration) {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/probe?target="+name, http.NoBody)
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", timeout)
	began := time.Now()
	f.serveProbe(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("%s: got status %d: %s", name, w.Code, w.Body)
	}
	took = time.Since(began)
	return seriesOf(t, w.Body.String()), took
}

// TestHungSignIn has the token endpoint of one tenant hang. Ten probes at once wait
// for as long as they say and cost one sign-in; the other tenant answers meanwhile.
func TestHungSignIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hung, well := inProcess(t, "http://127.0.0.1:1", graphsim.Config{}), inProcess(t, "http://127.0.0.1:2", graphsim.Config{})
		f := inBubble(t, graphtest.Configure(t, hung.Entry("hung"), well.Entry("well")), io.Discard, hung, well)
		for _, name := range []string{"hung", "well"} {
			f.pull(t, name, "10")
			time.Sleep(time.Minute) // of the bubble, for the first synchronisation
			got, _ := f.pull(t, name, "10")
			got.expect(t, "msgraph_security_up", 1)
		}
		hung.ForgetRequests()
		hung.Fault(graphsim.Fault{Match: graphsim.TokenOperation, Kind: graphsim.FaultHang})
		hung.RevokeTokens()
		var probes sync.WaitGroup
		for range 10 {
			probes.Go(func() {
				if _, took := f.pull(t, "hung", "2"); took != 1800*time.Millisecond {
					t.Errorf("a probe took %s", took)
				}
			})
		}
		synctest.Wait()
		got, took := f.pull(t, "well", "2")
		got.expect(t, "msgraph_security_up", 1)
		if took > 0 {
			t.Errorf("a probe of the other tenant took %s", took)
		}
		probes.Wait()
		if n := signIns(hung); n != 1 {
			t.Errorf("got %d sign-ins, want 1", n)
		}
	})
}

// signIns counts the requests for a token.
func signIns(g *graphtest.Graph) int {
	n := 0
	for _, r := range g.Requests() {
		if r.Operation == graphsim.TokenOperation {
			n++
		}
	}
	return n
}

// A deadlines is an answer that notes until when it has to be read.
type deadlines struct {
	*httptest.ResponseRecorder
	at time.Time
}

// SetWriteDeadline is what [http.ResponseController] calls.
func (d *deadlines) SetWriteDeadline(at time.Time) error { d.at = at; return nil }

// TestTimeToReadBeginsWithTheAnswer shows that a client has its fifteen seconds from when the answer
// is there, however long the pull has waited for Graph.
func TestTimeToReadBeginsWithTheAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := inProcess(t, "http://127.0.0.1:1", graphsim.Config{})
		f := inBubble(t, graphtest.Configure(t, g.Entry("contoso")), io.Discard, g)
		f.pull(t, "contoso", "10")
		time.Sleep(time.Minute) // of the bubble, for the first synchronisation
		g.Fault(graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultHang})
		w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/probe?target=contoso", http.NoBody)
		r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "10")
		began := time.Now()
		withWriteTimeout(http.HandlerFunc(f.serveProbe)).ServeHTTP(w, r)
		if waited := time.Since(began); waited != 9500*time.Millisecond || w.at.Sub(began) != waited+writeTimeout {
			t.Errorf("waited %s, to be read until %s", waited, w.at.Sub(began))
		}
	})
}
