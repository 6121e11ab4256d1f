package config

import (
	"io"
	"strings"
	"testing"

	"msgraph_security_exporter/internal/graphtest"
)

// FuzzFlags gives the flags whatever one may type. What is wrong is said in lines that hold nothing of
// a value that could be a secret, and what is right is within its bounds.
func FuzzFlags(f *testing.F) {
	for _, flag := range []string{
		"--graph.tenant-id=", "--graph.client-id=", "--graph.client-secret-file=", "--graph.endpoint=https://", "--graph.cloud=", "--collector.tags=",
		"--collector.max-age=", "--graph.requests-per-minute=", "--web.config.file=", "--log.level=", "--", "-", "@", "",
	} {
		for _, value := range append(pasted, "", "10m", "contoso", "http://[::1") {
			f.Add(flag, value)
		}
	}
	f.Fuzz(func(t *testing.T, flag, value string) {
		if strings.HasPrefix(flag+value, "--help") || strings.HasPrefix(flag+value, "-h") || strings.Contains(flag+value, "completion") {
			return // these print, and end
		}
		args := []string{flag + value, "--graph.tenant-id=" + graphtest.TenantID, "--graph.client-id=" + graphtest.ClientID}
		cfg, err := Parse(args, graphtest.Variables{"AZURE_CLIENT_SECRET": graphtest.Secret}.Get, io.Discard)
		if err != nil {
			for _, secret := range pasted {
				if strings.Contains(value, secret) && strings.Contains(err.Error(), secret) {
					t.Errorf("%q: %v", args[0], err)
				}
			}
			return
		}
		if cfg == nil || cfg.Plan == nil || len(cfg.Plan.Tenants) == 0 {
			return
		}
		if n := cfg.Plan.Tenants[0].RequestsPerMinute; n < minRequests || n > maxRequests {
			t.Errorf("%q: %d requests a minute", args[0], n)
		}
	})
}
