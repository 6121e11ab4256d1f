// Package soak runs the built exporter for an hour with a hundred tenants, faults and reloads, and
// shows that memory, goroutines and descriptors stay what they are: "make soak".
package soak

import (
	"flag"
	"time"
)

const (
	root = "../.."

	tenantID = "11111111-2222-3333-4444-555555555555"
	clientID = "66666666-7777-8888-9999-000000000000"
	secret   = "planted~Secret-8Q3x.wVd"
)

var (
	length  = flag.Duration("soak.for", time.Hour, "how long it takes")
	rate    = flag.Int("soak.pulls", 20, "pulls a second, of all tenants together")
	tenants = flag.Int("soak.tenants", 100, "how many tenants there are")
	seed    = flag.Uint64("soak.seed", uint64(time.Now().UnixNano()), "what chance depends on")
)
