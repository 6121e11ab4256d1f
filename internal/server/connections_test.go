package server

import (
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
)

// TestConnectionStates shows that a connection without a request between two gives way as a new one
// does, the longest quiet first, and that one that has ended makes room.
func TestConnectionStates(t *testing.T) {
	t.Parallel()
	c := newConnections(2)
	open := func(states ...http.ConnState) (server, client net.Conn) {
		server, client = net.Pipe()
		for _, s := range append([]http.ConnState{http.StateNew}, states...) {
			c.changed(server, s)
		}
		return server, client
	}
	closed := func(client net.Conn) {
		t.Helper()
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("got %v, want that it is closed", err)
		}
	}
	idle, idleClient := open(http.StateActive, http.StateIdle)
	active, _ := open(http.StateActive)
	_, late := open()
	closed(idleClient)
	c.changed(idle, http.StateClosed)
	c.changed(active, http.StateClosed)
	if len(c.open) != 1 || len(c.quiet) != 1 {
		t.Errorf("%d are open, %d quiet", len(c.open), len(c.quiet))
	}
	_, _ = open(http.StateActive)
	if len(c.quiet) != 1 {
		t.Error("one gave way to another that there was room for")
	}
	_, _ = open(http.StateActive)
	closed(late)
}
