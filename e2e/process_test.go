package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A process is a server that the test started. It writes a log that says where it
// listens, and it is stopped when the test ends.
type process struct {
	command *exec.Cmd
	log     *transcript
	ended   chan struct{} // closed once it has
}

// A transcript is everything that a process has printed so far.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *transcript) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	return startIn(t, nil, name, args...)
}

// startIn starts a process with variables of its environment.
func startIn(t *testing.T, variables []string, name string, args ...string) *process {
	t.Helper()
	p := &process{command: exec.Command(name, args...), log: &transcript{}, ended: make(chan struct{})}
	p.command.Stdout, p.command.Stderr = p.log, p.log
	p.command.Env = append([]string{"HOME=" + t.TempDir()}, variables...) // nothing of this machine's settings
	if err := p.command.Start(); err != nil {
		t.Fatalf("%v; do you need \"make tools\"?", err)
	}
	go func() {
		defer close(p.ended)
		_ = p.command.Wait() // the exit code tells
	}()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("the last of what %s printed:\n%s", name, last(p.log.String(), 40))
		}
	})
	return p
}

// wait returns the exit code of a process that is about to end by itself.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.command.Process.Kill()
		<-p.ended
		t.Errorf("%s: still there after %s", p.command, patience)
	}
	return p.command.ProcessState.ExitCode()
}

// stop asks the process to end and returns its exit code.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	p.terminate()
	return p.wait(t)
}

func (p *process) terminate() { _ = p.command.Process.Signal(syscall.SIGTERM) }

var listening = regexp.MustCompile(`msg="Listening on".* address=(\S+)`)

// address returns where the process listens: it takes a free port from the
// kernel, and its log says which.
func (p *process) address(t *testing.T) string {
	t.Helper()
	var found []string
	await(t, p.command.Path+" listens", func() error {
		select {
		case <-p.ended:
			t.Fatalf("%s ended instead of listening", p.command.Path)
		default:
		}
		if found = listening.FindStringSubmatch(p.log.String()); found == nil {
			return errors.New("does not say so")
		}
		return nil
	})
	return found[1]
}

// refuses returns an error as long as somebody listens at an address.
func refuses(address string) error {
	conn, err := net.Dial("tcp", address)
	if conn == nil {
		return nil
	}
	return errors.Join(fmt.Errorf("%s: somebody listens", address), err, conn.Close())
}

// last returns the last n lines of a text.
func last(text string, n int) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "")
}
