// Package packages installs what "make packages" has made: the deb in a container in which
// systemd is the first process, under the sandbox of its unit.
package packages

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	root = "../.."
	dist = root + "/dist/packages"
	name = "msgraph-security-exporter"

	// patience is how long anything may take that takes a moment: on a crowded machine.
	patience = 2 * time.Minute
)

// output returns what a command prints, and ends the test if it fails.
func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// one returns the only file of a pattern in dist.
func one(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dist, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: got %v, %v, want one; do you need \"make packages\"?", pattern, found, err)
	}
	return found[0]
}

// A host is a container in which systemd runs.
type host struct {
	*testing.T
	container string
}

// boot starts a host, of the stand-in for a Debian that the image is built on.
func boot(t *testing.T) host {
	t.Helper()
	build := exec.Command("docker", "build", "--network=host", "--quiet", "-")
	build.Env = append(build.Environ(), "DOCKER_BUILDKIT=0")
	build.Stdin = strings.NewReader(`FROM golang:1.26.8
RUN apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends systemd systemd-sysv curl man-db
`)
	image, err := build.Output()
	if err != nil {
		t.Fatal(err)
	}
	c := output(t, "docker", "run", "--detach", "--cap-add=SYS_ADMIN", "--cap-add=NET_ADMIN", "--security-opt=seccomp=unconfined",
		"--tmpfs=/run", "--tmpfs=/tmp", "--cgroupns=host", "--volume=/sys/fs/cgroup:/sys/fs/cgroup", strings.TrimSpace(string(image)), "/sbin/init")
	h := host{t, c}
	t.Cleanup(func() { output(t, "docker", "rm", "--force", c) })
	h.await("systemd is up", "systemctl is-system-running | grep -E 'running|degraded'")
	return h
}

// sh runs a line in the host's shell.
func (h host) sh(line string) (string, error) {
	out, err := exec.Command("docker", "exec", h.container, "sh", "-c", line).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// must runs a line that has to succeed.
func (h host) must(line string) string {
	h.Helper()
	out, err := h.sh(line)
	if err != nil {
		journal, _ := h.sh("journalctl --no-pager --lines=20")
		h.Fatalf("%s: %v\n%s\n%s", line, err, out, journal)
	}
	return out
}

// await runs a line until it succeeds.
func (h host) await(what, line string) {
	h.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	last := ""
	for until := time.Now().Add(patience); time.Now().Before(until); <-tick.C {
		out, err := h.sh(line)
		if err == nil {
			return
		}
		last = fmt.Sprintf("%v\n%s", err, out)
	}
	h.must("echo " + what + " did not happen; exit 1")
	h.Fatal(last)
}

// put writes a file of this machine's into the host.
func (h host) put(file, to string) {
	h.Helper()
	out, err := exec.Command("sh", "-c", `docker exec -i "$0" sh -c "cat >$2" <"$1"`, h.container, file, to).CombinedOutput()
	if err != nil {
		h.Fatalf("%v\n%s", err, out)
	}
}
