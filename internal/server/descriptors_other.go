//go:build !unix

package server

// connectionLimit returns how many connections may be open.
func connectionLimit() int { return maxConnections }
