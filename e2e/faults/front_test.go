//go:build linux

package faults

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// A front stands before a simulated tenant. It tells from a request at which moment the exporter is,
// and lets the fault strike at its own.
type front struct {
	sim     *graphsim.Sim
	address string // host and port
	keys    *authority
	server  *http.Server
	fresh   chan net.Conn // for the server
	closed  chan struct{} // when the server is

	mu       sync.Mutex
	fault    *fault // that strikes now
	moment   moment
	onStrike func() // what the first strike does
	strikes  int
	at       time.Time // of the first strike
	synced   bool      // the first synchronisation is over
	mode     mode
	listener net.Listener // nil while connections are refused
	conns    map[net.Conn]bool
	over     chan struct{} // closed when the fault is over
	shift    time.Duration // of each Date
	dateless string        // how each Date is spoilt
}

// newFront starts a front at an address of its own. With keys it speaks TLS.
func newFront(t *testing.T, sim *graphsim.Sim, keys *authority) *front {
	t.Helper()
	f := &front{sim: sim, keys: keys, fresh: make(chan net.Conn), closed: make(chan struct{}), conns: map[net.Conn]bool{}, over: make(chan struct{})}
	f.server = &http.Server{Handler: f, ConnContext: func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}, TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}}
	l := listen(t, loopback()+":0")
	f.address = l.Addr().String()
	f.open(l)
	go f.server.Serve(f)
	t.Cleanup(func() {
		f.clear()
		close(f.closed)
		f.server.Close()
		f.refuse()
		f.cut()
	})
	return f
}

type connKey struct{}

// listen listens, once whoever has the address for the moment has left it.
func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	var l net.Listener
	await(t, address, func() (err error) {
		l, err = net.Listen("tcp", address)
		return err
	})
	return l
}

func (f *front) url() string {
	if f.keys != nil {
		return "https://" + f.address
	}
	return "http://" + f.address
}

// open takes connections from a listener until it is closed.
func (f *front) open(l net.Listener) {
	f.mu.Lock()
	f.listener = l
	f.mu.Unlock()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.conns[c] = true
			mode, over := f.mode, f.over
			f.mu.Unlock()
			go f.connected(c, mode, over)
		}
	}()
}

// connected does with a connection what the mode says.
func (f *front) connected(c net.Conn, mode mode, over chan struct{}) {
	switch mode {
	case silent:
		<-over
		reset(c)
	case plain:
		_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
		c.Close()
	case slammed:
		reset(c)
	default:
		if f.keys != nil {
			c = tls.Server(c, f.keys.config(f.address, mode))
		}
		select {
		case f.fresh <- c:
		case <-f.closed:
		}
	}
}

// Accept, Close and Addr make a front the listener of its own server.
func (f *front) Accept() (net.Conn, error) {
	select {
	case c := <-f.fresh:
		return c, nil
	case <-f.closed:
		return nil, net.ErrClosed
	}
}

func (f *front) Close() error   { return nil }
func (f *front) Addr() net.Addr { return &net.TCPAddr{} }

// refuse has connections refused.
func (f *front) refuse() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listener != nil {
		f.listener.Close()
		f.listener = nil
	}
}

// cut resets every connection.
func (f *front) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		reset(c)
	}
	f.conns = map[net.Conn]bool{}
}

func reset(c net.Conn) {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.Close()
}

// strike has a fault strike from now on.
func (f *front) strike(fault *fault, at moment, first func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.moment, f.onStrike = fault, at, first
	if fault.graph != nil {
		g := *fault.graph
		g.Where = func(r *http.Request) bool { return r.Header.Get(marked) != "" }
		f.sim.Fault(g)
	}
}

// clear ends the fault: who hangs is reset, and who was refused is let in.
func (f *front) clear() {
	f.mu.Lock()
	spoilt := f.mode != serve
	f.fault, f.mode, f.shift, f.dateless = nil, serve, 0, ""
	close(f.over)
	f.over = make(chan struct{})
	f.mu.Unlock()
	f.sim.ClearFaults()
	if spoilt {
		f.cut()
	}
}

// struck returns how often the fault has struck, and when first.
func (f *front) struck() (int, time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.strikes, f.at
}

// marked is the header of requests that a fault of the simulator strikes.
const marked = "X-Struck"

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	f.mu.Lock()
	fault, first := f.fault, f.onStrike
	hit := fault != nil && f.moment.holds(f, r) && (fault.only == nil || fault.only(r))
	if hit {
		if f.strikes++; f.strikes == 1 {
			f.at = time.Now()
		} else if !fault.again {
			first = nil
		}
	}
	f.mu.Unlock()
	if !hit {
		f.pass(w, r)
		return
	}
	if first != nil {
		first()
	}
	if fault.graph != nil {
		r.Header.Set(marked, "yes")
	}
	if fault.answer != nil {
		fault.answer(f, w, r)
		return
	}
	f.pass(w, r)
}

// pass has the simulator answer, as a platform's identity service where that is asked.
func (f *front) pass(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	shift, dateless := f.shift, f.dateless
	f.mu.Unlock()
	if shift != 0 || dateless != "" {
		w = &dated{w, shift, dateless}
	}
	if r.URL.Path == "/identity" {
		f.identify(w, r)
		return
	}
	f.sim.ServeHTTP(w, r)
}

// answerOf returns what the simulator answers, decompressed.
func (f *front) answerOf(r *http.Request) *httptest.ResponseRecorder {
	r.Header.Del("Accept-Encoding")
	rec := httptest.NewRecorder()
	f.pass(rec, r)
	return rec
}

// A dated answer has another Date.
type dated struct {
	http.ResponseWriter
	shift time.Duration
	text  string // in place of it; "-": none
}

func (d *dated) WriteHeader(status int) {
	switch at, err := http.ParseTime(d.Header().Get("Date")); {
	case d.text == "-":
		d.Header()["Date"] = nil
	case d.text != "":
		d.Header().Set("Date", d.text)
	case err == nil:
		d.Header().Set("Date", at.Add(d.shift).UTC().Format(http.TimeFormat))
	}
	d.ResponseWriter.WriteHeader(status)
}

// await waits until something is the case.
func await(t *testing.T, what string, is func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = is(); err == nil {
			return
		}
	}
	t.Fatalf("%s: %v", what, errors.Join(errors.New("not within a minute"), err))
}

// spill returns everything secret that a request holds, for whoever sends it back.
func spill(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	form, _ := parseForm(body)
	return strings.Join([]string{r.Header.Get("Authorization"), r.Header.Get("X-IDENTITY-HEADER"), form.Get("client_secret"), form.Get("client_assertion")}, " ")
}
