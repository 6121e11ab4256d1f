// Package scale measures two thousand tenants: shared by three exporters, pulled by two Prometheus
// servers that share them by hash, watched by an Alertmanager; then one exporter is killed. Graph is
// played by processes of their own. "make scale" runs it.
package scale

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

const (
	root  = "../.."
	tools = root + "/.tools/bin/"

	tenantID = "11111111-2222-3333-4444-555555555555"
	clientID = "66666666-7777-8888-9999-000000000000"

	exporters = 3
	servers   = 2
)

var (
	tenants = flag.Int("scale.tenants", 2000, "how many tenants")
	open    = flag.Int("scale.open", 200, "how many open incidents each of them has")
	warm    = flag.Duration("scale.warm", 3*time.Minute, "how long all of them may synchronise")
	measure = flag.Duration("scale.measure", 5*time.Minute, "how long is measured after that")
	killed  = flag.Duration("scale.killed", 9*time.Minute, "how long one exporter is gone")
)

// TestMain runs the tests, or plays Graph for the tenants of one exporter.
func TestMain(m *testing.M) {
	flag.Parse()
	if number := os.Getenv("SCALE_PROVIDER"); number != "" {
		provide(number)
	}
	os.Exit(m.Run())
}

// provide plays Graph for the tenants of one exporter, each at a loopback address of its own, until
// the process is killed. It prints its port.
func provide(number string) {
	exporter, err := strconv.Atoi(number)
	if err != nil {
		panic(err)
	}
	sims := map[string]*graphsim.Sim{}
	for i := exporter; i < *tenants; i += exporters {
		sim := graphsim.New(graphsim.Config{Seed: uint64(i), Latency: 100 * time.Millisecond, KeepRequests: 10})
		rng := rand.New(rand.NewPCG(1, uint64(i)))
		for range *open {
			age := time.Duration(rng.Int64N(int64(60 * 24 * time.Hour)))
			sim.Add(graphsim.Incident{Created: time.Now().Add(-age), Severity: []string{"low", "medium", "high"}[rng.IntN(3)], Score: new(rng.IntN(100))})
		}
		sims[host(i)] = sim
	}
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("port %d\n", listener.Addr().(*net.TCPAddr).Port)
	server := http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := net.SplitHostPort(r.Host)
		sims[name].ServeHTTP(w, r)
	})}
	fmt.Println(server.Serve(listener))
	os.Exit(1)
}

// host returns the address at which a tenant's Graph is.
func host(tenant int) string { return fmt.Sprintf("127.1.%d.%d", tenant/200, tenant%200+1) }

// name returns the name of a tenant.
func name(tenant int) string { return fmt.Sprintf("t%d", tenant) }
