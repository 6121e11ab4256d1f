//go:build linux

package faults

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// graphName is the name of Graph behind a proxy or a name server.
const graphName = "graph.faults.test"

// loopback returns an address of this machine that nobody else is likely to use.
func loopback() string { return fmt.Sprintf("127.77.%d.%d", rand.IntN(256), 1+rand.IntN(254)) }

// identify answers as the identity service of a platform does.
func (f *front) identify(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-IDENTITY-HEADER") != identity {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret}, "scope": {r.URL.Query().Get("resource") + "/.default"}}
	inner := httptest.NewRequestWithContext(r.Context(), http.MethodPost, f.url()+"/"+tenantID+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	inner.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	inner.Header.Set(marked, r.Header.Get(marked))
	rec := httptest.NewRecorder()
	f.sim.ServeHTTP(rec, inner)
	if rec.Code != http.StatusOK {
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
		return
	}
	var granted struct {
		Token string `json:"access_token"`
	}
	_ = json.Unmarshal(rec.Body.Bytes(), &granted)
	_ = json.NewEncoder(w).Encode(map[string]string{
		"access_token": granted.Token, "expires_on": fmt.Sprint(time.Now().Add(time.Hour).Unix()), "token_type": "Bearer", "resource": r.URL.Query().Get("resource"),
	})
}

// A proxy leads to a front. It repeats the password that it is given whenever it has an answer of its own.
type proxy struct {
	target   *front
	listener net.Listener
	address  string

	mu    sync.Mutex
	mode  mode
	over  chan struct{}
	conns map[net.Conn]bool
}

func newProxy(t *testing.T, target *front) *proxy {
	t.Helper()
	p := &proxy{target: target, over: make(chan struct{}), conns: map[net.Conn]bool{}}
	p.address = loopback()
	l := listen(t, p.address+":0")
	p.address = l.Addr().String()
	p.open(l)
	t.Cleanup(func() { p.set(slammed, true) })
	return p
}

func (p *proxy) open(l net.Listener) {
	p.listener = l
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.conns[c] = true
			mode, over := p.mode, p.over
			p.mu.Unlock()
			go p.connected(c, mode, over)
		}
	}()
}

// set changes what becomes of connections, and resets those that there are.
func (p *proxy) set(m mode, refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = m
	close(p.over)
	p.over = make(chan struct{})
	for c := range p.conns {
		reset(c)
	}
	p.conns = map[net.Conn]bool{}
	if refuse {
		p.listener.Close()
	}
}

func (p *proxy) connected(c net.Conn, m mode, over chan struct{}) {
	defer c.Close()
	in := bufio.NewReader(c)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Header.Get("Proxy-Authorization"), "Basic "))
	switch m {
	case silent:
		<-over
		reset(c)
		return
	case slammed:
		reset(c)
		return
	case wants407:
		fmt.Fprintf(c, "HTTP/1.1 407 refused %s\r\nProxy-Authenticate: Basic realm=%q\r\nContent-Length: %d\r\n\r\n%s", raw, raw, len(raw), raw)
		return
	case broken502:
		fmt.Fprintf(c, "HTTP/1.1 502 Bad Gateway %s\r\nContent-Length: %d\r\n\r\n%s", raw, len(raw), raw)
		return
	}
	out, err := net.Dial("tcp", p.target.address)
	if err != nil {
		return
	}
	defer out.Close()
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(out, in)
		out.Close()
	}()
	_, _ = io.Copy(c, out)
}

// A nameServer knows where the front is, or says something else.
type nameServer struct {
	net.PacketConn
	address [4]byte

	mu     sync.Mutex
	code   byte // of each answer
	silent bool
}

func newNameServer(t *testing.T, f *front) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", loopback()+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	n := &nameServer{PacketConn: conn}
	host, _, _ := net.SplitHostPort(f.address)
	copy(n.address[:], net.ParseIP(host).To4())
	go n.serve()
	return n
}

func (n *nameServer) set(code byte, silent bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.code, n.silent = code, silent
}

// serve answers each question for an IPv4 address with the front's, any other with nothing.
func (n *nameServer) serve() {
	question := make([]byte, 1500)
	for {
		size, from, err := n.ReadFrom(question)
		if err != nil {
			return
		}
		n.mu.Lock()
		code, silent := n.code, n.silent
		n.mu.Unlock()
		end := 12
		for end < size && question[end] != 0 {
			end += 1 + int(question[end])
		}
		if end += 5; silent || end > size {
			continue
		}
		answer := append([]byte{}, question[:end]...)
		copy(answer[2:], []byte{0x81, 0x80 | code, 0, 1, 0, 0, 0, 0, 0, 0})
		if code == 0 && question[end-3] == 1 { // type A
			answer[7] = 1
			answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4)
			answer = append(answer, n.address[:]...)
		}
		_, _ = n.WriteTo(answer, from)
	}
}
