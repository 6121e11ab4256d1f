package e2e

import (
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestAsked shows that the exporter does what its flags ask for, and ends with the code
// that says how it went.
func TestAsked(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	populate(sim)
	graph := httptest.NewServer(sim)
	defer graph.Close()
	for name, test := range map[string]struct {
		args []string
		code int
		says string
	}{
		"help":                      {[]string{"--help"}, 0, "--graph.tenant-id"},
		"description":               {[]string{"--config.check"}, 0, "no mistakes\n"},
		"check":                     {[]string{"--check"}, 0, "ok       permission: SecurityIncident.Read.All"},
		"check that finds trouble":  {[]string{"--check", "--graph.client-id=" + tenantID}, 1, "failed   sign-in: "},
		"check of what is mistaken": {[]string{"--check", "--graph.cloud=moon"}, 1, "--graph.cloud"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, exporter, flags(t, graph.URL, test.args...)...)
			if code := p.wait(t); code != test.code {
				t.Errorf("got code %d, want %d", code, test.code)
			}
			if !strings.Contains(p.log.String(), test.says) {
				t.Errorf("want %q in:\n%s", test.says, p.log)
			}
		})
	}
}

// TestHangup shows that the exporter reads its file again on SIGHUP.
func TestHangup(t *testing.T) {
	t.Parallel()
	graph := httptest.NewServer(tenant(graphsim.Config{}))
	defer graph.Close()
	path := filepath.Join(t.TempDir(), "objectives.yml")
	write := func(name string) {
		if err := os.WriteFile(path, []byte("objectives: [{name: "+name+", resolve_within: 1h}]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	p := start(t, exporter, flags(t, graph.URL, "--config.file="+path)...)
	address := p.address(t)
	write("two")
	if err := p.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	await(t, "the new objective", func() error {
		page, err := get("http://" + address + "/metrics")
		if err == nil && !strings.Contains(page, `objective_target_seconds{objective="two"} 3600`) {
			err = errors.New("is not on the page")
		}
		return err
	})
}

// TestSecondSignal shows that a second signal ends the exporter at once, in the middle of
// a scrape that the first one lets finish.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	gate := &gate{Handler: sim}
	graph := httptest.NewServer(gate)
	defer graph.Close()
	p := start(t, exporter, flags(t, graph.URL, "--collector.min-refresh-interval=0s")...)
	address := p.address(t)
	await(t, "the first synchronisation", func() error {
		page, err := get("http://" + address + "/metrics")
		if err == nil && !strings.Contains(page, "\nmsgraph_security_up 1\n") {
			err = errors.New("is not complete")
		}
		return err
	})
	gate.Lock()
	defer gate.Unlock()
	go func() { _, _ = get("http://" + address + "/metrics") }()
	await(t, "the scrape", func() error {
		if gate.waiting.Load() == 0 {
			return errors.New("has not reached Graph")
		}
		return nil
	})
	p.terminate()
	await(t, "the exporter stops listening", func() error { return refuses(address) })
	p.terminate()
	p.wait(t)
	if status, ok := p.command.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
		t.Errorf("ended as %s, want by the signal", p.command.ProcessState)
	}
}
