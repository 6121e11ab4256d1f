package server

import (
	"net"
	"net/http"
	"slices"
	"sync"
)

// maxConnections bounds the connections that the exporter holds open, over all its addresses.
// Prometheus keeps one for each target that it scrapes, and so for each tenant.
const maxConnections = 2048

// connections bounds the connections of servers. When there are too many, the one gives way that
// has been without a request for longest: somebody who opens connections and says nothing keeps
// nobody else out. Its methods may be called concurrently.
type connections struct {
	limit int

	mu    sync.Mutex
	open  map[net.Conn]bool
	quiet []net.Conn // those without a request, longest first
}

// newConnections returns connections of which there are at most limit.
func newConnections(limit int) *connections {
	return &connections{limit: limit, open: map[net.Conn]bool{}}
}

// changed follows the states of a connection, for [http.Server.ConnState].
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.quiet = slices.DeleteFunc(c.quiet, func(other net.Conn) bool { return other == conn })
	switch state {
	case http.StateNew:
		if len(c.open) >= c.limit {
			c.evict(conn)
		}
		c.open[conn] = true
		c.quiet = append(c.quiet, conn)
	case http.StateIdle:
		c.quiet = append(c.quiet, conn)
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
	}
}

// evict closes the connection that has been quiet for longest, or the new one if every other has a
// request. The lock is held: closing one over TLS says goodbye first, which can take seconds.
func (c *connections) evict(latest net.Conn) {
	oldest := latest
	if len(c.quiet) > 0 {
		oldest = c.quiet[0]
		c.quiet = c.quiet[1:]
	}
	go func() { _ = oldest.Close() }()
}
