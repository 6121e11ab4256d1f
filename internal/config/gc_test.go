package config

import (
	"testing"

	"msgraph_security_exporter/internal/graphtest"
)

// TestGCPercent shows when the heap is kept how small, and that GOGC decides where it is set.
func TestGCPercent(t *testing.T) {
	for _, c := range []struct {
		args []string
		env  graphtest.Variables
		want int
		ok   bool
	}{
		{[]string{"--demo"}, nil, 25, true},
		{[]string{"--log.level=debug", "--config.file=x"}, nil, 50, true},
		{[]string{"--config.file", "x"}, nil, 50, true},
		{[]string{"--config.check"}, nil, 25, true},
		{[]string{"--config.file=x"}, graphtest.Variables{"GOGC": "100"}, 0, false},
	} {
		if got, ok := GCPercent(c.args, c.env.Get); got != c.want || ok != c.ok {
			t.Errorf("%v, %v: got %d, %t, want %d, %t", c.args, c.env, got, ok, c.want, c.ok)
		}
	}
}
