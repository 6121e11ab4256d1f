//go:build linux

package faults

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A process is an exporter that the test started. The test listens for it, as systemd does, so that
// its address is known without its log.
type process struct {
	command *exec.Cmd
	url     string
	client  *http.Client
	log     *transcript
	reader  *os.File // of a log that is a pipe
	ended   chan struct{}
	files   syscall.Rlimit // when it started
}

// A transcript is what a process has printed so far.
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

// startProcess starts an exporter until the test ends.
func startProcess(t *testing.T, binary string, where stderr, env []string, args ...string) *process {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	p := &process{log: &transcript{}, ended: make(chan struct{}), url: "http://" + l.Addr().String(), client: &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}}
	p.command = exec.Command("/bin/sh", append([]string{"-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`, binary, "--web.systemd-socket", "--log.level=debug"}, args...)...)
	p.command.ExtraFiles = []*os.File{socket}
	p.command.Env = append([]string{"HOME=" + t.TempDir()}, env...)
	done := p.openLog(t, where)
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &p.files)
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	done()
	l.Close()
	go func() {
		defer close(p.ended)
		_ = p.command.Wait()
	}()
	t.Cleanup(func() {
		p.client.CloseIdleConnections()
		_ = p.command.Process.Signal(syscall.SIGCONT)
		_ = p.command.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("the last of the log:\n%s", last(regexp.MustCompile(`(?m)^.* tenant=neighbour .*\n`).ReplaceAllString(p.log.String(), ""), 15))
		}
	})
	return p
}

// openLog sets where the log goes. done is to be called once the process has started.
func (p *process) openLog(t *testing.T, where stderr) (done func()) {
	t.Helper()
	p.command.Stdout, p.command.Stderr = p.log, p.log
	switch where {
	case full:
		disk, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		p.command.Stderr = disk
		return func() { disk.Close() }
	case unread:
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		p.command.Stderr, p.reader = w, r
		return func() {
			w.Close()
			go func() { _, _ = io.Copy(p.log, r) }()
		}
	}
	return func() {}
}

// alive reports whether the process is there.
func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// stop asks the process to end, and returns its exit code.
func (p *process) stop() (int, error) {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
		return p.command.ProcessState.ExitCode(), nil
	case <-time.After(time.Minute):
		return 0, errors.New("still there a minute after SIGTERM")
	}
}

// get returns a page of the exporter's. timeout is what Prometheus says that it waits.
func (p *process) get(path string, timeout time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout+10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, http.NoBody)
	if err != nil {
		return "", err
	}
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", strconv.FormatFloat(timeout.Seconds(), 'f', 3, 64))
	resp, err := p.client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(path + ": " + resp.Status)
	}
	return string(body), err
}

// A page is what a pull brought.
type page struct {
	sent, arrived time.Time
	text          string
	values        map[string]float64 // by series
	open          map[string]float64 // the open incidents by their labels
	reasons       []string           // that hold
}

var line = regexp.MustCompile(`(?m)^([a-z_]+(?:\{[^}]*\})?) (\S+)$`)

const openIncidents = "msgraph_security_open_incidents{"

// pull asks for the page of a tenant.
func (p *process) pull(tenant string, timeout time.Duration) (*page, error) {
	got := &page{sent: time.Now(), values: map[string]float64{}, open: map[string]float64{}}
	var err error
	got.text, err = p.get("/probe?target="+tenant, timeout)
	got.arrived = time.Now()
	if err != nil {
		return nil, err
	}
	for _, m := range line.FindAllStringSubmatch(got.text, -1) {
		v, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return nil, err
		}
		got.values[m[1]] = v
		if labels, ok := strings.CutPrefix(m[1], openIncidents); ok {
			got.open[strings.TrimSuffix(labels, "}")] = v
		}
		if why, ok := strings.CutPrefix(m[1], `msgraph_security_problem{reason="`); ok && v == 1 {
			got.reasons = append(got.reasons, strings.TrimSuffix(why, `"}`))
		}
	}
	return got, nil
}

// up reports whether the exporter says that the numbers are right and current.
func (p *page) up() bool { return p.values["msgraph_security_up"] == 1 }

// taken returns the snapshot's time, zero if there is none.
func (p *page) taken() time.Time {
	s, ok := p.values["msgraph_security_snapshot_timestamp_seconds"]
	if !ok {
		return time.Time{}
	}
	return time.UnixMicro(int64(s * 1e6))
}

// last returns the last n lines of a text.
func last(text string, n int) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "")
}
