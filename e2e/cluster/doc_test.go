// Package cluster installs the Helm chart on a real API server, with a real etcd behind it. There
// are no nodes: what is shown is that the server accepts, changes and removes what the chart
// renders. "make apiserver" builds both, which takes minutes.
package cluster

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	root  = "../.."
	home  = root + "/deploy/chart/msgraph-security-exporter"
	tools = root + "/.tools/bin/"

	// patience is how long anything may take that takes a moment: on a crowded machine.
	patience = 4 * time.Minute
)

// A cluster is an API server.
type cluster struct {
	*testing.T
	kubeconfig, url string
}

// free returns an address where nobody listens.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start runs a server until the test ends.
func start(t *testing.T, name string, args ...string) {
	t.Helper()
	var log bytes.Buffer
	server := exec.Command(tools+name, args...)
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatalf("%v; do you need \"make apiserver\"?", err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		if t.Failed() {
			t.Logf("the end of what %s printed:\n%s", name, log.String()[max(0, log.Len()-4000):])
		}
	})
}

// run starts a cluster with an administrator whose token is in its kubeconfig.
func run(t *testing.T) cluster {
	t.Helper()
	folder := t.TempDir()
	etcd, peer, api := free(t), free(t), free(t)
	start(t, "etcd", "--data-dir="+folder+"/etcd", "--listen-client-urls=http://"+etcd, "--advertise-client-urls=http://"+etcd,
		"--listen-peer-urls=http://"+peer, "--initial-advertise-peer-urls=http://"+peer, "--initial-cluster=default=http://"+peer, "--unsafe-no-fsync")
	put(t, folder+"/tokens.csv", "administrator,administrator,administrator,system:masters\n")
	key := folder + "/service-accounts.key"
	if out, err := exec.Command("openssl", "genrsa", "-out", key, "2048").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	host, port, _ := net.SplitHostPort(api)
	start(t, "kube-apiserver", "--etcd-servers=http://"+etcd, "--bind-address="+host, "--secure-port="+port, "--cert-dir="+folder+"/certificates",
		"--token-auth-file="+folder+"/tokens.csv", "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-key-file="+key, "--service-account-signing-key-file="+key, "--service-account-issuer=https://kubernetes.default.svc",
		"--disable-admission-plugins=ServiceAccount,Priority", "--endpoint-reconciler-type=none")
	c := cluster{t, folder + "/kubeconfig", "https://" + api}
	put(t, c.kubeconfig, fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: administrator}}]
clusters: [{name: here, cluster: {server: %q, insecure-skip-tls-verify: true}}]
users: [{name: administrator, user: {token: administrator}}]
`, c.url))
	c.await("the API server is ready", func() error { _, err := c.ask("GET", "/readyz", ""); return err })
	return c
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// helm runs helm on the cluster.
func (c cluster) helm(args ...string) (string, error) {
	command := exec.Command(tools+"helm", append(args, "--kubeconfig="+c.kubeconfig, "--namespace=monitoring")...)
	out, err := command.CombinedOutput()
	return string(out), err
}

// must runs helm, which has to succeed.
func (c cluster) must(args ...string) string {
	c.Helper()
	out, err := c.helm(args...)
	if err != nil {
		c.Fatalf("helm %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (c cluster) await(what string, try func() error) {
	c.Helper()
	last := fmt.Errorf("not tried")
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(patience); time.Now().Before(until); <-tick.C {
		if last = try(); last == nil {
			return
		}
	}
	c.Fatalf("%s: not within %s: %v", what, patience, last)
}

// examples returns the files of values in ci/.
func examples(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(home + "/ci/*-values.yaml")
	if err != nil || len(all) < 6 {
		t.Fatalf("%d examples, %v", len(all), err)
	}
	return all
}
