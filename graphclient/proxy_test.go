package graphclient

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestCheckProxies: a proxy that net/http would ignore is an error that names the variable and
// shows nothing of the value; the upper case counts where both are set.
func TestCheckProxies(t *testing.T) {
	for _, tc := range []struct {
		name, value string
		ok          bool
	}{
		{"HTTPS_PROXY", "", true},
		{"HTTPS_PROXY", "http://proxy.example:3128", true},
		{"HTTPS_PROXY", "proxy.example:3128", true},
		{"https_proxy", "socks5://127.0.0.1:1080", true},
		{"HTTPS_PROXY", "https://user:p%40ss@proxy.example", true},
		{"HTTPS_PROXY", "http://user:pl4nted%zz@proxy.example:3128", false},
		{"http_proxy", "http://user:pl4nted/x@proxy.example:3128", false},
		{"HTTPS_PROXY", "http://proxy.example:pl4nted", false},
		{"HTTP_PROXY", "ftp://pl4nted.example", false},
		{"HTTPS_PROXY", "http://", false},
		{"HTTPS_PROXY", "://pl4nted", false},
		{"HTTPS_PROXY", "http://pl4nted\n", false},
	} {
		_, err := CheckProxies(func(name string) string { return map[string]string{tc.name: tc.value}[name] })
		if (err == nil) != tc.ok || err != nil && (!strings.HasPrefix(err.Error(), tc.name+": ") || strings.Contains(err.Error(), "pl4nted")) {
			t.Errorf("%s=%s: got %v", tc.name, tc.value, err)
		}
	}
	both := map[string]string{"HTTPS_PROXY": "http://a:first%21@proxy.example", "https_proxy": "://"}
	hidden, err := CheckProxies(func(name string) string { return both[name] })
	if err != nil || len(hidden) != 2 || hidden[0] != "first!" || hidden[1] != "YTpmaXJzdCE=" {
		t.Errorf("got %q, %v", []string{string(hidden[0])}, err)
	}
}

// TestProxyPassword: a proxy that refuses with its own password shows it to nobody.
func TestProxyPassword(t *testing.T) {
	const password = "pl4nted proxy p@ssword"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r, err := http.ReadRequest(bufio.NewReader(conn))
			if err == nil {
				fmt.Fprintf(conn, "HTTP/1.1 407 %s %s\r\nContent-Length: 0\r\n\r\n", password, r.Header.Get("Proxy-Authorization"))
			}
			conn.Close()
		}
	}()
	at := &url.URL{Scheme: "http", Host: listener.Addr().String(), User: url.UserPassword("me", password)}
	hidden, err := CheckProxies(func(name string) string { return map[string]string{"HTTPS_PROXY": at.String()}[name] })
	if err != nil {
		t.Fatal(err)
	}
	var log logBook
	transport := NewTransport()
	defer transport.CloseIdleConnections()
	transport.Proxy = http.ProxyURL(at)
	client := connect(t, transport, func(c *Config) { c.Hidden, c.Logger = hidden, log.logger() })
	_, _, err = list(t.Context(), client, Query{})
	if ReasonOf(err) != ReasonUnreachable || !strings.Contains(err.Error(), hidden[0].String()) {
		t.Errorf("got %v", err)
	}
	leaks(t, log.String()+err.Error(), password, string(hidden[1]))
}
