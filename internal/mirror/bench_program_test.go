//go:build linux

package mirror

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var benchPulls = flag.Int("bench.pulls", 1000, "pulls after which the program's memory is measured again")

// BenchmarkProgram measures the whole exporter, as it ships and in a process of its own:
// what it holds in memory after the first synchronisation and many pulls later, and what
// one pull of /metrics costs it, the page included. The tenant is busy.
func BenchmarkProgram(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "exporter")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, "msgraph_security_exporter")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, open := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("open=%d", open), func(b *testing.B) {
			g := startGraph(b, open, "even, 90 d")
			for b.Loop() {
				startProgram(b, binary, g.near).measure(b, *benchPulls)
			}
		})
	}
}

// A program is a running exporter.
type program struct {
	pid int
	url string
}

var listening = regexp.MustCompile(`msg="Listening on".* address=(\S+)`)

func startProgram(b *testing.B, binary, root string) *program {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), binary,
		"--graph.endpoint="+root, "--graph.authority="+root, "--graph.tenant-id=contoso.example",
		"--graph.client-id=00000000-0000-0000-0000-000000000001",
		"--graph.requests-per-minute=100000", "--collector.min-refresh-interval=0s", "--web.listen-address=127.0.0.1:0")
	cmd.Env = []string{"AZURE_CLIENT_SECRET=s"}
	log, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(log)
	var address []string
	for address == nil && lines.Scan() {
		address = listening.FindStringSubmatch(lines.Text())
	}
	go func() { _, _ = io.Copy(io.Discard, log) }()
	b.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	if address == nil {
		b.Fatal("the exporter does not say where it listens")
	}
	return &program{cmd.Process.Pid, "http://" + address[1] + "/metrics"}
}

// measure waits for the first synchronisation, pulls so often, and reports.
func (p *program) measure(b *testing.B, pulls int) {
	b.Helper()
	for p.pull(b)["msgraph_security_up"] != 1 {
		time.Sleep(50 * time.Millisecond)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(p.memory(b, "VmRSS"), "synced-MB")
	first, began := p.pull(b), time.Now()
	for range pulls - 2 {
		p.pull(b)
	}
	last, took := p.pull(b), time.Since(began)
	each := func(series string) float64 { return (last[series] - first[series]) / float64(pulls-1) }
	b.ReportMetric(took.Seconds()*1000/float64(pulls-1), "wall-ms/pull")
	b.ReportMetric(1000*each("process_cpu_seconds_total"), "cpu-ms/pull")
	b.ReportMetric(each("go_memstats_alloc_bytes_total"), "B/pull")
	b.ReportMetric(each(`msgraph_security_graph_requests_total{code="200",operation="delta"}`), "deltas/pull")
	b.ReportMetric(p.memory(b, "VmRSS"), "later-MB")
	b.ReportMetric(p.memory(b, "VmHWM"), "peak-MB")
}

// pull returns the value of each series of the page.
func (p *program) pull(b *testing.B) map[string]float64 {
	b.Helper()
	resp, err := http.Get(p.url)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	values := map[string]float64{}
	for line := range strings.Lines(string(page)) {
		if series, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && series != "#" {
			values[series], _ = strconv.ParseFloat(value, 64)
		}
	}
	return values
}

// memory returns a line of the kernel's account of the process, in MB of 1,000,000 bytes.
func (p *program) memory(b *testing.B, name string) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := bytes.Cut(status, []byte(name+":"))
	kilobytes, err := strconv.Atoi(string(bytes.Fields(rest)[0]))
	if err != nil {
		b.Fatal(err)
	}
	return float64(kilobytes) * 1024 / 1e6
}
