package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
)

// listeners serve one handler on every address that the flags name. Each address has a
// server of its own: the toolkit writes TLS and authentication into the server that it is
// given, and two addresses would race for one.
type listeners struct {
	addresses []string
	servers   []*http.Server
	ended     chan error // has one of each server
	tasks     sync.WaitGroup
	logger    *slog.Logger
}

// listen returns listeners that accept connections on every address. If one of them
// cannot be listened on, nothing is served.
func listen(flags *web.FlagConfig, handler http.Handler, logger *slog.Logger) (*listeners, error) {
	each := perAddress(flags)
	connections := newConnections(connectionLimit())
	l := &listeners{ended: make(chan error, len(each)), logger: logger}
	accepting := make(chan net.Addr, len(each))
	for _, one := range each {
		server := newServer(handler, logger)
		server.ConnState = connections.changed
		server.BaseContext = func(listener net.Listener) context.Context {
			select {
			case accepting <- listener.Addr():
			default: // systemd may pass several sockets
			}
			return context.Background()
		}
		l.servers = append(l.servers, server)
		l.tasks.Go(func() { l.ended <- web.ListenAndServe(server, one, logger) })
	}
	for range each {
		select {
		case a := <-accepting:
			l.addresses = append(l.addresses, a.String())
		case err := <-l.ended:
			l.close()
			return nil, fmt.Errorf("serving: %w", err)
		}
	}
	return l, nil
}

// perAddress returns the flags once for each address.
func perAddress(flags *web.FlagConfig) []*web.FlagConfig {
	if flags.WebSystemdSocket != nil && *flags.WebSystemdSocket {
		return []*web.FlagConfig{flags}
	}
	var each []*web.FlagConfig
	for _, address := range *flags.WebListenAddresses {
		each = append(each, &web.FlagConfig{
			WebListenAddresses: &[]string{address},
			WebConfigFile:      flags.WebConfigFile,
		})
	}
	return each
}

// newServer returns a server whose timeouts end what a slow or silent client leaves open.
func newServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           withWriteTimeout(handler),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      maxTimeout + 30*time.Second,
		IdleTimeout:       5 * time.Minute, // longer than most intervals between pulls
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// serve answers requests until ctx ends. It then waits for the requests in flight, for as long
// as the longest pull may take. It returns an error if a server ends by itself.
func (l *listeners) serve(ctx context.Context) error {
	defer l.close()
	select {
	case err := <-l.ended:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	l.logger.Info("Stopping, waiting for requests in flight")
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxTimeout)
	defer cancel()
	var tasks sync.WaitGroup
	for _, server := range l.servers {
		tasks.Go(func() {
			if err := server.Shutdown(drain); errors.Is(err, context.DeadlineExceeded) {
				l.logger.Warn("Closing connections with requests still in flight", "after", maxTimeout)
			}
		})
	}
	tasks.Wait()
	l.logger.Info("Stopped")
	return nil
}

// close closes every server and waits until they have ended.
func (l *listeners) close() {
	for _, server := range l.servers {
		_ = server.Close()
	}
	l.tasks.Wait()
}
