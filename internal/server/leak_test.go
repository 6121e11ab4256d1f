package server

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/graphtest"
)

// An echoServer refuses requests, with all their secrets in the answer.
type echoServer struct{ echoing atomic.Bool }

func (p *echoServer) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.echoing.Load() {
			next.ServeHTTP(w, r)
			return
		}
		r.ParseForm()
		heard := fmt.Sprintf("%s %s %s %s", r.Header.Get("Authorization"), r.PostForm.Get("client_secret"), r.PostForm.Encode(), proxyPassword)
		w.Header().Set("Request-Id", heard)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"error":{"code":%q,"message":%q}}`, heard, heard)
	})
}

// proxyPassword is that of the proxy which the environment names. Nothing here goes through it.
const proxyPassword = "pl4nted~Proxy-7Zw1"

// TestSecretNowhere plants a secret, in a file or in the environment, and the password of a proxy, has tokens
// issued, revoked, refused and repeated, and looks for all of them in everything
// that the program says, at debug level and with profiles.
func TestSecretNowhere(t *testing.T) {
	t.Parallel()
	talkative := []string{"--log.level=debug", "--web.enable-pprof", "--collector.min-refresh-interval=0s"}
	for name, format := range map[string]string{"file": "logfmt", "environment": "json"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &echoServer{}
			g := graphtest.Serve(t, graphsim.Config{}, p.wrap)
			g.AddSome()
			args, environment := g.Flags(slices.Concat(talkative, []string{"--log.format=" + format})...), graphtest.Variables{"HTTPS_PROXY": "http://me:" + proxyPassword + "@127.0.0.1:1"}
			if name == "environment" {
				args = slices.Delete(args, 2, 3) // the file
				environment["AZURE_CLIENT_SECRET"] = graphtest.Secret + "\n"
			}
			output := collectOutput(t, g, p, start(t, environment.Get, args...))
			hidden := append(g.Tokens(), graphtest.Secret, url.QueryEscape(graphtest.Secret), proxyPassword)
			if len(hidden) < 6 {
				t.Errorf("got %d tokens and secrets, want more to look for", len(hidden))
			}
			for _, h := range hidden {
				if i := strings.Index(output, h); i >= 0 {
					t.Errorf("shown: …%s", output[max(0, i-300):i+len(h)])
				}
			}
		})
	}
}

// collectOutput takes an exporter through good and bad times and returns its
// pages and its log.
func collectOutput(t *testing.T, g *graphtest.Graph, p *echoServer, e *exporter) string {
	t.Helper()
	var output strings.Builder
	listen := func() {
		for _, path := range []string{
			"/", "/metrics", "/-/healthy", "/-/ready", "/nothing", "/debug/pprof/", "/debug/pprof/cmdline",
			"/debug/pprof/goroutine?debug=2", "/debug/pprof/heap?debug=1", "/debug/pprof/symbol",
		} {
			_, text := e.get(t, path)
			output.WriteString(text)
		}
	}
	e.synced(t)
	listen()
	for _, trouble := range []func(){
		func() { g.Fault(graphsim.Fault{Match: graphsim.ListOperation, Status: http.StatusForbidden}) },
		func() { g.Fault(graphsim.Fault{Match: graphsim.TokenOperation, AADSTS: 7000215}) },
		func() { p.echoing.Store(true) },
	} {
		trouble()
		listen()
		g.RevokeTokens()
		listen()
		g.ClearFaults()
		p.echoing.Store(false)
		e.recovers(t)
	}
	if err := e.end(); err != nil {
		output.WriteString(err.Error())
	}
	log, _ := e.log.read()
	return output.String() + log
}
