//go:build unix

package server

import "syscall"

// connectionLimit returns how many connections may be open: half of the file descriptors that the
// process may have at most, so that there are some left to ask Graph with.
func connectionLimit() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return maxConnections
	}
	return int(min(maxConnections, max(4, uint64(l.Cur)/2))) //nolint:unconvert // it is an int64 on some systems
}
