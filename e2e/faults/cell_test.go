//go:build linux

package faults

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

const (
	maxAge        = 10 * time.Second
	sweepInterval = 10 * time.Second
	patience      = 2 * time.Minute // for whatever has to happen
)

// A cell is one fault at one moment, played on an exporter of its own.
type cell struct {
	t         *testing.T
	fault     *fault
	moment    moment
	folder    string
	method    string
	sim       *graphsim.Sim
	front     *front
	proxy     *proxy
	names     *nameServer
	neighbour *front
	exporter  *process
	rate      int // requests a minute in the configuration, which a reload changes

	secretFile string
	checked    chan string // what --check has printed
	changes    []string    // ids of incidents that the test added
	open       map[string]float64
	outcome    outcome
}

// An outcome is what is told of a cell.
type outcome struct {
	Reasons []string      // that were visible
	Pulls   int           // until the numbers were right again
	Quiet   time.Duration // until no reason was left
}

func (c *cell) must(err error) {
	if err != nil {
		c.t.Error(err)
	}
}

func (c *cell) write(name, text string) {
	c.must(os.WriteFile(filepath.Join(c.folder, name), []byte(text), 0o600))
}

// play plays the cell.
func (c *cell) play() {
	c.setUp()
	if c.moment == first || c.moment == lookback {
		c.arm()
	}
	c.start()
	if c.moment != first {
		c.before()
		c.trigger()
	}
	c.during()
	c.after()
	c.end()
}

// setUp makes a tenant that the fault strikes, and one beside it.
func (c *cell) setUp() {
	t := c.t
	c.folder, c.rate = t.TempDir(), 100000
	h := fnv.New32a()
	_, _ = h.Write([]byte(t.Name()))
	c.method = []string{"secret", "certificate", "workload-identity", "managed-identity"}[h.Sum32()%4]
	if c.fault.secret || c.fault.scheme == overProxy && c.method == "managed-identity" {
		c.method = "secret"
	}
	cfg := graphsim.Config{TenantID: tenantID, ClientID: clientID, ClientSecret: secret, History: true, KeepRequests: 10, Order: c.fault.order}
	c.sim = graphsim.New(cfg)
	populate(c.sim, 60, c.fault.crowded && c.moment == lookback)
	var keys *authority
	if c.fault.scheme != direct {
		keys = newAuthority(t)
		c.write("ca.pem", string(keys.pem))
	}
	c.front = newFront(t, c.sim, keys)
	other := graphsim.New(graphsim.Config{TenantID: tenantID, ClientID: clientID, ClientSecret: secret, KeepRequests: 10})
	populate(other, 30, false)
	c.neighbour = newFront(t, other, nil)
	switch c.fault.scheme {
	case overProxy:
		c.proxy = newProxy(t, c.front)
	case byName:
		c.names = newNameServer(t, c.front)
	}
	c.secretFile = filepath.Join(c.folder, "secret")
	c.write("secret", secret+"\n")
	c.write("assertion", federated+"\n")
	c.write("password", pfxPassword+"\n")
	file, err := pfx()
	c.must(err)
	c.write("pfx", string(file))
	c.configure()
}

// endpoint returns where the exporter finds Graph.
func (c *cell) endpoint() string {
	if c.fault.scheme == overProxy || c.fault.scheme == byName {
		_, port, _ := strings.Cut(c.front.address, ":")
		return "https://" + graphName + ":" + port
	}
	return c.front.url()
}

// configure writes the file of the tenants.
func (c *cell) configure() {
	auth := map[string]string{
		"secret":            "{client_secret_file: secret}",
		"certificate":       "{client_certificate_file: pfx, certificate_password_file: password}",
		"workload-identity": "{method: workload-identity, federated_token_file: assertion}",
		"managed-identity":  "{method: managed-identity}",
	}[c.method]
	entry := func(name, endpoint, auth string, rate int) string {
		return fmt.Sprintf("  - {name: %s, tenant_id: %s, client_id: %s, endpoint: %q, authority: %q, auth: %s, requests_per_minute: %d}\n", name, tenantID, clientID, endpoint, endpoint, auth, rate)
	}
	text := fmt.Sprintf("defaults: {sweep_interval: %s, max_age: %s, min_refresh_interval: 0s}\ntenants:\n", sweepInterval, maxAge) +
		entry("struck", c.endpoint(), auth, c.rate) + entry("neighbour", c.neighbour.url(), "{client_secret_file: secret}", 100000)
	c.write("tenants.yml", text)
}

// environment returns that of the exporter.
func (c *cell) environment() []string {
	env := []string{"SSL_CERT_FILE=" + filepath.Join(c.folder, "ca.pem"), "IDENTITY_ENDPOINT=" + c.front.url() + "/identity", "IDENTITY_HEADER=" + identity}
	if c.proxy != nil {
		env = append(env, "HTTPS_PROXY=http://somebody:"+proxyPassword+"@"+c.proxy.address)
	}
	if c.names != nil {
		env = append(env, "FAULTS_NAME_SERVER="+c.names.LocalAddr().String())
	}
	return env
}

func (c *cell) binary() string {
	if !c.fault.adjusted {
		return exporter
	}
	path, err := adjusted()
	if err != nil {
		c.t.Fatal(err)
	}
	return path
}

func (c *cell) start() {
	c.exporter = startProcess(c.t, c.binary(), c.fault.stderr, c.environment(), "--config.file="+filepath.Join(c.folder, "tenants.yml"))
	await(c.t, "the exporter", func() error {
		if !c.exporter.alive() {
			c.t.Fatal("it ended")
		}
		_, err := c.exporter.get("/-/healthy", time.Second)
		return err
	})
}

// arm has the fault strike from now on.
func (c *cell) arm() {
	var strike func()
	if c.fault.strike != nil {
		strike = func() { c.fault.strike(c) }
	}
	c.front.strike(c.fault, c.moment, strike)
}

// before waits until everything is right, but for the fault that has been armed already.
func (c *cell) before() {
	await(c.t, "the beginning", func() error {
		p, err := c.exporter.pull("struck", 2*time.Second)
		if err != nil {
			return err
		}
		n, _ := c.front.struck()
		if c.moment == lookback && n > 0 {
			return nil
		}
		if !p.up() || len(p.reasons) > 0 {
			return fmt.Errorf("up %t, %v", p.up(), p.reasons)
		}
		return c.judge(p)
	})
	c.front.mu.Lock()
	c.front.synced = true
	c.front.mu.Unlock()
}

// trigger arms the fault, unless it is, and has the moment come.
func (c *cell) trigger() {
	old := c.someOpen()
	switch c.moment {
	case lookback:
		return
	case pull:
		if c.fault.crowded {
			for _, in := range c.sim.Truth() {
				c.sim.Change(in.ID, graphsim.Dated, func(in *graphsim.Incident) { in.AssignedTo = "ana" })
			}
		}
	case sweep:
		defer c.sim.Change(old, graphsim.Undated, func(in *graphsim.Incident) { in.Score = new(99) })
	case byID:
		defer c.sim.Delete(old)
	case token:
		defer c.sim.RevokeTokens()
	case reload:
		c.rate--
		c.configure()
		if c.fault.name == "a configuration file with a mistake" {
			c.write("tenants.yml", "tenants: [{name: struck}]\n")
		}
		defer func() { c.must(c.exporter.command.Process.Signal(syscall.SIGHUP)) }()
	}
	c.arm()
}

// secrets returns what must be in no output.
func (c *cell) secrets() []string {
	return append(c.sim.Tokens(), secret, pfxPassword, federated, identity, proxyPassword)
}

func (c *cell) search(where, text string) {
	for _, s := range c.secrets() {
		if strings.Contains(text, s) {
			i := strings.Index(text, s)
			c.t.Errorf("%s holds a secret: …%s…", where, text[max(0, i-200):min(len(text), i+len(s)+50)])
			return
		}
	}
}

// end stops the exporter, which says 0, and searches its log.
func (c *cell) end() {
	code, err := c.exporter.stop()
	if err = errors.Join(err, c.unwell()); err != nil || code != 0 {
		c.t.Errorf("it ended with code %d: %v", code, err)
	}
	c.search("the log", c.exporter.log.String())
	if c.checked != nil {
		c.search("--check", <-c.checked)
	}
}

// unwell returns what the log says of a panic.
func (c *cell) unwell() error {
	for _, sign := range []string{"panic", "goroutine ", "fatal error"} {
		if strings.Contains(c.exporter.log.String(), sign) {
			return fmt.Errorf("the log says %q", sign)
		}
	}
	return nil
}
