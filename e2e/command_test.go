package e2e

import (
	"errors"
	"net"
	"regexp"
	"strings"
	"testing"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestStop asks the exporter to end in the middle of a scrape: the scrape gets its
// whole answer, nobody else gets in, and the code is 0.
func TestStop(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	populate(sim)
	s := play(t, sim)
	s.awaitTruth(t, "at the start")
	s.graph.Lock()
	type answer struct {
		page string
		err  error
	}
	scraped := make(chan answer, 1)
	go func() {
		page, err := get("http://" + s.address + "/metrics")
		scraped <- answer{page, err}
	}()
	await(t, "the scrape", func() error {
		if s.graph.waiting.Load() == 0 {
			return errors.New("has not reached Graph")
		}
		return nil
	})
	s.exporter.terminate()
	await(t, "the exporter stops listening", func() error { return refuses(s.address) })
	s.graph.Unlock()
	if got := <-scraped; got.err != nil || !strings.Contains(got.page, openIncidents+"{") || !strings.Contains(got.page, "\nmsgraph_security_up 1\n") {
		t.Errorf("the scrape got %v:\n%s", got.err, last(got.page, 20))
	}
	if code := s.exporter.wait(t); code != 0 {
		t.Errorf("got code %d, want 0", code)
	}
}

// TestRefusals shows that what cannot work ends at once, with a code and one line.
func TestRefusals(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for name, test := range map[string]struct {
		arg  string
		says string
	}{
		"busy port":    {"--web.listen-address=" + busy.Addr().String(), "address already in use"},
		"unknown flag": {"--no-such-flag", "no-such-flag"},
		"wrong tenant": {"--graph.tenant-id=contoso", "--graph.tenant-id"},
		"no such file": {"--graph.client-secret-file=/nonexistent/secret", "/nonexistent/secret"},
		"plain http":   {"--graph.endpoint=http://graph.example", "--graph.endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, exporter, flags(t, "http://127.0.0.1:1", test.arg)...)
			if code := p.wait(t); code == 0 {
				t.Error("got code 0")
			}
			// Only the busy port is found out after the log has begun.
			complaints := regexp.MustCompile(`(?m)^msgraph_security_exporter: .*$`).FindAllString(p.log.String(), -1)
			if len(complaints) != 1 || !strings.Contains(complaints[0], test.says) || name != "busy port" && complaints[0]+"\n" != p.log.String() {
				t.Errorf("want one line with %q, got:\n%s", test.says, p.log)
			}
		})
	}
}
