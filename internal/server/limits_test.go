package server

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A pipe is a listener whose connections are in memory.
type pipe struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newPipe() *pipe { return &pipe{accepted: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.accepted:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipe) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipe) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// dial returns the client's end of a new connection.
func (p *pipe) dial() net.Conn {
	client, server := net.Pipe()
	p.accepted <- server
	return client
}

// withServer runs a test, on a clock of its own, with a server of a handler.
func withServer(t *testing.T, handler http.Handler, test func(t *testing.T, server *http.Server, p *pipe)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server, p := newServer(handler, slog.New(slog.DiscardHandler)), newPipe()
		server.ConnState = newConnections(3).changed
		var running sync.WaitGroup
		running.Go(func() { _ = server.Serve(p) })
		test(t, server, p)
		_ = server.Close()
		running.Wait()
		time.Sleep(time.Second) // in which refused connections end
	})
}

// silence returns how long a connection stays open to which nothing is written.
func silence(conn net.Conn) time.Duration {
	began := time.Now()
	_, _ = io.Copy(io.Discard, conn)
	return time.Since(began)
}

// TestSilentClient shows that a client that says nothing, or half of a request, is left after ten
// seconds.
func TestSilentClient(t *testing.T) {
	withServer(t, textHandler("x"), func(t *testing.T, _ *http.Server, p *pipe) {
		for _, half := range []string{"", "GET / HTTP/1.1\r\nHost:"} {
			conn := p.dial()
			_, _ = io.WriteString(conn, half)
			if d := silence(conn); d != 10*time.Second {
				t.Errorf("after %q: left after %s", half, d)
			}
		}
	})
}

// TestLongHeader shows that a request with headers of more than 64 KiB, and what net/http adds, is
// refused.
func TestLongHeader(t *testing.T) {
	withServer(t, textHandler("x"), func(t *testing.T, _ *http.Server, p *pipe) {
		for size, want := range map[int]int{60 << 10: 200, 80 << 10: 431} {
			conn := p.dial()
			go func() {
				_, _ = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("x", size))
			}()
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || resp.StatusCode != want {
				t.Errorf("%d bytes: %v, %v", size, resp, err)
			}
			conn.Close()
		}
	})
}

// TestSlowReader shows that a client that does not read its answer delays stopping by fifteen
// seconds, counted from when the answer is there.
func TestSlowReader(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(100 * time.Second) // a pull that waits
		limitWriting(w)
		_, _ = w.Write(make([]byte, 1<<20))
	})
	withServer(t, handler, func(t *testing.T, server *http.Server, p *pipe) {
		conn := p.dial()
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		synctest.Wait()
		began := time.Now()
		if err := server.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if d := time.Since(began); d < 100*time.Second || d > 100*time.Second+writeTimeout+time.Second {
			t.Errorf("stopped after %s", d)
		}
		conn.Close()
	})
}

// TestManyConnections shows that of too many connections the one gives way that has been quiet for
// longest, and none that has a request.
func TestManyConnections(t *testing.T) {
	var release chan struct{} // made on the clock of the test
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			<-release
		}
		_, _ = io.WriteString(w, "x")
	})
	withServer(t, handler, func(t *testing.T, _ *http.Server, p *pipe) {
		release = make(chan struct{})
		ask := func(conn net.Conn, path string) error {
			_, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
			return err
		}
		busy := p.dial()
		if err := ask(busy, "/wait"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		var silent []net.Conn
		for range 20 {
			silent = append(silent, p.dial())
			synctest.Wait()
		}
		for i, conn := range silent {
			_ = conn.SetReadDeadline(time.Now().Add(time.Second))
			_, err := conn.Read(make([]byte, 1))
			if closed := errors.Is(err, io.EOF); closed != (i < len(silent)-2) {
				t.Errorf("connection %d: %v", i, err)
			}
		}
		late := p.dial()
		if err := ask(late, "/"); err != nil {
			t.Fatal(err)
		}
		close(release)
		for _, conn := range []net.Conn{busy, late} {
			if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("got %v, %v", resp, err)
			}
		}
	})
}

// A goneWriter is the connection of a client that has left.
type goneWriter struct{ http.ResponseWriter }

func (goneWriter) Write([]byte) (int, error) { return 0, syscall.EPIPE }

// TestClientLeaves shows that a client that leaves before its answer is complete is no error.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	registry, err := newRegistry(processCollectors()...)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	metricsHandler(registry, logger).ServeHTTP(goneWriter{httptest.NewRecorder()}, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if got := log.String(); !strings.Contains(got, "level=DEBUG") || strings.Contains(got, "level=ERROR") {
		t.Errorf("got %s", got)
	}
}
