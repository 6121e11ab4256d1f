package graphclient

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"msgraph_security_exporter/graphclient/graphsim"
)

// serve returns a client of a real server on a loopback address, through the default transport.
func serve(t *testing.T, handler http.Handler) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	transport := NewTransport()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return connect(t, transport, func(c *Config) { c.Endpoint, c.Authority = server.URL, server.URL })
}

// signsIn is a server that signs everybody in, and leaves what is for Graph to f.
func signsIn(f http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, tokenBody)
			return
		}
		f(w, r)
	})
}

// TestRealConnection: over real connections lists come compressed and whole.
func TestRealConnection(t *testing.T) {
	sim := graphsim.New(graphsim.Config{})
	for range 120 {
		sim.Add(graphsim.Incident{})
	}
	incidents, pages, err := list(t.Context(), serve(t, sim), Query{})
	if err != nil || len(incidents) != 120 || pages != 3 {
		t.Errorf("%d incidents on %d pages, %v", len(incidents), pages, err)
	}
	for _, r := range sim.Requests() {
		if r.Operation == graphsim.ListOperation && !strings.Contains(r.Encoding, "gzip") {
			t.Errorf("Accept-Encoding %q", r.Encoding)
		}
	}
}

// TestHTTP2: the default transport speaks HTTP/2 where it is offered, and only to whom it can
// trust.
func TestHTTP2(t *testing.T) {
	var versions [3]atomic.Int64
	server := httptest.NewUnstartedServer(signsIn(func(w http.ResponseWriter, r *http.Request) {
		versions[r.ProtoMajor].Add(1)
		_, _ = io.WriteString(w, emptyBody)
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	transport := NewTransport()
	defer transport.CloseIdleConnections()
	here := func(c *Config) { c.Endpoint, c.Authority = server.URL, server.URL }
	_, _, err := list(t.Context(), connect(t, transport, here), Query{})
	if ReasonOf(err) != ReasonUnreachable || !strings.Contains(err.Error(), "failed to verify certificate") {
		t.Errorf("untrusted: %v", err)
	}
	transport = NewTransport()
	defer transport.CloseIdleConnections()
	transport.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
	transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())
	if _, _, err = list(t.Context(), connect(t, transport, here), Query{}); err != nil || versions[2].Load() != 1 {
		t.Errorf("%d requests by HTTP/2: %v", versions[2].Load(), err)
	}
}

// TestGzipBomb: what is decompressed is bounded, whatever it was compressed to.
func TestGzipBomb(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z, _ := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	for _, part := range []string{`{"value":[`, strings.Repeat(" ", maxBody), `]}`} {
		_, _ = io.WriteString(z, part)
	}
	_ = z.Close()
	client := serve(t, signsIn(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	}))
	_, err := client.attempt(t.Context(), Query{Operation: OperationSweep}, client.root, func([]byte) error { return nil })
	if ReasonOf(err) != ReasonMalformed || !strings.Contains(err.Error(), "more than 8 MiB") {
		t.Errorf("got %v from %d bytes", err, bomb.Len())
	}
}

// TestBrokenGzip: a body that is not what its header says is malformed or broken, not empty.
func TestBrokenGzip(t *testing.T) {
	t.Parallel()
	_, _, err := list(t.Context(), serve(t, signsIn(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, emptyBody)
	})), Query{})
	if err == nil {
		t.Error("no error")
	}
}

// TestRedirects: neither the token nor the secret ever follows a redirect, whatever its status,
// not even to the same host. The error says where it would have led.
func TestRedirects(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, toToken := range []bool{false, true} {
			var visits atomic.Int64
			other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				visits.Add(1)
				_, _ = io.WriteString(w, tokenBody)
			}))
			redirect := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/x?y=z", status) }
			handler := signsIn(redirect)
			if toToken {
				handler = http.HandlerFunc(redirect)
			}
			_, _, err := list(t.Context(), serve(t, handler), Query{})
			if ReasonOf(err) != ReasonMalformed || !strings.Contains(err.Error(), "redirect to "+other.URL+", not followed") {
				t.Errorf("%d: got %v", status, err)
			}
			if n := visits.Load(); n > 0 {
				t.Errorf("%d, of the sign-in %t: %d requests arrived elsewhere", status, toToken, n)
			}
			other.Close()
		}
	}
}

// TestHostileNextLinkOverTheNetwork: the host that a nextLink names is not even connected to.
func TestHostileNextLinkOverTheNetwork(t *testing.T) {
	var visits atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	defer other.Close()
	sim := graphsim.New(graphsim.Config{})
	sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Kind: graphsim.FaultNextLinkElsewhere, Location: other.URL + "/v1.0/security/incidents?$skip=50"})
	_, _, err := list(t.Context(), serve(t, sim), Query{})
	if ReasonOf(err) != ReasonMalformed || !strings.Contains(err.Error(), other.URL) || visits.Load() > 0 {
		t.Errorf("%d visits, %v", visits.Load(), err)
	}
}

// TestUnreachableHost: the error of a host that does not answer names its address.
func TestUnreachableHost(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	client := connect(t, NewTransport(), func(c *Config) { c.Endpoint, c.Authority = server.URL, server.URL })
	_, _, err := list(t.Context(), client, Query{})
	want := "signing in: unreachable: dial tcp " + strings.TrimPrefix(server.URL, "http://") + ": connect: connection refused"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestLocalhostIsThisMachine: where localhost leads elsewhere, nothing is sent there. Where it leads
// to is stood in for by an address of no machine, which is refused before a packet leaves.
func TestLocalhostIsThisMachine(t *testing.T) {
	if dialerFor("graph.microsoft.com:443").Control != nil {
		t.Error("other hosts are checked as well")
	}
	_, err := dialerFor("LocalHost:80").DialContext(t.Context(), "tcp", "192.0.2.1:80")
	if err == nil || !strings.Contains(err.Error(), "localhost is 192.0.2.1 here, which is not a loopback address") {
		t.Errorf("got %v", err)
	}
	server := httptest.NewServer(signsIn(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, emptyBody) }))
	defer server.Close()
	transport := NewTransport()
	defer transport.CloseIdleConnections()
	client := connect(t, transport, func(c *Config) {
		c.Endpoint = "http://localhost:" + server.URL[strings.LastIndex(server.URL, ":")+1:]
		c.Authority = server.URL
	})
	if _, _, err := list(t.Context(), client, Query{}); err != nil {
		t.Errorf("this machine: %v", err)
	}
}
