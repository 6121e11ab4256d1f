//go:build linux

package faults

import (
	"net/http"
	"os"
	"syscall"
	"time"
	"unsafe"

	"msgraph_security_exporter/graphclient/graphsim"
)

func tokens() []*fault {
	graph := func(name string, number int) *fault {
		return &fault{name: name, moments: signIns, secret: true, graph: &graphsim.Fault{AADSTS: number}}
	}
	granted := func(name, format string) *fault {
		return &fault{name: name, moments: signIns, secret: true, answer: text(200, "application/json", format)}
	}
	return []*fault{
		graph("sign-in: wrong secret (7000215)", 7000215),
		graph("sign-in: the secret has ended (7000222)", 7000222),
		graph("sign-in: unknown application (700016)", 700016),
		graph("sign-in: unknown tenant (90002)", 90002),
		graph("sign-in: the application is disabled (7000112)", 7000112),
		graph("sign-in: another cloud (500011)", 500011),
		graph("sign-in: conditional access (53003)", 53003),
		{name: "sign-in: an error that repeats the secret", moments: signIns, secret: true, answer: text(400, "application/json", `{"error":"%[1]s","error_description":"AADSTS7000215: %[1]s","error_codes":[7000215]}`)},
		granted("sign-in: a token without a lifetime", `{"token_type":"Bearer","access_token":"planted%.0sToken"}`),
		granted("sign-in: a token that Graph does not take", `{"token_type":"Bearer","expires_in":3600,"access_token":"planted%.0sToken"}`),
		granted("sign-in: a token that is the secret", `{"token_type":"Bearer","expires_in":3600,"access_token":"planted~Secret-8Q3x.wVd%.0s"}`),
		granted("sign-in: no token", `{"token_type":"Bearer","expires_in":3600,"refresh":"%s"}`),
		{name: "sign-in: the secret's file is gone", moments: signIns, secret: true, strike: func(c *cell) { c.must(os.Rename(c.secretFile, c.secretFile+".gone")) },
			undo: func(c *cell) { c.must(os.Rename(c.secretFile+".gone", c.secretFile)) }, answer: resets},
		{name: "sign-in: the secret's file is garbage", moments: signIns, secret: true, strike: func(c *cell) { c.write("secret", "\xff\xfe\x00 not it\n\n") },
			undo: func(c *cell) { c.write("secret", secret+"\n") }, answer: resets},
	}
}

func processes() []*fault {
	return []*fault{
		// The answer that it was reading is old by then, and so is what the exporter takes for Graph's clock.
		{name: "the process is suspended for 12 s", shows: perhaps, skewed: true, shared: true, mute: true, strike: (*cell).suspend},
		{name: "no file descriptors", shared: true, mute: true, strike: func(c *cell) { c.limitFiles(true); c.front.cut() }, undo: func(c *cell) { c.limitFiles(false) }},
		{name: "no connection, and the log's disk is full", stderr: full, answer: resets},
		{name: "no connection, and nobody reads the log", stderr: unread, answer: resets, strike: func(c *cell) { c.exporter.reader.Close() }},
		{name: "a configuration file with a mistake", moments: []moment{reload}, answer: func(f *front, w http.ResponseWriter, r *http.Request) { f.pass(w, r) }},
	}
}

// connections has the connections of the front be of a mode from now on.
func (c *cell) connections(m mode) {
	c.front.mu.Lock()
	c.front.mode = m
	c.front.mu.Unlock()
	c.front.cut()
}

// spoilDates changes each Date from now on.
func (f *front) spoilDates(by time.Duration, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shift, f.dateless = by, text
}

// restoreProxy has the proxy as it was.
func (c *cell) restoreProxy(refused bool) {
	c.proxy.set(serve, false)
	if refused {
		c.proxy.open(listen(c.t, c.proxy.address))
	}
}

// jump moves the clock of the exporter's host by an hour, or back to where it was.
func (c *cell) jump(hours int) {
	s := map[int]syscall.Signal{1: syscall.SIGUSR1, -1: syscall.SIGUSR2, 0: syscall.SIGWINCH}[hours]
	c.must(c.exporter.command.Process.Signal(s))
}

// suspend stops the process, and lets it go on after longer than its numbers are good for.
func (c *cell) suspend() {
	c.must(c.exporter.command.Process.Signal(syscall.SIGSTOP))
	time.AfterFunc(12*time.Second, func() { _ = c.exporter.command.Process.Signal(syscall.SIGCONT) })
}

// limitFiles takes from the process the right to open files, or gives it back.
func (c *cell) limitFiles(none bool) {
	limit := syscall.Rlimit{Cur: 1024, Max: c.exporter.files.Max}
	if none {
		limit.Cur = 3 // what is open stays open
	}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(c.exporter.command.Process.Pid), syscall.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if errno != 0 {
		c.t.Error(errno)
	}
}
