//go:build linux

package faults

import (
	"net/http"
	"slices"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// A fault is a row of the table.
type fault struct {
	name    string
	moments []moment // at which there is such a thing; nil: all
	shows   shows

	// What happens to the requests of the moment: one of these, or the true answer.
	graph  *graphsim.Fault
	answer func(f *front, w http.ResponseWriter, r *http.Request)
	only   func(r *http.Request) bool // to these of them; nil: all
	// What happens besides when it first strikes, and what ends that.
	strike, undo func(c *cell)
	again        bool // at each strike

	scheme   scheme
	adjusted bool // takes the binary whose clock and name server can be set
	order    graphsim.Order
	crowded  bool // there are more updates than a page holds
	skewed   bool // Graph's clock is not right, so that the snapshot's time may not be
	shared   bool // all tenants have it
	mute     bool // a pull may go without an answer
	secret   bool // is of a client secret
	stderr   stderr
}

// shows says whether a fault has to have a reason, which is visible.
type shows int

const (
	reason  shows = iota // it has to have one
	perhaps              // a reason or the right numbers
)

// A scheme is how the exporter comes to Graph.
type scheme int

const (
	direct scheme = iota
	overTLS
	overProxy
	byName
)

// A stderr is where the log goes.
type stderr int

const (
	kept   stderr = iota
	full          // a disk that is full
	unread        // a pipe whose reader goes away when the fault strikes
)

// needs reports whether the fault has to have a reason at a moment. An incident that cannot be read by its
// id is looked for in a list.
func (f *fault) needs(m moment) bool { return f.shows == reason && m != byID }

func (f *fault) applies(m moment) bool { return f.moments == nil || slices.Contains(f.moments, m) }

var (
	lists   = []moment{first, pull, lookback, sweep, reload}
	pages   = []moment{first, pull, lookback, reload} // a window of the sweep has no second page
	signIns = []moment{first, token, reload}
)

// All faults, in the order of the table.
func all() []*fault {
	return slices.Concat(connections(), bodies(), listings(), statuses(), dates(), tokens(), processes())
}

func connections() []*fault {
	secured := func(name string, m mode) *fault {
		return &fault{name: name, scheme: overTLS, strike: func(c *cell) { c.connections(m) }}
	}
	proxied := func(name string, m mode, refuse bool) *fault {
		return &fault{name: name, scheme: overProxy, strike: func(c *cell) { c.proxy.set(m, refuse) }, undo: func(c *cell) { c.restoreProxy(refuse) }}
	}
	named := func(name string, code byte, silent bool) *fault {
		return &fault{name: name, scheme: byName, adjusted: true,
			strike: func(c *cell) { c.names.set(code, silent); c.front.cut() }, undo: func(c *cell) { c.names.set(0, false) }}
	}
	return []*fault{
		{name: "connections are refused", strike: func(c *cell) { c.front.refuse(); c.front.cut() }, undo: func(c *cell) { c.front.open(listen(c.t, c.front.address)) }},
		{name: "the connection is reset", answer: resets},
		{name: "the connection ends within the header", answer: raw("HTTP/1.1 200 OK\r\nContent-Ty")},
		{name: "no answer", answer: hangs},
		{name: "the body stops half-way", answer: stops},
		{name: "a byte a second", graph: &graphsim.Fault{Kind: graphsim.FaultDrip, Each: time.Second}, undo: func(c *cell) { c.front.cut() }},
		{name: "the body ends too early", graph: &graphsim.Fault{Kind: graphsim.FaultTruncated}},
		{name: "an answer that is no HTTP", answer: raw("SSH-2.0-OpenSSH_9.2\r\n\x00\x01\x02\xff")},
		{name: "endless headers", answer: endlessHeaders},
		secured("TLS: the certificate has ended", ended),
		secured("TLS: a certificate of another name", strange),
		secured("TLS: an unknown authority", foreign),
		secured("TLS: plain text", plain),
		secured("TLS: no handshake", silent),
		secured("TLS: reset in the handshake", slammed),
		proxied("proxy: refused", slammed, true),
		proxied("proxy: wants a password (407)", wants407, false),
		proxied("proxy: 502", broken502, false),
		proxied("proxy: no answer", silent, false),
		named("name server: no such name", 3, false),
		named("name server: fails", 2, false),
		named("name server: no answer", 0, true),
	}
}

func bodies() []*fault {
	return []*fault{
		{name: "200, a page of HTML", answer: text(200, "text/html", "<html><body>Our services aren't available right now %s</body></html>")},
		{name: "200, JSON that breaks off", answer: text(200, "application/json", `{"value":[{"id":"1","status":"%s`)},
		{name: "200, other JSON", answer: text(200, "application/json", `["%s"]`)},
		{name: "200, nothing", answer: text(200, "application/json", "")},
		{name: "200, endless JSON", answer: endless},
		{name: "200, deep JSON", answer: deep},
		{name: "200, a gzip bomb", answer: bomb},
		{name: "200, gzip that is none", answer: text(200, "gzip", "%s")},
		{name: "a redirect elsewhere", answer: redirects(http.StatusFound)},
		{name: "a redirect that repeats the request", answer: redirects(http.StatusTemporaryRedirect)},
	}
}

func listings() []*fault {
	return []*fault{
		{name: "206, some of the rows", moments: lists, graph: &graphsim.Fault{Kind: graphsim.FaultPartial}},
		{name: "a nextLink to another host", moments: lists, answer: linked("http://127.77.255.254:9/v1.0/security/incidents?$skip=50&%s")},
		{name: "a nextLink to another resource", moments: lists, answer: linked("/v1.0/users?$skip=50")},
		{name: "a nextLink that is no URL", moments: lists, answer: linked("http://[::1%%zz/%s")},
		{name: "a nextLink of 100 KiB", moments: lists, answer: longLink},
		{name: "a nextLink that repeats", moments: lists, graph: &graphsim.Fault{Kind: graphsim.FaultNextLinkLoop}},
		{name: "nextLinks without an end", moments: lists, graph: &graphsim.Fault{Kind: graphsim.FaultNextLinkForever}},
		{name: "paging ends silently", moments: pages, shows: perhaps, only: skips, crowded: true, order: graphsim.Shuffled, graph: &graphsim.Fault{Kind: graphsim.FaultNoRows}},
		{name: "a full page without a nextLink", moments: lists, shows: perhaps, crowded: true, order: graphsim.Shuffled, answer: unlinked},
		{name: "an empty page, and then the rest", moments: lists, shows: perhaps, answer: emptyFirst},
		{name: "rows that come twice", moments: lists, shows: perhaps, answer: twice},
		{name: "values nobody knows", moments: []moment{first, pull, lookback, sweep, byID, reload}, shows: perhaps, answer: unknownValues},
	}
}

// skips tells a page that is not the first.
func skips(r *http.Request) bool { return r.URL.Query().Has("$skip") }

func statuses() []*fault {
	graph := func(f graphsim.Fault) *graphsim.Fault { return &f }
	return []*fault{
		{name: "400", graph: graph(graphsim.Fault{Status: 400})},
		{name: "401", graph: graph(graphsim.Fault{Status: 401, Code: "InvalidAuthenticationToken"})},
		{name: "401 that repeats what was sent", answer: text(401, "application/json", `{"error":{"code":"%[1]s","message":"%[1]s"},"error_description":"%[1]s"}`)},
		{name: "403", graph: graph(graphsim.Fault{Status: 403, Code: "Forbidden"})},
		{name: "404", moments: []moment{first, pull, lookback, sweep, token, reload}, graph: graph(graphsim.Fault{Status: 404})},
		{name: "429, Retry-After in seconds", graph: graph(graphsim.Fault{Status: 429, RetryAfter: 3 * time.Second})},
		{name: "429, Retry-After as a date", graph: graph(graphsim.Fault{Status: 429, RetryAfter: 3 * time.Second, RetryAfterDate: true})},
		{name: "429 without Retry-After", graph: graph(graphsim.Fault{Status: 429})},
		{name: "500", graph: graph(graphsim.Fault{Status: 500})},
		{name: "500 that repeats what was sent", answer: text(500, "text/plain", "%s")},
		{name: "500 with an endless body", answer: endlessError},
		{name: "501", graph: graph(graphsim.Fault{Status: 501})},
		{name: "502, a page of HTML", graph: graph(graphsim.Fault{Status: 502, Body: graphsim.BodyHTML})},
		{name: "503, Retry-After in seconds", graph: graph(graphsim.Fault{Status: 503, RetryAfter: 3 * time.Second})},
		{name: "504 without a body", graph: graph(graphsim.Fault{Status: 504, Body: graphsim.BodyEmpty})},
	}
}

func dates() []*fault {
	shift := func(name string, by time.Duration, text string) *fault {
		return &fault{name: name, shows: perhaps, skewed: true, strike: func(c *cell) { c.front.spoilDates(by, text) }}
	}
	jump := func(name string, s int) *fault {
		return &fault{name: name, shows: perhaps, skewed: true, adjusted: true, shared: true, strike: func(c *cell) { c.jump(s) }, undo: func(c *cell) { c.jump(0) }}
	}
	return []*fault{
		shift("Graph's clock jumps an hour ahead", time.Hour, ""),
		shift("Graph's clock jumps an hour back", -time.Hour, ""),
		shift("no Date", 0, "-"),
		shift("a Date that is none", 0, "yesterday"),
		jump("the host's clock jumps an hour ahead", 1),
		jump("the host's clock jumps an hour back", -1),
	}
}
