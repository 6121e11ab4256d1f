package server

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/graphtest"
)

// awaitPage asks for a page, as an open one does, until it matches.
func (e *exporter) awaitPage(t *testing.T, path, pattern string) {
	t.Helper()
	deadline := time.After(testTimeout)
	for again := time.NewTicker(100 * time.Millisecond); ; {
		_, text := e.get(t, path)
		if regexp.MustCompile(pattern).MatchString(text) {
			return
		}
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("%s never has %s:\n%s", path, pattern, text)
		}
	}
}

// TestStatusPage shows that the page alone, without a puller, has the first synchronisation shown and
// then the incidents, and later those that have come since.
func TestStatusPage(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{})
	g.AddSome()
	e := start(t, graphtest.None, g.Flags("--collector.min-refresh-interval=0s")...)
	e.awaitPage(t, "/", `Current as of(?s:.*)<b>20</b> open`)
	g.AddSome()
	e.awaitPage(t, "/", `Current as of(?s:.*)<b>40</b> open`)
	if status, text := e.get(t, "/tenants/other"); status != http.StatusNotFound {
		t.Errorf("a tenant that there is not answers %d:\n%s", status, text)
	}
}

// TestStatusPageOfMany shows that the tenants of a file are started by the page, and that one in trouble
// says why and comes first.
func TestStatusPageOfMany(t *testing.T) {
	t.Parallel()
	good, bad := graphtest.Serve(t, graphsim.Config{}), graphtest.Serve(t, graphsim.Config{})
	good.AddSome()
	bad.Fault(graphsim.Fault{Match: graphsim.ListOperation, Status: 403, Text: "No."})
	path := graphtest.Configure(t, good.Entry("alpha"), bad.Entry("beta"))
	e := start(t, graphtest.None, "--config.file="+path, "--web.listen-address=127.0.0.1:0")
	e.awaitPage(t, "/", `1 of 2 tenants current(?s:.*)/tenants/beta(?s:.*)forbidden(?s:.*)/tenants/alpha(?s:.*)<td class="n">20</td>`)
	e.awaitPage(t, "/tenants/alpha", `Current as of(?s:.*)<b>20</b> open`)
	e.awaitPage(t, "/tenants/beta", `No numbers(?s:.*)forbidden(?s:.*)Grant the permission`)
}

// TestStatusPageWaitsForNothing shows that a page is there while Graph does not answer at all, and that
// the exporter stops then at once.
func TestStatusPageWaitsForNothing(t *testing.T) {
	t.Parallel()
	asked, ended := make(chan struct{}, 1), make(chan struct{})
	g := graphtest.Serve(t, graphsim.Config{}, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case asked <- struct{}{}:
			default:
			}
			select {
			case <-r.Context().Done():
			case <-ended:
			}
		})
	})
	t.Cleanup(func() { close(ended) })
	e := start(t, graphtest.None, g.Flags()...)
	<-asked
	if _, text := e.get(t, "/"); !strings.Contains(text, "First synchronisation: 0 %") {
		t.Errorf("got:\n%s", text)
	}
}

// TestNoStatusPage shows what is there without it.
func TestNoStatusPage(t *testing.T) {
	t.Parallel()
	g := graphtest.Serve(t, graphsim.Config{})
	e := start(t, graphtest.None, g.Flags("--no-web.status-page")...)
	if status, text := e.get(t, "/"); status != http.StatusOK || !strings.Contains(text, `<a href="/metrics">`) || strings.Contains(text, "Open incidents") {
		t.Errorf("got status %d:\n%s", status, text)
	}
	for _, path := range []string{"/status/page.js", "/tenants/x"} {
		if status, _ := e.get(t, path); status != http.StatusNotFound {
			t.Errorf("%s: got status %d", path, status)
		}
	}
}
